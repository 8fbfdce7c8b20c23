// Compiles contracts/src with solc from npm into contracts/artifacts, one JSON per contract.
//   npm ci --ignore-scripts && node build.mjs            writes the artifacts
//   node build.mjs --check                               fails when they are not what the sources give
// Metadata is left out of the bytecode, so the same sources give the same bytes on every machine.
import { createRequire } from 'node:module'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const solc = createRequire(process.env.HOMEOSTAT_NODE_MODULES
  ? join(process.env.HOMEOSTAT_NODE_MODULES, 'x.js') : import.meta.url)('solc')
const names = ['Steering', 'Constitution', 'ModelRegistry', 'ValidatorSet', 'GasBurner',
  'FeePool', 'Randomness']
const files = readdirSync(join(here, 'src')).filter(f => f.endsWith('.sol')).sort()
const sources = Object.fromEntries(
  files.map(f => [f, { content: readFileSync(join(here, 'src', f), 'utf8') }]))
const settings = {
  evmVersion: 'prague',
  viaIR: true,
  optimizer: { enabled: true, runs: 1_000_000 },
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
  outputSelection: { '*': { '*': ['abi', 'evm.deployedBytecode.object', 'storageLayout'] } },
}
const input = { language: 'Solidity', sources, settings }
const output = JSON.parse(solc.compile(JSON.stringify(input)))
for (const e of output.errors ?? []) console.error(e.formattedMessage)
if ((output.errors ?? []).length) process.exit(1)

const sourceHash = createHash('sha256')
for (const f of files) sourceHash.update(f).update('\0').update(sources[f].content).update('\0')
const digest = sourceHash.digest('hex')

// AST ids change with unrelated edits: only what a reader of the storage needs is kept.
const slots = layout => layout.storage.map(s => ({
  label: s.label, slot: s.slot, offset: s.offset, type: layout.types[s.type].label }))
let stale = 0
for (const name of names) {
  const compiled = output.contracts[`${name}.sol`][name]
  const text = JSON.stringify({
    contractName: name,
    compiler: solc.version(),
    evmVersion: settings.evmVersion,
    sourcesSha256: digest,
    abi: compiled.abi,
    storageLayout: slots(compiled.storageLayout),
    deployedBytecode: '0x' + compiled.evm.deployedBytecode.object,
  }, null, 2) + '\n'
  const path = join(here, 'artifacts', `${name}.json`)
  if (process.argv.includes('--check')) {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
    console.error(`contracts/artifacts/${name}.json is not what the sources give`)
    stale++
  } else {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  console.log(`${name}: ${(compiled.evm.deployedBytecode.object.length / 2)} bytes`)
}
process.exit(stale ? 1 : 0)
