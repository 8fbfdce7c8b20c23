// viem: deploy, write, read, events, estimate, revert reasons, subscriptions, decisions.
import {
  createPublicClient, createWalletClient, defineChain, http, parseEther, webSocket,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { check, compileToken, keys, recipient, rpc, steering, url } from './common.mjs'

const id = Number((await rpc('eth_chainId')).result)
const chain = defineChain({
  id, name: 'Homeostat', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [url] } },
})
const account = privateKeyToAccount(keys.viem)
const client = createPublicClient({ chain, transport: http(), pollingInterval: 100 })
const wallet = createWalletClient({ chain, account, transport: http() })
const wait = hash => client.waitForTransactionReceipt({ hash, timeout: 60_000 })

const paid = await wait(await wallet.sendTransaction({ to: recipient, value: parseEther('0.001') }))
check(paid.status === 'success', 'send a transfer')

const { abi, bytecode } = compileToken()
const deployed = await wait(await wallet.deployContract({ abi, bytecode, args: ['Viem', 'VIE', 1000n] }))
const token = { address: deployed.contractAddress, abi }
check(deployed.status === 'success' && token.address, `deploy: ${token.address}`)
check(await client.readContract({ ...token, functionName: 'symbol' }) === 'VIE', 'read')

const call = { ...token, functionName: 'transfer', args: [recipient, 5n], account }
const gas = await client.estimateContractGas(call)
check(gas > 30_000n && gas < 80_000n, `estimate: ${gas}`)
const { request } = await client.simulateContract(call)
const sent = await wait(await wallet.writeContract(request))
check(sent.status === 'success' && sent.gasUsed <= gas, 'write')

const events = await client.getContractEvents({
  ...token, eventName: 'Transfer', fromBlock: deployed.blockNumber })
check(events.length === 2 && events[1].args.value === 5n, 'events')

for (const attempt of [client.readContract({ ...token, functionName: 'fail', args: ['no luck'] }),
  client.estimateContractGas({ ...token, functionName: 'fail', args: ['no luck'], account })]) {
  const error = await attempt.then(() => null, failure => failure)
  check(error && String(error.message).includes('no luck'), 'revert with its reason')
}

const fees = await client.estimateFeesPerGas()
check(fees.maxFeePerGas > 0n, 'fees')
const full = await client.getBlock({ blockNumber: sent.blockNumber, includeTransactions: true })
check(full.transactions.some(t => t.hash === sent.transactionHash), 'full block')
check((await client.getProof({ address: token.address, storageKeys: ['0x0'] })).accountProof.length > 0,
  'proof')

const socket = createPublicClient({ chain, transport: webSocket(url.replace('http', 'ws')) })
const head = new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error('no head in 30 s')), 30_000)
  const stop = socket.watchBlockNumber({
    emitOnBegin: false,
    onBlockNumber: number => { clearTimeout(timer); stop(); resolve(number) },
    onError: reject,
  })
})
// Blocks come on demand and viem does not say when it has subscribed: send until one is seen.
let seen = 0n
for (let i = 0; i < 20 && !seen; i++) {
  await wait(await wallet.sendTransaction({ to: recipient, value: 1n }))
  seen = await Promise.race([head, new Promise(resolve => setTimeout(() => resolve(0n), 500))])
}
check(seen > 0n, 'subscription to heads')

const predeploy = await steering()
if (predeploy) {
  const decisions = await client.getContractEvents({
    ...predeploy, eventName: 'Decision', fromBlock: 0n })
  check(decisions.every(d => d.args.id !== undefined), `decisions decoded: ${decisions.length}`)
}
process.exit(0)
