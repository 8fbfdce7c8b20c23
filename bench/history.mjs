// fill BLOCKS: transfers of one wei to PAYEE until the chain is that long.
// check HISTORY: PAYEE's balance and proof at old blocks against the transfers counted in the
// blocks themselves; a state that is older than HISTORY is refused with words. See bench/history.
import { JsonRpcProvider, Wallet, parseUnits } from 'ethers'

const url = 'http://127.0.0.1:18765'
const key = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const payee = '0x00000000000000000000000000000000000b0b0b'
const hex = n => `0x${n.toString(16)}`

async function post(body) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return response.json()
}
let id = 0
const call = (method, ...params) => ({ jsonrpc: '2.0', id: ++id, method, params })
const ask = async (method, ...params) => {
  const answer = await post(call(method, ...params))
  if (answer.error) throw new Error(`${method}: ${answer.error.message}`)
  return answer.result
}
async function up() {
  for (let i = 0; i < 600; i++) {
    try {
      return Number(await ask('eth_blockNumber'))
    } catch {
      await new Promise(r => setTimeout(r, 100))
    }
  }
  throw new Error('the node does not answer')
}

async function fill(blocks) {
  await up()
  const wallet = new Wallet(key)
  const chainId = Number(await ask('eth_chainId'))
  let nonce = Number(await ask('eth_getTransactionCount', wallet.address, 'latest'))
  const started = Date.now()
  let head = 0
  while ((head = Number(await ask('eth_blockNumber'))) < blocks) {
    const batch = []
    for (let i = 0; i < 3; i++) {
      batch.push(call('eth_sendRawTransaction', await wallet.signTransaction({
        chainId, nonce: nonce++, to: payee, value: 1, gasLimit: 21_000, type: 2,
        maxFeePerGas: parseUnits('100', 'gwei'), maxPriorityFeePerGas: parseUnits('1', 'gwei') })))
    }
    const wrong = (await post(batch)).find(answer => answer.error)
    if (wrong) throw new Error(wrong.error.message)
    await new Promise(r => setTimeout(r, 60))
    if (nonce % 1500 === 0) console.log(`bench-history: block ${head} of ${blocks}`)
  }
  const seconds = (Date.now() - started) / 1000
  console.log(`bench-history: ${head} blocks, ${nonce} transfers in ${seconds.toFixed(0)} s`)
}

async function check(history) {
  const head = await up()
  const paid = [0]
  for (let first = 1; first <= head; first += 100) {
    const batch = []
    for (let n = first; n < first + 100 && n <= head; n++) {
      batch.push(call('eth_getBlockByNumber', hex(n), false))
    }
    // All but transaction 0 pay one wei.
    for (const { result } of await post(batch)) {
      paid.push(paid.at(-1) + result.transactions.length - 1)
    }
  }
  const oldest = history === 'archive' ? 0 : head - Number(history)
  const edges = [oldest, oldest + 1, head, head - 1, head - 127, head - 128, head - 129]
  const wanted = new Set(edges)
  for (let i = 0; i < 400; i++) wanted.add(oldest + Math.floor((head - oldest) * i / 400))
  let worst = 0
  for (const n of [...wanted].filter(n => n >= 0)) {
    const start = performance.now()
    const balance = Number(await ask('eth_getBalance', payee, hex(n)))
    const proof = await ask('eth_getProof', payee, [], hex(n))
    worst = Math.max(worst, performance.now() - start)
    if (balance !== paid[n] || Number(proof.balance) !== paid[n]) {
      throw new Error(`block ${n}: ${balance}, proof ${proof.balance}, paid were ${paid[n]}`)
    }
  }
  console.log(`bench-history: ${wanted.size} states from block ${Math.max(0, oldest)} to ${head} `
    + `agree, the slowest pair of answers took ${worst.toFixed(0)} ms`)
  // Differences are pruned some at a time.
  const gone = oldest - 1000
  if (gone > 0) {
    const answer = await post(call('eth_getBalance', payee, hex(gone)))
    if (!answer.error) throw new Error(`block ${gone} is older than the history and answered`)
    console.log(`bench-history: block ${gone}: ${answer.error.message}`)
  }
}

const [what, argument] = process.argv.slice(2)
await (what === 'fill' ? fill(Number(argument)) : check(argument))
