// Compiles contracts/src with solc from npm into contracts/artifacts, one JSON per contract.
//   npm ci --ignore-scripts && node build.mjs            writes the artifacts
//   node build.mjs --check                               fails when they are not what the sources give
//   node build.mjs --natspec                             fails when a contract or function of ours has no notice
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
  'FeePool', 'Randomness', 'Allowlists',
  'governance/RuleBook', 'governance/RuleExecutor', 'governance/Treasury',
  'governance/OptimisticProposals', 'governance/DryRuns', 'governance/PredeployProxy',
  'governance/Revisions']
// Genesis runs these contracts' constructors: their artifacts have the creation code too.
const constructed = { 'governance/StakeVotes.sol': 'StakeVotes',
  'governance/HomeostatGovernor.sol': 'HomeostatGovernor',
  '@openzeppelin/contracts/governance/TimelockController.sol': 'TimelockController' }
const modules = process.env.HOMEOSTAT_NODE_MODULES ?? join(here, 'node_modules')
const files = readdirSync(join(here, 'src'), { recursive: true })
  .filter(f => f.endsWith('.sol')).sort()
const sources = Object.fromEntries(
  files.map(f => [f, { content: readFileSync(join(here, 'src', f), 'utf8') }]))
for (const f of Object.keys(constructed).filter(f => f.startsWith('@'))) {
  sources[f] = { content: readFileSync(join(modules, f), 'utf8') }
}
const imported = path => path.startsWith('@')
  ? { contents: readFileSync(join(modules, path), 'utf8') } : { error: 'not found' }
const settings = {
  evmVersion: 'prague',
  viaIR: true,
  optimizer: { enabled: true, runs: 1_000_000 },
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
  outputSelection: { '*': { '': ['ast'], '*': ['abi', 'metadata', 'evm.bytecode.object',
    'evm.deployedBytecode.object', 'storageLayout'] } },
}
const input = { language: 'Solidity', sources, settings }
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: imported }))
// A warning in our sources is an error; what a pinned library warns of is its own.
const errors = (output.errors ?? []).filter(
  e => e.severity === 'error' || !e.sourceLocation?.file.startsWith('@'))
for (const e of errors) console.error(e.formattedMessage)
if (errors.length) {
  const warnings = errors.filter(e => e.severity !== 'error').length
  console.error(`${errors.length - warnings} errors and ${warnings} warnings (a warning in our own `
    + 'sources is an error here): NOTHING was written; contracts/artifacts are what they were. '
    + 'Mend all of the above and run this again.')
  process.exit(1)
}

if (process.argv.includes('--natspec')) {
  const bare = []
  for (const file of files) {
    const contracts = output.sources[file].ast.nodes.filter(n => n.nodeType === 'ContractDefinition')
    for (const contract of contracts) {
      if (!contract.documentation?.text.includes('@notice')) bare.push(`${file}: ${contract.name}`)
      for (const node of contract.nodes) {
        const isOpen = node.nodeType === 'FunctionDefinition' && node.kind === 'function'
          && ['external', 'public'].includes(node.visibility)
        if (isOpen && !node.documentation) bare.push(`${file}: ${contract.name}.${node.name}`)
      }
    }
  }
  for (const name of bare) console.error(`${name} has no NatSpec notice`)
  console.log(`${files.length} files, ${bare.length} without a notice`)
  process.exit(bare.length ? 1 : 0)
}

// Of what a contract is made of alone, so that other contracts' edits leave its artifact as it is.
const digestOf = metadata => {
  const hash = createHash('sha256')
  for (const [file, source] of Object.entries(JSON.parse(metadata).sources).sort()) {
    hash.update(file).update('\0').update(source.keccak256).update('\0')
  }
  return hash.digest('hex')
}

// AST ids change with unrelated edits: only what a reader of the storage needs is kept.
const slots = layout => layout.storage.map(s => ({
  label: s.label, slot: s.slot, offset: s.offset, type: layout.types[s.type].label }))
let stale = 0
const contracts = [...names.map(name => [`${name}.sol`, name.split('/').pop()]), ...Object.entries(constructed)]
for (const [file, name] of contracts) {
  const compiled = output.contracts[file][name]
  const creation = file in constructed ? '0x' + compiled.evm.bytecode.object : undefined
  const text = JSON.stringify({
    contractName: name,
    compiler: solc.version(),
    evmVersion: settings.evmVersion,
    sourcesSha256: digestOf(compiled.metadata),
    abi: compiled.abi,
    storageLayout: slots(compiled.storageLayout),
    deployedBytecode: '0x' + compiled.evm.deployedBytecode.object,
    creationBytecode: creation,
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
