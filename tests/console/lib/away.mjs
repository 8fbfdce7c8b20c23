// The node goes away and comes back, and so does the WebSocket alone.
import { startWire } from './wire.mjs';

const state = (page, wanted) => page.waitForFunction(
  (x) => document.querySelector('.state').dataset.state === x, wanted, { timeout: 60_000 });
const text = (page) => page.locator('.state-text').innerText();
const height = (page) => page.evaluate(() => Number(
  document.querySelector('.state-text').textContent.replace(/\D/g, '')));

async function follows(page) {
  const first = await height(page);
  await page.waitForFunction((x) => Number(
    document.querySelector('.state-text').textContent.replace(/\D/g, '')) > x + 3, first,
  { timeout: 30_000 });
  return first;
}

/** Only the WebSocket is cut: HTTP still answers, no process ends. */
export async function socketCut({ network, open, settle, shot, assert }) {
  const wire = await startWire(network.url);
  const { context, page, faults } = await open();
  try {
    await page.goto(`${wire.url}/console/`);
    await settle(page, 'Now');
    const cut = wire.cut();
    assert(cut === 1, `${cut} WebSockets were open`);
    const began = Date.now();
    await state(page, 'lost');
    const noticed = Date.now() - began;
    const said = await text(page);
    assert(/node away/.test(said), `it says "${said}"`);
    await shot(page, 'socket-cut');
    // What is asked meanwhile goes by HTTP: another page still opens.
    const before = wire.passed();
    await page.goto(`${wire.url}/console/#/block/1`);
    await page.getByText('State root').waitFor({ timeout: 15_000 });
    assert(wire.passed() > before, 'no request went by HTTP');
    assert((await page.locator('.state').getAttribute('data-state')) === 'lost', 'it came back');
    wire.mend();
    await page.locator('.state').click();
    await state(page, 'live');
    await page.goto(`${wire.url}/console/#/now`);
    await settle(page, 'Now');
    const first = await follows(page);
    await gapless(page, assert);
    await shot(page, 'socket-restored');
    assert(faults.length === 0, faults.join('; '));
    return `said so after ${noticed} ms, read by HTTP, follows again from block ${first}`;
  } finally {
    await context.close();
    wire.close();
  }
}

/** Whatever was missed has been read: the explorer's rows are consecutive. */
async function gapless(page, assert) {
  await page.evaluate(() => { location.hash = '#/explorer'; });
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length >= 10);
  const rows = await page.evaluate(() => [...document.querySelectorAll('tbody tr th')].map(
    (x) => Number(x.textContent.replace(/\D/g, ''))));
  rows.forEach((x, i) => assert(i === 0 || rows[i - 1] === x + 1, `a gap before block ${x}`));
}

/** kill -9 of the node that the page is on; then what healing did stands on Validators. */
export async function nodeAway({ network, chain, open, settle, shot, assert }) {
  const { context, page } = await open();
  await page.goto(`${network.url}/console/`);
  await settle(page, 'Now');
  process.kill(network.nodes[0].pid, 'SIGKILL');
  await state(page, 'lost');
  const before = await text(page);
  assert(/node away/.test(before), `it says "${before}"`);
  await shot(page, 'node-away');
  await state(page, 'live');
  const first = await follows(page);
  await page.evaluate(() => { location.hash = '#/validators'; });
  await settle(page, 'Validators');
  const restarts = await healed(page, 'Restarts', (x) => x === '1');
  assert(restarts === 1, `${restarts} validators were restarted once`);
  await page.getByText('started again after an end that nobody asked for').waitFor();
  const { members } = await chain.reader.request({ method: 'homeostat_epoch' });
  assert(members.length === 4 && members.every((x) => BigInt(x.stake) > 0n), 'no stakes');
  await shot(page, 'healed');
  await context.close();
  return `back and following at block ${first}; Validators counts one restart`;
}

/** How many rows of the table "Healing" hold a matching text in the column. */
async function healed(page, column, matches) {
  const cells = await page.evaluate((name) => {
    const table = document.querySelector('section[aria-label=Healing] table');
    const at = [...table.querySelectorAll('thead th')].findIndex((x) => x.textContent === name);
    return [...table.querySelectorAll('tbody tr')].map((x) => x.children[at].textContent);
  }, column);
  return cells.filter(matches).length;
}
