import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeAbiParameters, encodeEventTopics, encodeFunctionData, stringToHex } from 'viem';
import { describeModel, invariantText } from '../src/contracts';
import {
  type Decision, type Outcome, STEERING, decodeSteering, fromFixed, isDecision,
  loopName, refusalText, steeringAbi,
} from '../src/events';
import { duration, ether, gwei, integer, short } from '../src/format';
import type { Log } from '../src/link';
import { describeEvent, giveInterface, callText } from '../src/interfaces';
import { setWords } from '../src/words';

setWords('capacity', {
  fields: ['gas target', 'gas limit', 'minimum base fee', 'block interval'].map((name) =>
    ({ name, unit: '' })),
  readings: [], features: [], output: { name: 'demand', unit: 'Mgas/s' },
});

const ONE = 1n << 32n;
const HASH = `0x${'ab'.repeat(32)}` as const;

function logOf(eventName: string, args: Record<string, unknown>): Log {
  const topics = encodeEventTopics({ abi: steeringAbi, eventName, args });
  const event = steeringAbi.find((x) => x.type === 'event' && x.name === eventName);
  assert(event?.type === 'event');
  const plain = event.inputs.filter((x) => !x.indexed);
  return {
    address: STEERING,
    topics: topics as `0x${string}`[],
    data: encodeAbiParameters(plain, plain.map((x) => args[x.name!])),
    blockNumber: '0x10',
    transactionHash: HASH,
    logIndex: '0x0',
  };
}

function decisionLog(loop: `0x${string}`): Log {
  return logOf('Decision', {
    id: 7n, loop, modelHash: HASH, inputsHash: HASH, actor: 1, ruling: 1,
    modelRefusal: 0, twinRefusal: 1281, failure: 0,
    modelOutput: ONE / 2n, twinOutput: -ONE, readings: [1n, 2n],
    modelProposal: [5n, 6n, 7n, 8n], twinProposal: [], inForce: [5n, 6n, 7n, 8n],
    features: [ONE], attributions: [-ONE / 4n], champions: [HASH], outputs: [ONE / 2n],
    failures: [0],
  });
}

test('a Decision is read whole, in Q32.32', () => {
  const d = decodeSteering(decisionLog(stringToHex('capacity', { size: 32 }))) as Decision;
  assert(isDecision(d));
  assert.equal(d.id, 7);
  assert.equal(d.block, 16);
  assert.equal(d.loop, 'capacity');
  assert.equal(d.model, 0.5);
  assert.equal(d.twin, -1);
  assert.deepEqual(d.inForce, [5n, 6n, 7n, 8n]);
  assert.deepEqual(d.attributions, [-0.25]);
  assert.equal(refusalText(d.twinRefusal, d.loop), 'Gas limit: too large a step');
});

test('an Outcome is read', () => {
  const o = decodeSteering(logOf('Outcome', {
    id: 7n, loop: stringToHex('capacity', { size: 32 }), decidedAt: 9n, realised: ONE * 3n,
    modelOutput: ONE, twinOutput: ONE * 2n, modelError: ONE * 2n, twinError: ONE,
  })) as Outcome;
  assert(!isDecision(o));
  assert.deepEqual([o.id, o.decidedAt, o.realised, o.modelError, o.twinError], [7, 9, 3, 2, 1]);
});

test('hostile logs are nothing, or text', () => {
  const log = decisionLog(stringToHex('<img src=x>', { size: 32 }));
  assert.equal((decodeSteering(log) as Decision).loop, '<img src=x>');
  assert.equal(decodeSteering({ ...log, data: '0x1234' }), null);
  assert.equal(decodeSteering({ ...log, topics: [] }), null);
  assert.equal(describeEvent({ ...log, data: '0x' }), null);
  assert.equal(loopName(`0x${'00'.repeat(32)}`), '(unnamed)');
});

