// docs/operating/README.md followed in four network namespaces. See ./run.
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Shell, tail } from '../tutorial/shell.mjs';
import { snippetsOf } from '../tutorial/snippets.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const DOCUMENT = 'docs/operating/README.md';
const MACHINES = ['alpha', 'beta', 'gamma', 'delta'];
const PATIENCE_SECONDS = 60;
const work = mkdtempSync(join(tmpdir(), 'homeostat-operating-'));
const prefix = join(work, 'opt');
const tag = `hs${process.pid % 10_000}`;
const bridge = `${tag}br`;
const addresses = Object.fromEntries(MACHINES.map((name, i) => [name, `10.91.7.${11 + i}`]));
const running = [];
let [passed, failed, skipped] = [0, 0, 0];

const sh = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' });
const space = (name) => `${tag}-${name}`;

process.on('SIGINT', () => { tearDown(); process.exit(130); });
try {
  setUp();
  await followPage();
  if (failed === 0) await moveMachine();
} catch (error) {
  failed++;
  console.log(`FAIL  ${error.stack}`);
} finally {
  await Promise.all(running.map(stop));
  tearDown();
}
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function setUp() {
  sh('ip', 'link', 'add', bridge, 'type', 'bridge');
  sh('ip', 'link', 'set', bridge, 'up');
  MACHINES.forEach((name, i) => {
    const ns = space(name);
    sh('ip', 'netns', 'add', ns);
    sh('ip', 'link', 'add', `${tag}v${i}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns);
    sh('ip', 'link', 'set', `${tag}v${i}`, 'master', bridge, 'up');
    sh('ip', '-n', ns, 'link', 'set', 'lo', 'up');
    sh('ip', '-n', ns, 'link', 'set', 'eth0', 'up');
    sh('ip', '-n', ns, 'addr', 'add', `${addresses[name]}/24`, 'dev', 'eth0');
    mkdirSync(`/etc/netns/${ns}`, { recursive: true });
  });
  writeHosts();
}

/** `ip netns exec` mounts it over /etc/hosts; written in place, so that running nodes see it. */
function writeHosts() {
  const text = '127.0.0.1 localhost\n'
    + MACHINES.map((name) => `${addresses[name]} ${name}.example\n`).join('');
  for (const name of MACHINES) writeFileSync(`/etc/netns/${space(name)}/hosts`, text);
}

function tearDown() {
  if (process.argv.includes('--keep')) {
    console.log(`kept: ${work}, namespaces ${MACHINES.map(space).join(' ')}`);
    return;
  }
  for (const name of MACHINES) {
    try { sh('ip', 'netns', 'del', space(name)); } catch { /* It was not made. */ }
    rmSync(`/etc/netns/${space(name)}`, { recursive: true, force: true });
  }
  try { sh('ip', 'link', 'del', bridge); } catch { /* It was not made. */ }
  rmSync(work, { recursive: true, force: true });
}

function environmentOf(name) {
  return { ...process.env, PREFIX: prefix, CONF: join(work, 'etc', name), NAME: name };
}

async function followPage() {
  const snippets = snippetsOf(readFileSync(join(ROOT, DOCUMENT), 'utf8'));
  const shells = new Map();
  const shellOf = (name) => {
    if (!shells.has(name)) {
      shells.set(name, name === 'builder'
        ? new Shell(['bash', '-s'], { cwd: workCheckout(), env: environmentOf(name) })
        : new Shell(['ip', 'netns', 'exec', space(name), 'bash', '-s'], {
          cwd: work, env: environmentOf(name),
        }));
    }
    return shells.get(name);
  };
  for (const snippet of snippets) {
    const title = `${DOCUMENT}:${snippet.line} ${snippet.code.split('\n')[0].slice(0, 50)}`;
    if (snippet.skip) {
      skipped++;
      console.log(`skip  ${title}: ${snippet.skip}`);
      // The page has the folders carried to their machines here.
      if (/copies the folders/.test(snippet.skip)) carryFolders();
      continue;
    }
    const places = snippet.on === 'each' ? MACHINES : [snippet.on ?? 'builder'];
    if (!await attempt(title, () => runOn(places, snippet, shellOf))) break;
  }
  for (const shell of shells.values()) shell.end();
}

async function attempt(title, run) {
  const start = Date.now();
  try {
    const figure = await run();
    passed++;
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    console.log(`ok    ${title}${figure ? `: ${figure}` : ''} (${seconds} s)`);
    return true;
  } catch (error) {
    failed++;
    console.log(`FAIL  ${title}: ${error.message}`);
    return false;
  }
}

/** The page is followed in the checkout; what it writes there goes to a folder of its own. */
function workCheckout() {
  const folder = join(work, 'checkout');
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', ROOT, folder]);
  return folder;
}

function carryFolders() {
  for (const name of MACHINES) {
    cpSync(join(work, 'checkout/network', name), join(work, 'etc', name), { recursive: true });
  }
}

async function runOn(places, snippet, shellOf) {
  const seconds = Number(snippet.timeout ?? PATIENCE_SECONDS);
  if (snippet.background) {
    await Promise.all(places.map((name) => startOn(name, snippet, seconds)));
    return;
  }
  await Promise.all(places.map(async (name) => {
    const { code, output } = await shellOf(name).run(snippet.code, seconds);
    if (code !== 0) throw new Error(`on ${name}: it ended with code ${code}:\n${tail(output)}`);
    for (const wanted of snippet.expects) {
      if (!wanted.test(output)) throw new Error(`on ${name}: no ${wanted} in:\n${tail(output)}`);
    }
  }));
}

async function startOn(name, snippet, seconds) {
  const child = spawn('ip', ['netns', 'exec', space(name), 'bash', '-c', snippet.code], {
    cwd: work, env: environmentOf(name), stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => { output = (output + text).slice(-20_000); });
  }
  const giveUp = Date.now() + seconds * 1000;
  while (!snippet.until.test(output)) {
    if (child.exitCode !== null) throw new Error(`on ${name}: it ended:\n${tail(output)}`);
    if (Date.now() > giveUp) throw new Error(`on ${name}: no ${snippet.until} in:\n${tail(output)}`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

async function stop(child) {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await new Promise((done) => child.once('exit', done));
}

/** beta gets another address; its DNS record changes a little later; nothing is restarted. */
async function moveMachine() {
  const doctor = (name, wait) => execFileSync('ip', ['netns', 'exec', space(name), 'dotnet',
    join(prefix, 'homeostat.dll'), 'doctor', '--rpc', 'http://127.0.0.1:8545', '--wait',
    String(wait)], { encoding: 'utf8', env: environmentOf(name) });
  const peersOf = (name) => Number(/(\d+) peers/.exec(doctor(name, 0))?.[1] ?? -1);
  await attempt('a machine moves to another address, its name follows', async () => {
    const before = peersOf('alpha');
    if (before !== 3) throw new Error(`alpha has ${before} peers before`);
    const ns = space('beta');
    sh('ip', '-n', ns, 'addr', 'del', `${addresses.beta}/24`, 'dev', 'eth0');
    addresses.beta = '10.91.7.99';
    sh('ip', '-n', ns, 'addr', 'add', `${addresses.beta}/24`, 'dev', 'eth0');
    await new Promise((done) => setTimeout(done, 3_000));
    writeHosts();
    const start = Date.now();
    for (const name of MACHINES) {
      while (peersOf(name) !== 3) {
        if (Date.now() - start > 90_000) throw new Error(`${name}: ${doctor(name, 0)}`);
        await new Promise((done) => setTimeout(done, 1_000));
      }
    }
    const peers = sh('ip', 'netns', 'exec', space('alpha'), 'ss', '-tn');
    if (!peers.includes('10.91.7.99')) throw new Error(`no connection to its new address:\n${peers}`);
    return `all have 3 peers again ${((Date.now() - start) / 1000).toFixed(0)} s after the record`;
  });
}
