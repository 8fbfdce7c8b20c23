// Vote and veto by wallet, where the network has a Governor. The proposal that is voted for names a
// loop and describes itself in markup: it has to stay text on every page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFunctionData, stringToHex, zeroHash } from 'viem';
import { ROOT } from './network.mjs';

const GOVERNOR = '0x00000000000000000000000000000000484f0021';
const CONSTITUTION = '0x00000000000000000000000000000000484f0002';
const abiOf = (name) => JSON.parse(
  readFileSync(join(ROOT, `contracts/artifacts/${name}.json`), 'utf8')).abi;
const ACTIVE = 1;
const CANCELLED = 2;

export async function governance(run) {
  const { chain: { reader, accounts, wallet }, check } = run;
  if (!await reader.getCode({ address: GOVERNOR })) {
    console.log('skip  governance: this network has no Governor at 0x484f0021');
    return;
  }
  const abi = abiOf('HomeostatGovernor');
  const propose = async (description, data) => {
    const hash = await wallet(accounts[0]).writeContract({
      address: GOVERNOR, abi, functionName: 'propose', gas: 3_000_000n,
      args: [[CONSTITUTION], [0n], [data], description],
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
}

async function openGovernance(run, account) {
  const { context, page, faults } = await run.open();
  const { chain: { reader, wallet } } = run;
  await run.injectWallet(page, run.network, { client: wallet(account), reader }, 'Test wallet');
  await page.goto(`${run.network.url}/console/#/governance`);
  await run.settle(page, 'Governance');
  return { context, page, faults };
}

async function press(page, label, title) {
  const card = page.locator('article', { hasText: title });
  await card.getByRole('button', { name: label }).click({ timeout: 60_000 });
  await page.waitForFunction(([text, name]) => [...document.querySelectorAll('article')].some(
    (x) => x.textContent.includes(text)
      && new RegExp(`${name}: (not )?done`).test(x.querySelector('[role=status]').textContent)),
  [title, label], { timeout: 60_000 });
  const said = await card.locator('[role=status]').innerText();
  if (/not done/.test(said)) throw new Error(said);
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
  await card.getByRole('button', { name: 'Dry run' }).click();
  await card.getByText('call 1 succeeds').waitFor({ timeout: 20_000 });
  await run.shot(page, 'governance-active');
  await press(page, 'Queue', title);
  await press(page, 'Execute', title);
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
