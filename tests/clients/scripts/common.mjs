// What all client scripts share: the development accounts, compiled contracts, checks.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'

const require = createRequire(import.meta.url)
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
export const url = process.argv[2] ?? 'http://127.0.0.1:8545'
export const socketUrl = url.replace('http', 'ws')

// Accounts of "test test … junk"; every script spends from its own, so they can run side by side.
export const keys = {
  cast: '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  forge: '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  viem: '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
  ethers: '0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a',
  web3: '0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba',
  safe: '0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e',
  hardhat: '0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356',
  suites: '0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97',
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

/**
 * ABI and creation code of every contract in contracts/FILE, by name, by solc-js. What it made is
 * kept in cache/ by the hash of the source and of the locked packages.
 */
export function compile(file) {
  const source = `contracts/${file}`
  const hash = createHash('sha256')
  for (const part of [source, 'package-lock.json']) hash.update(readFileSync(path.join(root, part)))
  const kept = path.join(root, 'cache', `${file}-${hash.digest('hex')}.json`)
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8'))
  const made = compileSource(source)
  mkdirSync(path.dirname(kept), { recursive: true })
  writeFileSync(`${kept}.${process.pid}`, JSON.stringify(made))
  renameSync(`${kept}.${process.pid}`, kept)
  return made
}

function compileSource(source) {
  const solc = require('solc')
  const find = name => {
    const place = path.join(root, name.startsWith('@') ? 'node_modules' : '.', name)
    return existsSync(place) ? { contents: readFileSync(place, 'utf8') } : { error: `no ${name}` }
  }
  const input = {
    language: 'Solidity',
    sources: { [source]: { content: readFileSync(path.join(root, source), 'utf8') } },
    settings: {
      evmVersion: 'cancun', optimizer: { enabled: true, runs: 200 },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }))
  const errors = (output.errors ?? []).filter(error => error.severity === 'error')
  if (errors.length) throw new Error(errors.map(error => error.formattedMessage).join('\n'))
  return Object.fromEntries(Object.entries(output.contracts[source]).map(
    ([name, made]) => [name, { abi: made.abi, bytecode: `0x${made.evm.bytecode.object}` }]))
}

export const compileToken = () => compile('Token.sol').Token

/** ABI of the Steering predeploy from the repository; null when this chain has none. */
export async function steering() {
  const address = '0x00000000000000000000000000000000484f0001'
  const file = path.join(root, '../../contracts/artifacts/Steering.json')
  const { result: code } = await rpc('eth_getCode', address, 'latest')
  if (code === '0x' || !existsSync(file)) return null
  return { address, abi: JSON.parse(readFileSync(file, 'utf8')).abi }
}
