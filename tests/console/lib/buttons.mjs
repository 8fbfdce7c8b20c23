// Every control that no other check presses, once each.
import { injectWallet } from './wallet.mjs';

export async function buttons(run, planted) {
  const { check } = run;
  await check('theme: switched, kept over a reload', () => on(run, '#/now', 'Now', theme));
  await check('decisions: filters, older ones, neighbours',
    () => on(run, '#/decisions', 'Decisions', decisions));
  await check('models: another loop, older decisions', () => on(run, '#/models', 'Models', models));
  await check('constitution: the dialog of a mode opens, closes by Escape, gives focus back; '
    + 'without a wallet it names the command', () => on(run, '#/constitution', 'Constitution', dialog));
  await check('explorer: finds by number, hash and address, says what is none, older blocks',
    () => on(run, '#/explorer', 'Explorer', (page) => explorer(run, page, planted)));
  await check('an interface that is given decodes a contract’s events and calls',
    () => on(run, `#/account/${planted.counter}`, 'Account',
      (page) => contractInterface(run, page, planted)));
  await check('governance without a wallet says so', () => on(run, '#/governance', 'Governance',
    noWallet));
  await check('a wallet that refuses is a sentence', () => refusal(run));
  await check('pointed at another node by ?node=', () => otherNode(run));
}

async function on({ network, open, settle, assert }, hash, title, press) {
  const { context, page, faults } = await open();
  try {
    await page.goto(`${network.url}/console/${hash}`);
    await settle(page, title);
    const figure = await press(page, assert);
    assert(faults.length === 0, faults.join('; '));
    return figure;
  } finally {
    await context.close();
  }
}

async function theme(page, assert) {
  const of = () => page.evaluate(() => [
    document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor,
  ]);
  const [, before] = await of();
  await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
  const [name, after] = await of();
  assert(name === 'dark' && after !== before, `theme ${name}, ${before} → ${after}`);
  await page.reload();
  assert((await of())[1] === after, 'the choice was forgotten');
  await page.getByRole('button', { name: 'Switch to the light theme' }).click();
  assert((await of())[1] === before, 'not light again');
}

async function decisions(page, assert) {
  const rows = () => page.locator('tbody tr').count();
  const texts = (column) => page.locator(`tbody tr > :nth-child(${column})`).allInnerTexts();
  const all = await rows();
  await page.selectOption('#loop', 'capacity');
  await page.waitForFunction(() => [...document.querySelectorAll('tbody tr > :nth-child(3)')].every(
    (x) => x.textContent === 'capacity'));
  assert((await texts(3)).length > 0, 'no decision of capacity');
  await page.selectOption('#loop', '');
  await page.selectOption('#ruling', '1');
  await page.waitForFunction(() => [...document.querySelectorAll('tbody tr > :nth-child(4)')].every(
    (x) => /^applied/.test(x.textContent)));
  await page.selectOption('#ruling', '');
  await page.getByRole('button', { name: 'Older' }).click();
  await page.waitForFunction((x) => document.querySelectorAll('tbody tr').length >= x, all);
  await page.locator('tbody tr th a').last().click();
  await page.waitForFunction(() => /^Decision \d/.test(document.querySelector('h1').textContent));
  const title = await page.locator('h1').innerText();
  await page.locator('nav[aria-label="Neighbouring decisions"] a').nth(1).click();
  await page.waitForFunction((x) => document.querySelector('h1').textContent !== x, title);
}

async function models(page, assert) {
  const options = await page.locator('#score-loop option').allInnerTexts();
  assert(options.length >= 2, `only ${options}`);
  for (const option of options) await page.selectOption('#score-loop', option);
  const older = page.getByRole('button', { name: 'Read older decisions' });
  if (await older.isEnabled()) await older.click();
  await page.getByText(/^Champion of capacity/i).first().waitFor();
  return options.join(', ');
}

