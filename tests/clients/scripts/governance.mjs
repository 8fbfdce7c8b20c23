// A standing rule on a live development network: written and proposed with cast, voted with viem,
// adopted through the timelock; then it fires under load as often as its limit allows and no more,
// and never without its condition. HOMEOSTAT_RULE_SECONDS is its limit, 20 s in place of an hour.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import {
  createPublicClient, createWalletClient, defineChain, encodeAbiParameters, encodeFunctionData,
  http, keccak256, parseEther, parseEventLogs, stringToHex,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { check, recipient, root, rpc, tool, url } from './common.mjs'

const seconds = Number(process.env.HOMEOSTAT_RULE_SECONDS ?? 20)
const loadSeconds = Number(process.env.HOMEOSTAT_LOAD_SECONDS ?? 5 * seconds)
const artifact = name => JSON.parse(readFileSync(
  path.join(root, `../../contracts/artifacts/${name}.json`), 'utf8')).abi
const place = number => `0x${number.toString(16).padStart(40, '0')}`
const steering = { address: place(0x484f0001), abi: artifact('Steering') }
const constitution = { address: place(0x484f0002), abi: artifact('Constitution') }
const burner = place(0x484f0010)
const governor = { address: place(0x484f0021), abi: artifact('HomeostatGovernor') }
const votes = { address: place(0x484f0022), abi: artifact('StakeVotes') }
const dryRuns = { address: place(0x484f0028), abi: artifact('DryRuns') }
const book = { address: place(0x484f0023), abi: artifact('RuleBook') }

const id = Number((await rpc('eth_chainId')).result)
const chain = defineChain({
  id, name: 'homeostat', nativeCurrency: { name: 'coin', symbol: 'COIN', decimals: 18 },
  rpcUrls: { default: { http: [url] } },
})
const client = createPublicClient({ chain, transport: http(url), pollingInterval: 200 })
const wallet = i => createWalletClient({
  chain, transport: http(url),
  account: mnemonicToAccount('test test test test test test test test test test test junk',
    { addressIndex: i }),
})
const voters = [0, 1, 2].map(wallet)
const castKey = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const sleep = ms => new Promise(done => setTimeout(done, ms))
const send = async (from, call) => {
  const hash = await from.writeContract({ ...call, chain })
  const receipt = await client.waitForTransactionReceipt({ hash, timeout: 60_000 })
  check(receipt.status === 'success', `${call.functionName} in block ${receipt.blockNumber}`)
  return receipt
}
// An idle network makes no blocks, and the chain's clock is that of its last one.
const ticker = wallet(4)
const idle = async duration => {
  for (const end = Date.now() + duration; Date.now() < end;) {
    const hash = await ticker.sendTransaction({ to: recipient, value: 1n, chain })
    await client.waitForTransactionReceipt({ hash, timeout: 60_000 })
    await sleep(250)
  }
}
const cast = (to, value, signature, ...args) => tool('cast', [
  'send', to, signature, ...args, '--value', value, '--private-key', castKey, '--rpc-url', url,
  '--json'])

await idle(1) // The first block of a new chain, whose clock is genesis' until then.
const total = await client.readContract({ ...votes, functionName: 'totalSupply' })
let held = 0n
for (const voter of voters) {
  held += await client.readContract(
    { ...votes, functionName: 'getVotes', args: [voter.account.address] })
}
check(held * 2n > total, `the voters hold ${held} of ${total}`)

// last(executionMicros) > 2000, in each of 20 blocks: scale the gas target by 0.9, held 8 blocks.
const condition = '0x010105010001020000000000000' + (2000).toString(16).padStart(3, '0') + '1611'
const capacity = stringToHex('capacity', { size: 32 })
const action = encodeAbiParameters(
  [{ type: 'bytes32' }, { type: 'uint32' }, { type: 'uint8[]' }, { type: 'uint8[]' },
    { type: 'uint64[]' }],
  [capacity, 8, [0], [1], [9000n]])
const expiry = Math.floor(Date.now() / 1000) + 30 * 86_400
const purpose = `at over 2 ms a block for 20 blocks lower the gas target ${Date.now()}`
const shape = [{ type: 'tuple', components: [
  { type: 'bytes' }, { type: 'uint8' }, { type: 'bytes' }, { type: 'uint32' }, { type: 'uint32' },
  { type: 'uint32' }, { type: 'uint64' }, { type: 'uint256' }, { type: 'string' }] }]
const rule = keccak256(encodeAbiParameters(shape,
  [[condition, 1, action, 20, seconds, 1000, BigInt(expiry), 0n, purpose]]))
cast(book.address, '1ether',
  'write((bytes,uint8,bytes,uint32,uint32,uint32,uint64,uint256,string))',
  `(${condition},1,${action},20,${seconds},1000,${expiry},0,${purpose})`)
const status = async () => (await client.readContract(
  { ...book, functionName: 'stateOf', args: [rule] })).status
check(await status() === 1, `rule ${rule} is written`)

const adopt = encodeFunctionData({ ...book, functionName: 'adopt', args: [rule] })
cast(governor.address, '0', 'propose(address[],uint256[],bytes[],string)',
  `[${book.address}]`, '[0]', `[${adopt}]`, purpose)
