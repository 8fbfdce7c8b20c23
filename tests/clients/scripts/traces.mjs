// debug_traceTransaction next to anvil's: 200 transactions of many shapes are made here, then every
// transaction that users ever sent on this chain (so the other scripts' too) is executed again by
// anvil from the same genesis balances and signed bytes, in blocks with the same number, time, base
// fee and beneficiary. Compared for each: gas, failure, returned bytes; for each step pc, op, depth,
// gas and the storage touched. What differs is printed.
//
//   node scripts/traces.mjs URL [--transactions=200] [--port=PORT]
import { spawn } from 'node:child_process'
import path from 'node:path'
import { concat, encodeFunctionData, keccak256, numberToHex, pad, parseEther, toHex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { check, compile, keys, root, rpc } from './common.mjs'
import { openWallet } from './wallet.mjs'

const option = (name, otherwise) =>
  Number(process.argv.find(a => a.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise)
const wanted = option('transactions', 200)
const port = option('port', 28599)
const peer = `http://127.0.0.1:${port}`

async function ask(url, method, ...params) {
  const response = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const { result, error } = await response.json()
  if (error) throw new Error(`${method}: ${error.message}`)
  return result
}
const ours = async (method, ...params) => {
  const { result, error } = await rpc(method, ...params)
  if (error) throw new Error(`${method}: ${error.message}`)
  return result
}
const theirs = (method, ...params) => ask(peer, method, ...params)

/** Transactions that deploy, write, clear, revert at depth, run out of gas, delegate, destroy… */
async function makeTransactions() {
  const bank = await openWallet(keys.suites)
  const key = generatePrivateKey()
  const sender = privateKeyToAccount(key)
  await bank.send({ to: sender.address, value: parseEther('50') })
  const wallet = await openWallet(key)
  const made = compile('Workload.sol')
  const hashes = []
  let nonce = 0
  const gasPrice = await wallet.client.getGasPrice()
  const send = async (to, data, extra = {}) => {
    const raw = await sender.signTransaction({
      type: 'eip1559', chainId: wallet.chain.id, nonce: nonce++, to, data, gas: 400_000n,
      maxFeePerGas: gasPrice * 20n, maxPriorityFeePerGas: 0n, ...extra,
    })
    hashes.push(await wallet.client.sendRawTransaction({ serializedTransaction: raw }))
  }
  await send(undefined, made.Workload.bytecode, { gas: 3_000_000n })
  const target = (await wallet.mined(hashes[0])).contractAddress
  const call = (name, ...args) => encodeFunctionData({
    abi: made.Workload.abi, functionName: name, args })
  const salt = i => pad(numberToHex(i), { size: 32 })
  const child = i => `0x${keccak256(concat(['0xff', target, salt(i),
    keccak256(concat([made.Child.bytecode, salt(0)]))])).slice(26)}`
  const shapes = [
    i => [call('write', BigInt(i % 7), BigInt(i))],
    i => [call('write', BigInt(i % 7), 0n), { value: BigInt(i) }],
    i => [call('loop', BigInt(i % 30))],
    i => [call('caught', BigInt(i % 9))],
    i => [call('fail', BigInt(i % 4))],
    i => [call('guarded', BigInt(i % 5))],
    i => [call('deploy', salt(i), false)],
    i => [call('deploy', salt(i), true)],
    i => [call('deploy', salt(i - 2), false)],
    i => [call('delegate', child(i - 3), BigInt(i))],
    i => [call('precompiles', toHex('p'.repeat(i)))],
    i => [call('pay', target, BigInt(i))],
    i => [call('pay', pad(numberToHex(0x10000 + i), { size: 20 }), 1n)],
    i => [call('destroy', salt(i))],
    i => [call('clear', 0n, BigInt(i % 8))],
    () => [call('burn'), { gas: 60_000n }],
    () => [call('invalid'), { gas: 60_000n }],
    i => [call('write', 3n, BigInt(i)), { gas: 30_000n }],
    i => [call('write', 5n, BigInt(i)), {
      type: 'eip2930', gasPrice: gasPrice * 2n, maxFeePerGas: undefined,
      maxPriorityFeePerGas: undefined,
      accessList: [{ address: target, storageKeys: [salt(0)] }],
    }],
    i => ['0x', { value: BigInt(i) }],
    i => [call('look', child(i - 14))],
  ]
  for (let i = 0; hashes.length < wanted; i++) {
    const [data, extra] = shapes[i % shapes.length](i)
    await send(target, data, extra)
    if (i % 40 === 39) await wallet.client.waitForTransactionReceipt({ hash: hashes.at(-1) })
  }
  await wallet.client.waitForTransactionReceipt({ hash: hashes.at(-1), timeout: 60_000 })
  return hashes
}

async function startPeer(chainId) {
  const anvil = spawn(
    path.join(root, 'node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil'),
    ['--port', String(port), '--chain-id', String(chainId), '--hardfork', 'osaka', '--no-mining',
      '--steps-tracing', '--silent', '--accounts', '1', '--gas-limit', '1000000000',
      '--timestamp', '1', '--disable-default-create2-deployer'], { stdio: 'inherit' })
  process.on('exit', () => anvil.kill())
  for (let i = 0; i < 100; i++) {
    if (await theirs('eth_chainId').catch(() => null)) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error('anvil did not start')
}

/** Blocks with users' transactions, oldest first; transaction 0 of a block is the protocol's. */
async function usersBlocks() {
  const head = Number(await ours('eth_blockNumber'))
  const blocks = []
  for (let number = 1; number <= head; number++) {
    const block = await ours('eth_getBlockByNumber', numberToHex(number), true)
    block.transactions = block.transactions.filter(t => BigInt(t.transactionIndex) > 0n)
    if (block.transactions.length) blocks.push(block)
  }
  return blocks
}

async function giveGenesisBalances(blocks) {
  const senders = new Set(blocks.flatMap(block => block.transactions.map(t => t.from)))
  for (const sender of senders) {
    const balance = await ours('eth_getBalance', sender, '0x0')
    if (BigInt(balance) > 0n) await theirs('anvil_setBalance', sender, balance)
  }
}

/** Mines the block's transactions on anvil; true when time and number are the same. */
async function mineAlike(block) {
  const missing = Number(block.number) - 1 - Number(await theirs('eth_blockNumber'))
  if (missing > 0) await theirs('anvil_mine', numberToHex(missing), '0x0')
  await theirs('anvil_setCoinbase', block.miner)
  await theirs('anvil_setNextBlockBaseFeePerGas', block.baseFeePerGas)
  await theirs('evm_setNextBlockTimestamp', block.timestamp)
  for (const { hash } of block.transactions) {
    await theirs('eth_sendRawTransaction', await ours('eth_getRawTransactionByHash', hash))
  }
  await theirs('evm_mine')
  const mined = await theirs('eth_getBlockByNumber', 'latest', false)
  return mined.number === block.number && mined.timestamp === block.timestamp
}

const words = storage => Object.entries(storage ?? {})
  .map(([slot, value]) => `${BigInt(slot.startsWith('0x') ? slot : `0x${slot}`)}=` +
    `${BigInt(value.startsWith('0x') ? value : `0x${value}`)}`).sort().join()

function differences(mine, other) {
  const found = []
  const compare = (what, a, b) => { if (a !== b) found.push(`${what}: ${a} here, ${b} there`) }
  compare('gas', mine.gas, other.gas)
  compare('failed', mine.failed, other.failed)
  compare('returned', mine.returnValue.replace(/^0x/, ''), other.returnValue.replace(/^0x/, ''))
  compare('steps', mine.structLogs.length, other.structLogs.length)
  for (let i = 0; i < Math.min(mine.structLogs.length, other.structLogs.length); i++) {
    const [a, b] = [mine.structLogs[i], other.structLogs[i]]
    for (const field of ['pc', 'op', 'depth', 'gas']) compare(`step ${i} ${field}`, a[field], b[field])
    compare(`step ${i} storage`, words(a.storage), words(b.storage))
    if (found.length > 5) break
  }
  return found
}

const hashes = await makeTransactions()
check(hashes.length >= wanted, `${hashes.length} transactions made`)
await startPeer(Number(await ours('eth_chainId')))
const blocks = await usersBlocks()
await giveGenesisBalances(blocks)
let compared = 0, steps = 0, differing = 0
for (const block of blocks) {
  if (!await mineAlike(block)) console.log(`  block ${Number(block.number)}: anvil gave it another time or number`)
  for (const { hash } of block.transactions) {
    const [mine, other, receipt] = await Promise.all([
      ours('debug_traceTransaction', hash, {}), theirs('debug_traceTransaction', hash, {}),
      theirs('eth_getTransactionReceipt', hash)])
    // anvil's trace has the block's cumulative gas where geth's has the transaction's.
    const found = differences(mine, { ...other, gas: Number(receipt.gasUsed) })
    compared++
    steps += mine.structLogs.length
    if (found.length) {
      differing++
      console.log(`  ${hash}\n    ${found.slice(0, 6).join('\n    ')}`)
    }
  }
}
check(compared >= wanted && differing === 0,
  `${compared} transactions, ${steps} steps, ${differing} that differ`)
process.exit(0)
