// Vote, veto and objection by wallet, where the network has a Governor. The proposal that is voted for
// names a loop and describes itself in markup: it has to stay text on every page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  encodeAbiParameters, encodeFunctionData, keccak256, parseEther, stringToHex, zeroHash,
} from 'viem';
import { ROOT } from './network.mjs';

const GOVERNOR = '0x00000000000000000000000000000000484f0021';
const CONSTITUTION = '0x00000000000000000000000000000000484f0002';
const abiOf = (name) => JSON.parse(
  readFileSync(join(ROOT, `contracts/artifacts/${name}.json`), 'utf8')).abi;
const DRY_RUNS = '0x00000000000000000000000000000000484f0028';
const OPTIMISTIC = '0x00000000000000000000000000000000484f0026';
const REVISIONS = '0x00000000000000000000000000000000484f0027';
const [KIND_PAYMENT] = [1];
const [OPEN, SCHEDULED, VOTED, SETTLED, STOPPED] = [1, 2, 3, 4, 5];
const ACTIVE = 1;
const CANCELLED = 2;

export async function governance(run, isShort) {
  const { chain: { reader, accounts, wallet }, check } = run;
  if (!await reader.getCode({ address: GOVERNOR })) {
    console.log('skip  governance: this network has no Governor at 0x484f0021');
    return;
  }
  const abi = abiOf('HomeostatGovernor');
  const propose = async (description, data, to = CONSTITUTION) => {
    const hash = await wallet(accounts[0]).writeContract({
      address: GOVERNOR, abi, functionName: 'propose', gas: 3_000_000n,
      args: [[to], [0n], [data], description],
    });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    run.assert(receipt.status === 'success', `not proposed: ${description}`);
    const logs = await reader.getContractEvents({
      address: GOVERNOR, abi, eventName: 'ProposalCreated', blockHash: receipt.blockHash,
    });
    return logs.find((x) => x.transactionHash === hash).args.proposalId;
  };
  const stateOf = (id) => reader.readContract({
    address: GOVERNOR, abi, functionName: 'state', args: [id],
  });
  await check('a proposal is vetoed by the guardian’s wallet', () => veto(run, propose, stateOf, abi));
  await check('a proposal is voted for, queued and carried out by wallet, its markup stays text',
    () => vote(run, propose, stateOf));
  if (isShort) return;
  await check('a protocol revision is voted for by wallet: the page says who signals it and what it needs',
    () => revision(run, propose, stateOf));
  await check('what passes unless somebody objects: an objection, with its bond, calls a vote; it is '
    + 'voted against and its bonds are taken out', () => objection(run, stateOf));
  await check('the guardian’s wallet stops one', () => stopped(run));
}

const optimistic = abiOf('OptimisticProposals');

/** A payment of nothing: routine, and open to objection. */
async function proposePayment({ chain: { reader, accounts, wallet }, assert }, description) {
  const hash = await wallet(accounts[0]).writeContract({
    address: OPTIMISTIC, abi: optimistic, functionName: 'propose', gas: 1_500_000n,
    value: parseEther('1'),
    args: [KIND_PAYMENT, encodeAbiParameters([{ type: 'address' }, { type: 'uint256' }],
      [accounts[9].address, 0n]), description],
  });
  const receipt = await reader.waitForTransactionReceipt({ hash });
  assert(receipt.status === 'success', `not proposed: ${description}`);
  return reader.readContract({ address: OPTIMISTIC, abi: optimistic, functionName: 'count' });
}

const optimisticOf = ({ chain: { reader } }, id) => reader.readContract({
  address: OPTIMISTIC, abi: optimistic, functionName: 'proposal', args: [id],
});

async function until(run, what, holds, seconds = 60) {
  for (let i = 0; i < seconds * 4; i++) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 250));
  }
  run.assert(false, `not within ${seconds} s: ${what}`);
}

const accountOf = ({ chain: { accounts } }, address) => accounts.find(
  (x) => x.address.toLowerCase() === address.toLowerCase());

