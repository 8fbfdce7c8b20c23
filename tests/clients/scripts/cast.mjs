// cast: send, call, receipt, block --full, logs, estimate, nonce, balance.
import { check, keys, recipient, rpc, steering, tool, url } from './common.mjs'

const cast = (...args) => tool('cast', [...args, '--rpc-url', url])
const address = tool('cast', ['wallet', 'address', keys.cast])

check(/^\d+$/.test(cast('chain-id')), 'chain id')
check(/^\d+$/.test(cast('block-number')), 'block number')
check(/^\d+$/.test(cast('gas-price')), 'gas price')

const before = BigInt(cast('balance', recipient))
const receipt = JSON.parse(
  cast('send', recipient, '--value', '12345', '--private-key', keys.cast, '--json'))
check(receipt.status === '0x1', 'send a transfer')
check(BigInt(cast('balance', recipient)) - before === 12345n, 'balance after it')
check(BigInt(cast('estimate', recipient, '--value', '1', '--from', address)) === 21000n, 'estimate')
check(Number(cast('nonce', address)) > 0, 'nonce')

const legacy = JSON.parse(
  cast('send', recipient, '--value', '1', '--private-key', keys.cast, '--legacy', '--json'))
check(legacy.status === '0x1' && legacy.type === '0x0', 'send a legacy transfer')

const block = JSON.parse(cast('block', String(BigInt(receipt.blockNumber)), '--full', '--json'))
check(block.transactions.some(t => t.hash === receipt.transactionHash), 'block --full holds it')
const shown = cast('tx', receipt.transactionHash, '--json')
check(JSON.parse(shown).value === '0x3039', 'tx by hash')

// What a call to the identity precompile returns is its input.
check(cast('call', '0x0000000000000000000000000000000000000004', '--data', '0x1234') === '0x1234',
  'call')

const predeploy = await steering()
if (predeploy) {
  const logs = JSON.parse(cast('logs', '--address', predeploy.address, '--from-block', '0', '--json'))
  check(Array.isArray(logs), `logs of the Steering predeploy: ${logs.length}`)
  if (logs.length) {
    const decided = JSON.parse(
      cast('block', String(BigInt(logs[0].blockNumber)), '--full', '--json'))
    check(decided.hash === logs[0].blockHash, 'block --full of a block with a decision')
  }
}
const wrong = await rpc('eth_sendRawTransaction', '0x02')
check(wrong.error !== undefined, 'a malformed transaction is refused')
