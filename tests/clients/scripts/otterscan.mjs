// What Otterscan asks of a node (API level 8): preflight, batches, and each page's calls, on
// transactions made here.
import { encodeFunctionData } from 'viem'
import { check, compile, keys, recipient, rpc, url } from './common.mjs'
import { openWallet } from './wallet.mjs'

const wallet = await openWallet(keys.suites)
const me = wallet.account.address
const work = await wallet.deploy(compile('Workload.sol').Workload)
const written = await work.write('write', 1n, 2n)
const caught = await work.write('caught', 3n)
await wallet.send({ to: work.address, value: 9n })
const paid = await work.write('pay', recipient, 4n)

const preflight = await fetch(url, {
  method: 'OPTIONS',
  headers: {
    origin: 'https://otterscan.example', 'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  },
})
check(preflight.ok && preflight.headers.get('access-control-allow-origin'), 'CORS preflight')
const batch = await (await fetch(url, {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify(['ots_getApiLevel', 'eth_chainId', 'eth_blockNumber', 'net_version'].map(
    (method, id) => ({ jsonrpc: '2.0', id, method, params: [] }))),
})).json()
check(batch.find(a => a.id === 0).result === 8 && batch.length === 4, 'batch; API level 8')

const ask = async (method, ...params) => {
  const { result, error } = await rpc(method, ...params)
  if (error) throw new Error(`${method}: ${error.message}`)
  return result
}
const number = Number(written.blockNumber)
const header = await ask('erigon_getHeaderByNumber', number)
check(header.hash === written.blockHash, 'erigon_getHeaderByNumber')
const details = await ask('ots_getBlockDetails', number)
check(details.block.hash === written.blockHash && details.totalFees !== undefined, 'block details')
const same = await ask('ots_getBlockDetailsByHash', written.blockHash)
check(same.block.number === details.block.number, 'block details by hash')
const page = await ask('ots_getBlockTransactions', number, 0, 25)
check(page.fullblock.transactions.length === page.receipts.length, 'block transactions')
check(await ask('ots_hasCode', work.address, 'latest') === true, 'has code')
const creator = await ask('ots_getContractCreator', work.address)
check(creator.creator.toLowerCase() === me.toLowerCase(), 'contract creator')
const trace = await ask('ots_traceTransaction', caught.transactionHash)
check(trace.length > 3 && trace.some(t => t.depth === 4), 'trace of nested calls')
const inner = await ask('ots_getInternalOperations', paid.transactionHash)
check(inner.length === 1 && inner[0].to.toLowerCase() === recipient, 'internal operations')
check(await ask('ots_getTransactionError', written.transactionHash) === '0x', 'no error')
const nonce = (await wallet.client.getTransaction({ hash: written.transactionHash })).nonce
check(await ask('ots_getTransactionBySenderAndNonce', me, nonce) === written.transactionHash,
  'transaction by sender and nonce')
const found = await ask('ots_searchTransactionsBefore', me, 0, 3)
check(found.txs.length >= 3 && found.firstPage === true, 'search before')
const after = await ask('ots_searchTransactionsAfter', me, number - 1, 2)
check(after.txs.some(t => t.hash === written.transactionHash), 'search after')

// Reverts are shown with their error, on a transaction that failed on chain.
const hash = await wallet.wallet.sendTransaction({
  to: work.address, gas: 200_000n,
  data: encodeFunctionData({ abi: work.abi, functionName: 'fail', args: [0n] }),
})
const failed = await wallet.client.waitForTransactionReceipt({ hash, timeout: 60_000 })
check(failed.status === 'reverted', 'a failed transaction')
check((await ask('ots_getTransactionError', hash)).length === 2 + 8 + 64, 'its error')