const proposal = await client.readContract({
  ...governor, functionName: 'getProposalId',
  args: [[book.address], [0n], [adopt], keccak256(stringToHex(purpose))] })
const stateOf = () => client.readContract({ ...governor, functionName: 'state', args: [proposal] })
const reach = async wanted => {
  for (let i = 0; i < 120 && await stateOf() !== wanted; i++) await idle(1)
  check(await stateOf() === wanted, `the proposal is in state ${wanted}`)
}
await reach(1)
for (const voter of voters) {
  await send(voter, { ...governor, functionName: 'castVote', args: [proposal, 1] })
}
await reach(4)
let refused = false
await client.simulateContract({
  ...governor, functionName: 'queue', args: [proposal], account: voters[1].account,
}).catch(error => { refused = /DryRunMissing/.test(error.message) })
check(refused, 'it is not queued before its dry run')
await send(voters[1], {
  ...dryRuns, functionName: 'request', args: [proposal], value: parseEther('1') })
const dryRun = async () => (await rpc('homeostat_dryRun', proposal.toString())).result
let run = await dryRun()
for (let i = 0; i < 120 && 3n * BigInt(run.attestedWeight) <= 2n * BigInt(run.totalWeight); i++) {
  await idle(250)
  run = await dryRun()
}
console.log(`  dry run ${run.verdict} over ${Number(run.blocks)} blocks, attested by ${
  Number(run.attestedWeight)} of ${Number(run.totalWeight)} in block ${
  await client.getBlockNumber()}, requested in ${Number(run.requestedAt)}`)
check(3n * BigInt(run.attestedWeight) > 2n * BigInt(run.totalWeight),
  'validators attest what this node computes')
await send(voters[2], { ...dryRuns, functionName: 'conclude', args: [proposal, run.result] })
check((await dryRun()).status === 'passed', 'the dry run passed')
await send(voters[1], { ...governor, functionName: 'queue', args: [proposal] })
await send(voters[1], { ...dryRuns, functionName: 'release', args: [proposal] })
await idle(4_000)
await send(voters[1], { ...governor, functionName: 'execute', args: [proposal] })
check(await status() === 2, 'the rule is in force')
const adopted = await client.getBlockNumber()

const firings = async () => parseEventLogs({
  abi: steering.abi, eventName: 'Decision',
  logs: await client.getLogs({ address: steering.address, fromBlock: adopted }),
}).filter(log => log.args.modelHash === rule)
await idle(seconds * 1_000 + 5_000)
check((await firings()).length === 0, 'it does not fire while there is little to execute')

console.log(`  load for ${loadSeconds} s`)
const sender = wallet(3)
let nonce = await client.getTransactionCount({ address: sender.account.address })
const end = Date.now() + loadSeconds * 1_000
while (Date.now() < end) {
  const latest = await client.getTransactionCount({ address: sender.account.address })
  for (; nonce < latest + 16; nonce++) {
    await sender.sendTransaction({
      to: burner, data: `0x${(3_000_000).toString(16).padStart(64, '0')}`, gas: 3_100_000n, nonce,
      maxFeePerGas: parseEther('0.000001'), maxPriorityFeePerGas: 0n })
  }
  await sleep(150)
}
const fired = await firings()
const times = []
for (const log of fired) {
  times.push(Number((await client.getBlock({ blockNumber: log.blockNumber })).timestamp))
}
const gaps = times.slice(1).map((time, i) => time - times[i])
console.log(`  fired in blocks ${fired.map(log => log.blockNumber).join(', ')}; gaps of ${gaps} s`)
check(fired.length >= 2, 'it fires again and again under load')
check(gaps.every(gap => gap >= seconds), 'no more often than its limit allows')
check(gaps.every(gap => gap <= seconds + 12), 'as often as its limit allows')
for (const log of fired) {
  check(log.args.readings[0] > 2000n, `its condition held: ${log.args.readings[0]} µs`)
  check(log.args.ruling === 1 && log.args.actor === 3, 'the Constitution applied it')
}
const first = fired[0]
const before = await client.readContract({
  ...constitution, functionName: 'inForce', args: [capacity],
  blockNumber: first.blockNumber - 1n })
check(first.args.inForce[0] === before[0] * 9n / 10n, `${before[0]} → ${first.args.inForce[0]}`)
console.log((await rpc('homeostat_explain', Number(first.args.id))).result)

await idle(15_000)
const settled = (await firings()).length
await idle(seconds * 1_000 + 10_000)
check((await firings()).length === settled, 'the load is over, and it fires no more')
const outcomes = parseEventLogs({
  abi: steering.abi, eventName: 'Outcome',
  logs: await client.getLogs({ address: steering.address, fromBlock: adopted }),
}).filter(log => fired.some(firing => firing.args.id === log.args.id))
check(outcomes.length === fired.length, `each of ${fired.length} firings has its outcome`)
console.log(`  transaction 0 of a block with a firing: ${
  (await client.getTransactionReceipt({ hash: (await client.getBlock(
    { blockNumber: first.blockNumber })).transactions[0] })).gasUsed} gas`)
