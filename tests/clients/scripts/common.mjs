// What all client scripts share: the development accounts, the compiled token, checks.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { readFileSync, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'

const require = createRequire(import.meta.url)
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
export const url = process.argv[2] ?? 'http://127.0.0.1:8545'

// Accounts of "test test … junk"; every script spends from its own, so they can run side by side.
export const keys = {
  cast: '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  forge: '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  viem: '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
  ethers: '0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a',
}
export const recipient = '0x00000000000000000000000000000000000c0ffe'

export function check(condition, what) {
  if (!condition) throw new Error(`failed: ${what}`)
  console.log(`  ok: ${what}`)
}

export function tool(name, args, options = {}) {
  const bin = path.join(root, 'node_modules', '@foundry-rs', `${name}-linux-amd64`, 'bin', name)
  return execFileSync(bin, args, {
    cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000, ...options,
  }).trim()
}

export async function rpc(method, ...params) {
  const response = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return response.json()
}

/** The token's ABI and creation code, by solc-js. */
export function compileToken() {
  const solc = require('solc')
  const find = name => {
    const file = name.startsWith('@') ? path.join(root, 'node_modules', name) : path.join(root, name)
    return existsSync(file) ? { contents: readFileSync(file, 'utf8') } : { error: `no ${name}` }
  }
  const input = {
    language: 'Solidity',
    sources: { 'contracts/Token.sol': { content: readFileSync(path.join(root, 'contracts/Token.sol'), 'utf8') } },
    settings: {
      evmVersion: 'cancun', optimizer: { enabled: true, runs: 200 },
      outputSelection: { '*': { Token: ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }))
  const errors = (output.errors ?? []).filter(error => error.severity === 'error')
  if (errors.length) throw new Error(errors.map(error => error.formattedMessage).join('\n'))
  const token = output.contracts['contracts/Token.sol'].Token
  return { abi: token.abi, bytecode: `0x${token.evm.bytecode.object}` }
}

/** ABI of the Steering predeploy from the repository; null when this chain has none. */
export async function steering() {
  const address = '0x00000000000000000000000000000000484f0001'
  const file = path.join(root, '../../contracts/artifacts/Steering.json')
  const { result: code } = await rpc('eth_getCode', address, 'latest')
  if (code === '0x' || !existsSync(file)) return null
  return { address, abi: JSON.parse(readFileSync(file, 'utf8')).abi }
}
