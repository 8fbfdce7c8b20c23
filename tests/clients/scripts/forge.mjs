// forge create of an OpenZeppelin ERC-20, cast on it, forge script and forge test on a fork of it.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { check, keys, recipient, root, tool, url } from './common.mjs'

rmSync(path.join(root, 'out'), { recursive: true, force: true })
const text = tool('forge', ['create', 'contracts/Token.sol:Token', '--rpc-url', url,
  '--private-key', keys.forge, '--broadcast', '--json',
  '--constructor-args', 'Forged', 'FRG', '1000000'])
const token = /"deployedTo"\s*:\s*"(0x[0-9a-fA-F]{40})"/.exec(text)?.[1]
check(token, `forge create: ${token}`)

const cast = (...args) => tool('cast', [...args, '--rpc-url', url])
check(cast('call', token, 'symbol()(string)') === '"FRG"', 'symbol')
const sent = JSON.parse(cast('send', token, 'transfer(address,uint256)', recipient, '77',
  '--private-key', keys.forge, '--json'))
check(sent.status === '0x1' && sent.logs.length === 1, 'transfer')
check(cast('call', token, 'balanceOf(address)(uint256)', recipient) === '77', 'balance')
const logs = JSON.parse(cast('logs', 'Transfer(address indexed,address indexed,uint256)',
  '--address', token, '--from-block', '0', '--json'))
check(logs.length === 2, 'logs: the mint and the transfer')
let reason = ''
try {
  cast('call', token, 'fail(string)', 'because')
} catch (error) {
  reason = String(error.stderr)
}
check(reason.includes('execution reverted: because'), 'revert with its reason')

const script = tool('forge', ['script', 'script/Deploy.s.sol:Deploy', '--rpc-url', url,
  '--private-key', keys.forge, '--broadcast'])
check(script.includes('ONCHAIN EXECUTION COMPLETE & SUCCESSFUL'), 'forge script --broadcast')
const tested = tool('forge', ['test', '--fork-url', url], { env: { ...process.env, TOKEN: token } })
check(/2 tests passed, 0 failed/.test(tested) || /2 passed; 0 failed/.test(tested),
  'forge test --fork-url')