async function dialog(page, assert) {
  const change = page.getByRole('button', { name: 'Change the mode of capacity' });
  await change.click();
  await page.getByText('No wallet has announced itself').waitFor();
  assert((await page.locator('dialog pre').innerText()).startsWith('cast send 0x'), 'no command');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !document.querySelector('dialog'));
  const focus = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  assert(focus === 'Change the mode of capacity', `focus is on ${focus}`);
  await change.click();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.waitForFunction(() => !document.querySelector('dialog'));
}

async function explorer({ chain: { reader } }, page, planted) {
  const receipt = await reader.getTransactionReceipt({ hash: planted.call });
  const find = async (text, title) => {
    await page.evaluate(() => { location.hash = '#/explorer'; });
    await page.waitForFunction(() => document.querySelector('h1').textContent === 'Explorer');
    await page.fill('#find', text);
    await page.keyboard.press('Enter');
    await page.waitForFunction((x) => document.querySelector('h1').textContent.startsWith(x)
      && !/Reading…/.test(document.querySelector('main').textContent), title);
  };
  await find(String(receipt.blockNumber), 'Block');
  await find(receipt.blockHash, 'Block');
  await find(planted.call, 'Transaction');
  await page.getByText(/^(standard|fast|urgent): base fee/).waitFor();
  await page.getByText(/^\d+ of \d+, (drawn|overdue)/).waitFor();
  await find(planted.token, 'Account');
  await find('no such thing', 'Explorer');
  await page.getByText('That is no block number').waitFor();
  const top = () => page.locator('tbody tr th').first().innerText();
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByRole('link', { name: 'Newest' }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length > 0);
  const first = await top();
  await page.getByRole('link', { name: 'Newest' }).click();
  await page.waitForFunction((x) => document.querySelector('tbody tr th')
    && document.querySelector('tbody tr th').textContent !== x, first);
}

async function contractInterface({ assert }, page, { counter, counted, abi }) {
  const before = await page.locator('.events').innerText();
  assert(/Event/.test(before) && !/Counted/.test(before), 'its event was known without');
  await page.getByText('Interface (ABI)').click();
  await page.fill('#abi', 'nonsense');
  await page.getByRole('button', { name: 'Use it' }).click();
  await page.getByText('That is no ABI').waitFor();
  await page.fill('#abi', JSON.stringify(abi));
  await page.getByRole('button', { name: 'Use it' }).click();
  await page.waitForFunction(() => /Counted/.test(document.querySelector('.events').textContent));
  await page.evaluate((x) => { location.hash = `#/tx/${x}`; }, counted);
  await page.getByText(/^up\(\)/).waitFor();
  await page.waitForFunction(() => /Counted/.test(document.querySelector('.events').textContent));
  await page.evaluate((x) => { location.hash = `#/account/${x}`; }, counter);
}

async function noWallet(page) {
  await page.waitForFunction(() => /no wallet has announced itself/.test(
    document.querySelector('#vote-wallet').textContent));
}

async function refusal(run) {
  const { network, open, settle, assert, chain: { reader, accounts, wallet } } = run;
  const { context, page } = await open();
  // An account that is neither owner nor guardian.
  await injectWallet(page, network, { client: wallet(accounts[8]), reader }, 'Stranger');
  await page.goto(`${network.url}/console/#/now`);
  await settle(page, 'Now');
  await page.locator('button', { hasText: 'Stop or advise' }).first().click();
  await page.getByRole('button', { name: 'Sign with wallet' }).click();
  await page.getByText(/^Not done: 0x[0-9a-fA-F]{40} may not do this/).waitFor();
  assert(await page.getByRole('button', { name: 'Sign with wallet' }).isEnabled(), 'no second try');
  await context.close();
}

async function otherNode(run) {
  const { network, open, settle } = run;
  const { context, page } = await open();
  const other = network.nodes[1].rpc;
  await page.goto(`${network.url}/console/?node=${encodeURIComponent(other)}#/validators`);
  await settle(page, 'Validators');
  await page.getByText('the node asked', { exact: true }).waitFor();
  const shown = await page.locator('.state').getAttribute('title');
  await context.close();
  return shown;
}
