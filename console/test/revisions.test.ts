import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revisionsOf } from '../src/revisions';

const FIRST = `0x${'11'.repeat(32)}`;
const SECOND = `0x${'22'.repeat(32)}`;
const [A, B, C] = ['a', 'b', 'c'].map((x) => `0x${x.repeat(40)}`) as [string, string, string];

const raw = (lockedAt: string | null, knowsProposed = true) => ({
  history: [{ number: '0x1', firstBlock: '0x0', spec: FIRST, version: '0.1.0' }],
  proposed: {
    number: '0x2', spec: SECOND, version: '0.2.0', deadline: '0x3e8', proposedAt: '0x10', lockedAt,
  },
  node: { newest: '0x2', knowsActive: true, knowsProposed },
  validators: [A, B, C].map((address, i) => ({
    address, weight: '0x1', signals: i < 2 ? SECOND : FIRST,
  })),
  readyWeight: '0x2', totalWeight: '0x3',
});
const fact = (x: { facts: [string, string][] }, name: string) =>
  x.facts.find(([key]) => key === name)?.[1] ?? '';

test('a proposed revision says who is ready and what it waits for', () => {
  const [next, active] = revisionsOf(raw(null), 999);
  assert.equal(next!.state, 'signalling');
  assert.match(fact(next!, 'Signalled by'), /^66\.6 % of the weight \(2 of 3\)$/);
  assert.match(fact(next!, 'Needs'), /over two thirds .* to be locked in/);
  assert.deepEqual(next!.missing, [C]);
  assert.equal(active!.state, 'in force');
  assert.equal(fact(active!, 'Followed'), 'by every block from 0 on');
});

test('locked in, it needs five sixths, and two thirds after its deadline', () => {
  const [before] = revisionsOf(raw('0x40'), 999);
  assert.equal(before!.state, 'locked in');
  assert.equal(fact(before!, 'Locked in'), 'in block 64');
  assert.match(fact(before!, 'Needs'), /^five sixths/);
  const [after] = revisionsOf(raw('0x40'), 1_000);
  assert.match(fact(after!, 'Needs'), /^over two thirds .* deadline has passed$/);
  assert.match(fact(after!, 'Deadline'), /^passed: /);
});

test('a node that does not know it says what to install', () => {
  const [next] = revisionsOf(raw(null, false), 0);
  assert.match(fact(next!, 'This node'), /install version 0\.2\.0/);
});

test('once in force the one before is history', () => {
  const done = raw(null);
  done.history.push({ number: '0x2', firstBlock: '0x81', spec: SECOND, version: '0.2.0' });
  const [second, first] = revisionsOf({ ...done, proposed: null }, 0);
  assert.deepEqual([second!.number, second!.state], [2, 'in force']);
  assert.deepEqual([first!.state, fact(first!, 'Followed')], ['replaced', 'by blocks 0 to 128']);
});
