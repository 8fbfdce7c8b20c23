// Runs the commands of documents in one shell each, as a reader would. See ./run and snippets.mjs.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Shell, tail } from './shell.mjs';
import { snippetsOf } from './snippets.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
// Also from the clone, whose own neighbour it is not.
const SHARED = resolve(process.env.HOMEOSTAT_SHARED ?? join(ROOT, '../shared'));
const PATIENCE_SECONDS = 60;
const flags = process.argv.slice(2).filter((x) => x.startsWith('--'));
const named = process.argv.slice(2).filter((x) => !x.startsWith('--'));
const documents = named.length ? named : ['docs/tutorial.md'];
let [passed, failed, skipped] = [0, 0, 0];

const folder = flags.includes('--here') ? ROOT : clone();
try {
  if (!flags.includes('--inner') && !await isFree(8545)) isolate();
  else for (const document of documents) await runDocument(document);
} finally {
  if (folder !== ROOT) rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function clone() {
  const target = mkdtempSync(join(tmpdir(), 'homeostat-tutorial-'));
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', ROOT, target]);
  return target;
}

function isFree(port) {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

/** What needs the registry is fetched first; then all again in a namespace with a loopback only. */
function isolate() {
  console.log('port 8545 is taken: running in a network namespace of its own');
  const options = { cwd: folder, stdio: 'inherit' };
  execFileSync('./homeostat', ['build'], options);
  execFileSync('sh', ['-c', 'cd console && npm install --no-save --ignore-scripts --no-audit '
    + '--no-fund --silent && npm run build --silent'], options);
  const warm = mkdtempSync(join(tmpdir(), 'homeostat-tools-'));
  try {
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent', 'solc@0.8.37',
      '@foundry-rs/cast@1.7.1'], { cwd: warm, stdio: 'inherit' });
    execFileSync('unshare', ['--net', 'sh', '-c',
      'ip link set lo up && exec "$0" "$@"', process.execPath,
      join(folder, 'tests/tutorial/run.mjs'), '--here', '--inner',
      ...flags.filter((x) => x === '--long'), ...documents], {
      cwd: folder, stdio: 'inherit',
      env: { ...process.env, npm_config_offline: 'true', HOMEOSTAT_SHARED: SHARED },
    });
    process.exit(0);
  } catch (error) {
    process.exit(error.status ?? 1);
  } finally {
    rmSync(warm, { recursive: true, force: true });
    if (folder !== ROOT) rmSync(folder, { recursive: true, force: true });
  }
}

async function runDocument(document) {
  const text = readFileSync(join(folder, document), 'utf8');
  const snippets = snippetsOf(text, { indented: document.endsWith('README.md') });
  const shell = new Shell(['bash', '-s'], { cwd: folder });
  const beside = [];
  try {
    for (const snippet of snippets) {
      const name = `${document}:${snippet.line} ${snippet.code.split('\n')[0].slice(0, 60)}`;
      const reason = snippet.skip ?? fill(snippet, text);
      if (reason) {
        skipped++;
        console.log(`skip  ${name}: ${reason}`);
        continue;
      }
      const start = Date.now();
      try {
        if (snippet.alone) for (const child of beside.splice(0)) await stop(child);
        if (snippet.background) beside.push(await background(snippet));
        else await foreground(shell, snippet);
        passed++;
        console.log(`ok    ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
      } catch (error) {
        failed++;
        console.log(`FAIL  ${name}: ${error.message}`);
        break; // What comes after builds on it.
      }
    }
  } finally {
    shell.end();
    for (const child of beside) await stop(child);
  }
}

/** Puts in what the run has of its own; why it can't, or null. */
function fill(snippet, text) {
  if (snippet.short && !flags.includes('--long')) {
    const shown = text.replace(/<!--[\s\S]*?-->/g, '');
    if (!shown.includes(snippet.short)) throw new Error(`the text does not say ${snippet.short}`);
    snippet.code = snippet.short;
  }
  if (!snippet.with) return null;
  const [word, path] = snippet.with.split('=');
  const file = join(SHARED, path);
  if (!existsSync(file)) return `${path} is not in ${SHARED} (HOMEOSTAT_SHARED)`;
  snippet.code = snippet.code.replace(word, file);
  return null;
}

async function foreground(shell, snippet) {
  const { code, output } = await shell.run(
    snippet.code, Number(snippet.timeout ?? PATIENCE_SECONDS));
  if (code !== 0) throw new Error(`it ended with code ${code}:\n${tail(output)}`);
  for (const wanted of snippet.expects) {
    if (!wanted.test(output)) throw new Error(`${wanted} is not in:\n${tail(output)}`);
  }
}

async function background(snippet) {
  const child = spawn('bash', ['-c', `exec ${snippet.code}`], { cwd: folder });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => { output += text; });
  }
  const giveUp = Date.now() + Number(snippet.timeout ?? PATIENCE_SECONDS) * 1000;
  while (!snippet.until.test(output)) {
    if (child.exitCode !== null) throw new Error(`it ended:\n${tail(output)}`);
    if (Date.now() > giveUp) throw new Error(`${snippet.until} did not come:\n${tail(output)}`);
    await new Promise((done) => setTimeout(done, 200));
  }
  return child;
}

async function stop(child) {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await new Promise((done) => child.once('exit', done));
}