async function objection(run, stateOf) {
  const { chain: { reader, accounts } } = run;
  const title = '<b onclick=alert(5)>Pay for a party</b>';
  const id = await proposePayment(run, title);
  // Of four equal stakes one is more than any share that an objection needs.
  const objector = await openGovernance(run, accounts[1]);
  await press(objector.page, /^Object, with a bond of/, title);
  const became = await optimisticOf(run, id);
  run.assert(became.status === VOTED && became.objector === accounts[1].address,
    `it is in status ${became.status}, objected to by ${became.objector}`);
  await objector.page.locator('article', { hasText: title }).filter({ hasText: 'under a full vote' })
    .first().waitFor();
  await run.shot(objector.page, 'objected');
  await until(run, 'the vote that the objection called', async () =>
    await stateOf(became.vote) === ACTIVE);
  const name = `Optimistic proposal ${id}: ${title}`;
  await press(objector.page, 'Against', name);
  const other = await openGovernance(run, accounts[2]);
  await press(other.page, 'Abstain', name);
  await other.context.close();
  const [against, , abstain] = await reader.readContract({
    address: GOVERNOR, abi: abiOf('HomeostatGovernor'), functionName: 'proposalVotes',
    args: [became.vote],
  });
  run.assert(against > 0n && abstain > 0n, `against ${against}, abstaining ${abstain}`);
  await press(objector.page, 'Settle the bonds', title, 90_000);
  run.assert((await optimisticOf(run, id)).status === SETTLED, 'not settled');
  const before = await reader.getBalance({ address: accounts[1].address });
  await press(objector.page, 'Take out what I am owed', title);
  const after = await reader.getBalance({ address: accounts[1].address });
  run.assert(after - before > parseEther('1.9'), `only ${after - before} wei were taken out`);
  const markup = await objector.page.evaluate(() => document.querySelectorAll(
    'main b, main img, [onclick], [onerror]').length);
  run.assert(markup === 0, `${markup} elements were made of text`);
  run.assert(objector.faults.length === 0, objector.faults.join('; '));
  await objector.context.close();
  return 'objected, voted against and abstained, settled, 2 coins taken out';
}

async function stopped(run) {
  const { chain: { reader } } = run;
  const title = 'Pay for something doubtful';
  const id = await proposePayment(run, title);
  const guardian = await reader.readContract({
    address: GOVERNOR, abi: abiOf('HomeostatGovernor'), functionName: 'guardian',
  });
  const { context, page, faults } = await openGovernance(run, accountOf(run, guardian));
  await press(page, 'Stop as guardian', title);
  run.assert((await optimisticOf(run, id)).status === STOPPED, 'it was not stopped');
  run.assert(faults.length === 0, faults.join('; '));
  await context.close();
}

/** One that nobody objects to: made at once, as its window is a minute and a half. */
export async function proposeRoutine(run) {
  if (!await run.chain.reader.getCode({ address: OPTIMISTIC })) return null;
  const title = 'Pay what is due';
  return { title, id: await proposePayment(run, title) };
}

export async function routine(run, waiting) {
  if (!waiting) return;
  await run.check('what nobody objects to goes to the timelock by wallet, its bond comes back',
    async () => {
      const { chain: { accounts } } = run;
      run.assert((await optimisticOf(run, waiting.id)).status === OPEN, 'it is not open');
      const { context, page, faults } = await openGovernance(run, accounts[0]);
      await press(page, 'Hand to the timelock', waiting.title, 150_000);
      run.assert((await optimisticOf(run, waiting.id)).status === SCHEDULED, 'not scheduled');
      await press(page, 'Take out what I am owed', waiting.title);
      run.assert(faults.length === 0, faults.join('; '));
      await context.close();
    });
}

/** One vote later validators signal it, all of them here, and it waits for the epoch's end. */
async function revision(run, propose, stateOf) {
  const { chain: { reader, accounts } } = run;
  const title = 'Larger contracts';
  const spec = keccak256(readFileSync(join(ROOT, 'docs/spec/revisions/2.md')));
  const { timestamp } = await reader.getBlock();
  const id = await propose(title, encodeFunctionData({
    abi: abiOf('Revisions'), functionName: 'propose',
    args: [2n, spec, '0.2.0', timestamp + 86_400n],
  }), REVISIONS);
  await until(run, 'the vote on the revision', async () => await stateOf(id) === ACTIVE);
  const { context, page, faults } = await openGovernance(run, accounts[0]);
  const section = page.getByRole('region', { name: 'Protocol revisions' });
  await section.locator('article', { hasText: 'Revision 1' }).getByText('in force', { exact: true })
    .waitFor();
  await press(page, 'Vote for', title);
  await press(page, /^Request the dry run, with a bond of/, title);
  await press(page, 'Publish the dry run', title, 120_000);
  await press(page, 'Queue', title);
  await press(page, 'Execute', title);
  const card = section.locator('article', { hasText: 'Revision 2, version 0.2.0' });
  await card.getByText('signalling', { exact: true }).waitFor({ timeout: 30_000 });
  await card.getByText(/^100 % of the weight \(\d+ of \d+\)$/).waitFor({ timeout: 60_000 });
  await card.getByText(spec).waitFor();
  await card.getByText('is ready for it').waitFor();
  run.assert(await card.getByText('Not ready').count() === 0, 'somebody is said not to be ready');
  await run.shot(page, 'revisions');
  run.assert(faults.length === 0, faults.join('; '));
  await context.close();
  return 'signalled by all four';
}

async function openGovernance(run, account) {
  const { context, page, faults } = await run.open();
  const { chain: { reader, wallet } } = run;
  await run.injectWallet(page, run.network, { client: wallet(account), reader }, 'Test wallet');
  await page.goto(`${run.network.url}/console/#/governance`);
  await run.settle(page, 'Governance');
  return { context, page, faults };
}

