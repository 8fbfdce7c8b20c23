// solc-js in the clothes of solc: --version and --standard-json.
const path = require('node:path')
const solc = require(process.env.HOMEOSTAT_NODE_MODULES
  ? path.join(process.env.HOMEOSTAT_NODE_MODULES, 'solc') : path.join(__dirname, 'node_modules', 'solc'))
const version = solc.version().replace('.Emscripten.clang', '.Linux.gcc')
if (process.argv.includes('--version') || process.argv.includes('-V')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${version}`)
} else if (process.argv.includes('--standard-json')) {
  const parts = []
  process.stdin.on('data', part => parts.push(part))
  process.stdin.on('end', () => process.stdout.write(solc.compile(Buffer.concat(parts).toString())))
} else {
  console.error(`solc: only --version and --standard-json, not: ${process.argv.slice(2).join(' ')}`)
  process.exit(1)
}