test('an ERC-20 Transfer is named with checksummed addresses', () => {
  const topic = (digit: string) => `0x${'0'.repeat(24)}${digit.repeat(40)}` as `0x${string}`;
  const known = describeEvent({
    address: '0x1', blockNumber: '0x1', transactionHash: HASH, logIndex: '0x0',
    topics: [
      '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef', topic('1'), topic('2'),
    ],
    data: `0x${'0'.repeat(62)}64`,
  });
  assert.equal(known?.name, 'Transfer');
  assert.deepEqual(JSON.parse(known!.text),
    { from: `0x${'1'.repeat(40)}`, to: `0x${'2'.repeat(40)}`, value: '100' });
  const nft = describeEvent({
    address: '0x1', blockNumber: '0x1', transactionHash: HASH, logIndex: '0x0', data: '0x',
    topics: ['0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef', topic('1'),
      topic('2'), `0x${'0'.repeat(63)}7`],
  });
  assert.equal(JSON.parse(nft!.text).tokenId, '7');
});

test('a given interface names events and calls; what is none is refused', () => {
  const abi = [
    { type: 'function', name: 'up', inputs: [{ name: 'by', type: 'uint8' }], outputs: [] },
    { type: 'event', name: 'Said', inputs: [{ name: 'what', type: 'string' }] },
  ];
  for (const text of ['', '{', '[]', '[1]', '{"abi":3}', 'null', '['.repeat(400_000)]) {
    assert.throws(() => giveInterface('0xAb', text), /no ABI/);
  }
  assert.equal(callText('0xAB', '0x12345678'), 'selector 0x12345678');
  assert.equal(giveInterface('0xAb', JSON.stringify({ abi })), 2);
  const data = encodeFunctionData({ abi, functionName: 'up', args: [3] });
  assert.equal(callText('0xAB', data), 'up(3)');
  const said = describeEvent({
    address: '0xaB', blockNumber: '0x1', transactionHash: HASH, logIndex: '0x0',
    topics: encodeEventTopics({ abi, eventName: 'Said' }) as `0x${string}`[],
    data: encodeAbiParameters([{ type: 'string' }], ['<b>\u202e']),
  });
  assert.equal(said?.name, 'Said');
  assert.equal(JSON.parse(said!.text).what, '<b>\ufffd');
});

test('refusals name the field or the invariant', () => {
  assert.equal(refusalText(0, 'capacity'), '');
  assert.equal(refusalText(0x0303, 'capacity'), 'Block interval: above its upper bound');
  assert.equal(refusalText(0x0303, 'unheard of'), 'Field 3: above its upper bound');
  assert.match(refusalText(0x0701, 'capacity'), /invariant 1 /);
  assert.equal(refusalText(0x0900, 'capacity'), 'unknown loop');
});

test('a model’s bytes are its kind and weights; others are null', () => {
  const word = (x: bigint) => BigInt.asUintN(64, x).toString(16).padStart(16, '0');
  const bytes = `0x48534c460101000a${word(-ONE / 2n)}${word(ONE).repeat(7)}`;
  assert.deepEqual(describeModel(bytes),
    { kind: 'linear forecaster', horizon: 10, weights: [-0.5, 1, 1, 1, 1, 1, 1, 1] });
  assert.equal(describeModel('0x4853544501010001000a0000000000000000')?.kind,
    'ensemble of 10 trees');
  assert.equal(describeModel('0x'), null);
  assert.equal(describeModel(`${bytes}00`), null);
});

test('an invariant’s code is read back as it is written', () => {
  // Capacity's first: parameter 8 × target × interval ≤ limit × 1000.
  const code = '0x040803001203031203010200000000000003e81211';
  const name = (loop: number, i: number) => `f${loop}.${i}`;
  assert.equal(invariantText(code, name, (_, i) => `p${i}`),
    'p8 × f0.0 × f0.3 ≤ f0.1 × 1000');
  assert.equal(invariantText('0x0307', name, name), 'f0.7 ≤ 0');
  assert.match(invariantText('0x12', name, name), /\?/);
});

test('numbers read well', () => {
  assert.equal(fromFixed(-ONE), -1);
  assert.equal(integer(1234567n), '1\u202f234\u202f567');
  assert.equal(short(5_000_000), '5.00 M');
  assert.equal(ether(1_500_000_000_000_000_000n), '1.5 ETH');
  assert.equal(gwei(100_000_000n), '0.100');
  assert.equal(duration(300), '0.3 s');
});
