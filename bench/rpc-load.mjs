// JSON-RPC load by autocannon, 50 connections: requests a second and latency of eth_blockNumber,
// eth_call (balanceOf) and eth_getLogs, of each URL in turn and again in turn, so that a slow spell of
// the machine meets both. Deploys a token on each chain and makes transfers to have logs.
//
//   node rpc-load.mjs NAME=URL NAME=URL … [--seconds=5] [--rounds=3]     (see bench/rpc)
import autocannon from 'autocannon'
import { Rpc } from './rpc.mjs'
import { Contract, ContractFactory, JsonRpcProvider, NonceManager, Wallet } from 'ethers'
import { readFileSync } from 'node:fs'

const key = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const option = (name, otherwise) =>
  Number(process.argv.find(a => a.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise)
const seconds = option('seconds', 5)
const rounds = option('rounds', 3)
const targets = process.argv.slice(2).filter(a => !a.startsWith('--')).map(a => {
  const [name, ...url] = a.split('=')
  return { name, url: url.join('=') }
})
const artifact = JSON.parse(readFileSync('token.json', 'utf8'))

async function prepare(url) {
  const provider = new JsonRpcProvider(url, undefined, { pollingInterval: 100 })
  const wallet = new NonceManager(new Wallet(key, provider))
  const token = await new ContractFactory(artifact.abi, artifact.bytecode, wallet)
    .deploy('Load', 'LOAD', 10n ** 24n)
  await token.waitForDeployment()
  const sent = []
  for (let i = 0; i < 20; i++) sent.push(await token.transfer(`0x${String(i + 1).padStart(40, '0')}`, 5n))
  await Promise.all(sent.map(transaction => transaction.wait()))
  const address = await token.getAddress()
  provider.destroy()
  const body = (method, ...params) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const data = token.interface.encodeFunctionData('balanceOf', [`0x${'1'.padStart(40, '0')}`])
  const bodies = {
    eth_blockNumber: body('eth_blockNumber'),
    eth_call: body('eth_call', { to: address, data }, 'latest'),
    eth_getLogs: body('eth_getLogs', { address, fromBlock: '0x1', toBlock: 'latest' }),
  }
  for (const [method, text] of Object.entries(bodies)) {
    const answer = JSON.parse(await new Rpc(url).post(text))
    const fine = method === 'eth_getLogs' ? answer.result?.length === 21
      : method === 'eth_call' ? BigInt(answer.result ?? 0) === 5n : answer.result
    if (!fine) throw new Error(`${url}: ${method} answers ${JSON.stringify(answer).slice(0, 200)}`)
  }
  return bodies
}

function fire(url, body) {
  return autocannon({
    url, connections: 50, duration: seconds, method: 'POST', body,
    headers: { 'content-type': 'application/json' },
  })
}

const median = values => values.sort((a, b) => a - b)[values.length >> 1]
for (const target of targets) target.bodies = await prepare(target.url)
const rows = []
for (const method of ['eth_blockNumber', 'eth_call', 'eth_getLogs']) {
  for (const { url, bodies } of targets) await autocannon({
    url, connections: 50, duration: 2, method: 'POST', body: bodies[method],
    headers: { 'content-type': 'application/json' } })
  const seen = targets.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, { url, bodies }] of targets.entries()) seen[i].push(await fire(url, bodies[method]))
  }
  for (const [i, { name }] of targets.entries()) {
    const bad = seen[i].reduce((sum, run) => sum + run.non2xx + run.errors + run.timeouts, 0)
    rows.push({
      method, name, requestsPerSecond: Math.round(median(seen[i].map(run => run.requests.average))),
      p99Ms: median(seen[i].map(run => run.latency.p99)), failed: bad,
    })
    console.log(JSON.stringify(rows.at(-1)))
  }
}
for (const row of rows.filter(r => r.name === targets[0].name)) {
  for (const other of rows.filter(r => r.method === row.method && r.name !== row.name)) {
    const ratio = (row.requestsPerSecond / other.requestsPerSecond).toFixed(2)
    console.log(`${row.method}: ${row.name} / ${other.name} = ${ratio} (p99 ${row.p99Ms} and ${other.p99Ms} ms)`)
  }
}
