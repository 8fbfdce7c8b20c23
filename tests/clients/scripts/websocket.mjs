// A WebSocket subscriber over 1,000 blocks (or --blocks=N): no gap, none twice, parents
// fit. Transactions are sent meanwhile, so that there are blocks.
import { createPublicClient, webSocket } from 'viem'
import WebSocket from 'ws'
import { check, keys, recipient, socketUrl } from './common.mjs'
import { openWallet } from './wallet.mjs'

const wanted = Number(process.argv.find(a => a.startsWith('--blocks='))?.slice(9) ?? 1000)
const wallet = await openWallet(keys.suites)
const socket = new WebSocket(socketUrl)
const heads = []
let subscribed, finished
const ready = new Promise(resolve => { subscribed = resolve })
const done = new Promise(resolve => { finished = resolve })
socket.onopen = () => socket.send(JSON.stringify(
  { jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] }))
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data)
  if (message.id === 1) subscribed(message.result)
  if (message.method !== 'eth_subscription') return
  heads.push(message.params.result)
  if (heads.length >= wanted) finished()
}
check(await ready, 'subscribed')

let nonce = await wallet.client.getTransactionCount({ address: wallet.account.address })
let stopped = false
const sending = (async () => {
  while (!stopped) {
    const seen = heads.length
    await wallet.wallet.sendTransaction(
      { to: recipient, value: 1n, gas: 21_000n, nonce: nonce++ })
    // One block at a time: wait for the next head before sending more.
    for (let i = 0; i < 500 && heads.length === seen && !stopped; i++) {
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
})()
await Promise.race([done, sending])
stopped = true
await sending
let gaps = 0
for (let i = 1; i < wanted; i++) {
  const follows = BigInt(heads[i].number) === BigInt(heads[i - 1].number) + 1n
  if (!follows || heads[i].parentHash !== heads[i - 1].hash) gaps++
}
check(gaps === 0, `${wanted} heads without a gap (${Number(heads[0].number)} on)`)
socket.close()

const client = createPublicClient({ chain: wallet.chain, transport: webSocket(socketUrl) })
const last = await client.getBlock({ blockNumber: BigInt(heads[wanted - 1].number) })
check(last.hash === heads[wanted - 1].hash, 'the last head is the block at its number')
process.exit(0)
