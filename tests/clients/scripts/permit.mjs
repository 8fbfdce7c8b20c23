// EIP-712: ERC-2612 permit of OpenZeppelin, and transfers by signature in Permit2's manner.
import { parseSignature } from 'viem'
import { check, compile, keys, recipient } from './common.mjs'
import { openWallet } from './wallet.mjs'

const made = compile('Suite.sol')
const wallet = await openWallet(keys.suites)
const { account, chain } = wallet
const deadline = 2n ** 40n

const token = await wallet.deploy(made.VotesToken, 1_000n)
const { v, r, s } = parseSignature(await account.signTypedData({
  domain: { name: 'Votes', version: '1', chainId: chain.id, verifyingContract: token.address },
  primaryType: 'Permit',
  types: { Permit: [
    { name: 'owner', type: 'address' }, { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' }, { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' }] },
  message: { owner: account.address, spender: recipient, value: 9n, nonce: 0n, deadline },
}))
await token.write('permit', account.address, recipient, 9n, deadline, Number(v), r, s)
check(await token.read('allowance', account.address, recipient) === 9n, 'ERC-2612 permit')

const permits = await wallet.deploy(made.SignatureTransfer)
await token.write('approve', permits.address, 100n)
const message = {
  token: token.address, amount: 40n, spender: account.address, nonce: 258n, deadline }
const signature = await account.signTypedData({
  domain: {
    name: 'SignatureTransfer', version: '1', chainId: chain.id, verifyingContract: permits.address },
  primaryType: 'PermitTransferFrom',
  types: { PermitTransferFrom: [
    { name: 'token', type: 'address' }, { name: 'amount', type: 'uint256' },
    { name: 'spender', type: 'address' }, { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' }] },
  message,
})
const args = [account.address, token.address, 40n, 258n, deadline, recipient, signature]
await permits.write('permitTransferFrom', ...args)
check(await token.read('balanceOf', recipient) === 40n, 'transfer by signature')
check((await permits.fails('permitTransferFrom', ...args)).includes('UsedNonce'), 'replay refused')
