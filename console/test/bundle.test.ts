// What a visitor loads, under 300 kB gzipped before charts: built apart, measured as it is served.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

const MOST_BYTES = 300_000;

test('the page is under 300 kB gzipped', () => {
  const folder = mkdtempSync(join(tmpdir(), 'console-bundle-'));
  try {
    execFileSync('npx', ['vite', 'build', '--logLevel', 'error', '--outDir', folder,
      '--emptyOutDir']);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((x) => x.isFile());
    const bytes = files.reduce((sum, x) =>
      sum + gzipSync(readFileSync(join(x.parentPath, x.name))).length, 0);
    assert(files.some((x) => x.name.endsWith('.js')), 'nothing was built');
    assert(bytes < MOST_BYTES, `${bytes} bytes gzipped in ${files.length} files`);
    console.log(`# ${bytes} bytes gzipped in ${files.length} files, charts included`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
