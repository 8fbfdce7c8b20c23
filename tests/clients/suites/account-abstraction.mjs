// ERC-4337 v0.8: EntryPoint and SimpleAccountFactory as published; a user operation that creates
// its own account and pays, sent by a bundler's handleOps.
import { createRequire } from 'node:module'
import { concat, encodeFunctionData, keccak256, pad, parseEther, stringToHex, toHex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { check, keys, recipient } from '../scripts/common.mjs'
import { openWallet } from '../scripts/wallet.mjs'

const require = createRequire(import.meta.url)
const artifact = name => require(`@account-abstraction/contracts/artifacts/${name}.json`)
const wallet = await openWallet(keys.suites)
const { client } = wallet
const entry = await wallet.deploy(artifact('EntryPoint'))
const factory = await wallet.deploy(artifact('SimpleAccountFactory'), entry.address)
const owner = privateKeyToAccount(generatePrivateKey())
const sender = await factory.read('getAddress', owner.address, 0n)
await wallet.send({ to: sender, value: parseEther('1') })

const simple = artifact('SimpleAccount').abi
const pair = (high, low) => concat([pad(toHex(high), { size: 16 }), pad(toHex(low), { size: 16 })])
async function operation(nonce, initCode) {
  const message = {
    sender, nonce, initCode,
    callData: encodeFunctionData({
      abi: simple, functionName: 'execute', args: [recipient, 11n, '0x'] }),
    accountGasLimits: pair(600_000n, 200_000n), preVerificationGas: 60_000n,
    gasFees: pair(10n ** 9n, 10n ** 11n), paymasterAndData: '0x',
  }
  const signature = await owner.signTypedData({
    domain: { name: 'ERC4337', version: '1', chainId: wallet.chain.id, verifyingContract: entry.address },
    primaryType: 'PackedUserOperation',
    types: { PackedUserOperation: [
      { name: 'sender', type: 'address' }, { name: 'nonce', type: 'uint256' },
      { name: 'initCode', type: 'bytes' }, { name: 'callData', type: 'bytes' },
      { name: 'accountGasLimits', type: 'bytes32' }, { name: 'preVerificationGas', type: 'uint256' },
      { name: 'gasFees', type: 'bytes32' }, { name: 'paymasterAndData', type: 'bytes' }] },
    message,
  })
  return { ...message, signature }
}
const creation = concat([factory.address, encodeFunctionData({
  abi: factory.abi, functionName: 'createAccount', args: [owner.address, 0n] })])
const before = await client.getBalance({ address: recipient })
await entry.write('handleOps', [await operation(0n, creation)], wallet.account.address)
check((await client.getCode({ address: sender }))?.length > 2, 'the operation created its account')
await entry.write('handleOps', [await operation(1n, '0x')], wallet.account.address)
check(await client.getBalance({ address: recipient }) - before === 22n, 'both operations ran')
check(await entry.read('getNonce', sender, 0n) === 2n, 'nonces')
const replay = await entry.fails('handleOps', [await operation(0n, '0x')], wallet.account.address)
check(replay !== null && keccak256(stringToHex(replay)).length === 66 && replay.includes('AA25'),
  'a replayed operation is refused (AA25 invalid account nonce)')