async function press(page, label, title, timeout = 60_000) {
  const name = typeof label === 'string'
    ? `${label}: ${title}` : new RegExp(`${label.source}.*: `, label.flags);
  const card = page.locator('article', { hasText: title }).filter({
    has: page.getByRole('button', { name, exact: typeof label === 'string' }),
  });
  await card.getByRole('button', { name, exact: typeof label === 'string' }).click({ timeout });
  await page.waitForFunction(([text, wanted]) => [...document.querySelectorAll('article')].some(
    (x) => x.textContent.includes(text) && new RegExp(`${wanted}.*: (not )?done`).test(
      x.querySelector('[role=status]').textContent)),
  [title, typeof label === 'string' ? label : label.source], { timeout: 60_000 });
  const said = await page.locator('article', { hasText: title }).locator('[role=status]')
    .allInnerTexts();
  if (said.some((x) => /not done/.test(x))) throw new Error(said.join(' | '));
}

async function veto(run, propose, stateOf, abi) {
  const { chain: { reader, accounts } } = run;
  const title = 'Switch capacity off';
  const id = await propose(title, encodeFunctionData({
    abi: abiOf('Constitution'), functionName: 'setMode',
    args: [stringToHex('capacity', { size: 32 }), 2],
  }));
  const guardian = await reader.readContract({ address: GOVERNOR, abi, functionName: 'guardian' });
  const account = accounts.find((x) => x.address.toLowerCase() === guardian.toLowerCase());
  const { context, page, faults } = await openGovernance(run, account);
  await press(page, 'Veto', title);
  run.assert(await stateOf(id) === CANCELLED, `it is in state ${await stateOf(id)}`);
  run.assert(faults.length === 0, faults.join('; '));
  await context.close();
}

async function vote(run, propose, stateOf) {
  const { chain: { reader, accounts } } = run;
  const title = '<img src=x onerror=alert(3)>';
  const constitution = abiOf('Constitution');
  const id = await propose(`${title}\n<script>alert(4)</script>`, encodeFunctionData({
    abi: constitution, functionName: 'addLoop',
    args: [stringToHex(run.HOSTILE_LOOP, { size: 32 }), 32, [zeroHash, zeroHash], [{
      minimum: 1n, maximum: 9n, ratified: 3n, changedAt: 0n, stepBasisPoints: 1000,
      cooldownBlocks: 2, distanceBasisPoints: 20_000,
    }]],
  }));
  const until = async (state) => {
    for (let i = 0; i < 200 && await stateOf(id) !== state; i++) {
      await new Promise((done) => setTimeout(done, 250));
    }
    run.assert(await stateOf(id) === state, `it is in state ${await stateOf(id)}, not ${state}`);
  };
  await until(ACTIVE);
  // One genesis validator's stake, which delegates to this account, is a quorum.
  const { context, page, faults } = await openGovernance(run, accounts[0]);
  await press(page, 'Vote for', title);
  const card = page.locator('article', { hasText: title });
  await card.getByRole('button', { name: `Dry run: ${title}`, exact: true }).click();
  await card.getByText('call 1 succeeds').waitFor({ timeout: 20_000 });
  if (await reader.getCode({ address: DRY_RUNS })) {
    await card.getByRole('button', { name: `Advice: ${title}`, exact: true }).click();
    await card.getByText('What was done before, and what came of it').waitFor({ timeout: 30_000 });
    run.assert(await card.locator('div[aria-label=Cohorts] tbody tr').count() > 0,
      'the advice has no cohorts');
  }
  await run.shot(page, 'governance-active');
  if (await reader.getCode({ address: DRY_RUNS })) {
    await press(page, /^Request the dry run, with a bond of/, title);
    await press(page, 'Publish the dry run', title, 120_000);
    await run.shot(page, 'dry-run');
  }
  await press(page, 'Queue', title);
  await press(page, 'Execute', title);
  if (await reader.getCode({ address: DRY_RUNS })) {
    await press(page, 'Release the dry run’s bond', title);
    await press(page, 'Pay the dry run’s bond out', title);
  }
  await page.goto(`${run.network.url}/console/#/constitution`);
  await run.settle(page, 'Constitution');
  await page.waitForFunction((x) => document.body.innerText.includes(x), run.HOSTILE_LOOP);
  const markup = await page.evaluate(() => document.querySelectorAll('main img, [onerror]').length);
  run.assert(markup === 0, `${markup} elements were made of text`);
  run.assert(faults.length === 0, faults.join('; '));
  await context.close();
  const loops = await reader.readContract({
    address: CONSTITUTION, abi: constitution, functionName: 'loops',
  });
  return `${loops.length} loops now`;
}
