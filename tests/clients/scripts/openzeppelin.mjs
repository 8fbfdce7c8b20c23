// OpenZeppelin's ERC-20, 721, 1155, 4626, Governor with Timelock and UUPS proxy, exercised.
import { encodeFunctionData, keccak256, toHex, zeroAddress } from 'viem'
import { check, compile, keys, recipient } from './common.mjs'
import { openWallet } from './wallet.mjs'

const made = { ...compile('Token.sol'), ...compile('Suite.sol') }
const wallet = await openWallet(keys.suites)
const me = wallet.account.address

const token = await wallet.deploy(made.Token, 'Token', 'TKN', 10_000n)
await token.write('approve', recipient, 5n)
await token.write('transfer', recipient, 7n)
check(await token.read('allowance', me, recipient) === 5n, 'ERC-20: approve')
check(await token.read('balanceOf', recipient) === 7n, 'ERC-20: transfer')
check((await token.fails('transfer', recipient, 99_999n)).includes('ERC20InsufficientBalance'),
  'ERC-20: a transfer beyond the balance reverts with its custom error')

const nft = await wallet.deploy(made.Nft)
await nft.write('mint', me, 1n)
await nft.write('transferFrom', me, recipient, 1n)
check((await nft.read('ownerOf', 1n)).toLowerCase() === recipient, 'ERC-721: mint and transfer')
check((await nft.fails('ownerOf', 2n)).includes('ERC721NonexistentToken'), 'ERC-721: unknown token')

const multi = await wallet.deploy(made.Multi)
await multi.write('mint', me, 3n, 30n)
await multi.write('safeBatchTransferFrom', me, recipient, [3n, 3n], [1n, 2n], '0x')
const balances = await multi.read('balanceOfBatch', [me, recipient], [3n, 3n])
check(balances[0] === 27n && balances[1] === 3n, 'ERC-1155: batch transfer and balances')

const vault = await wallet.deploy(made.Vault, token.address)
await token.write('approve', vault.address, 1_000n)
await vault.write('deposit', 1_000n, me)
await token.write('transfer', vault.address, 500n)
check(await vault.read('convertToAssets', 1_000n) === 1_499n, 'ERC-4626: shares gain by a gift')
await vault.write('redeem', 400n, me, me)
check(await vault.read('balanceOf', me) === 600n, 'ERC-4626: redeem')

// Governor with Timelock: a proposal sets the timelock's own delay, the way of any upgrade.
const votes = await wallet.deploy(made.VotesToken, 1_000n)
await votes.write('delegate', me)
const timelock = await wallet.deploy(made.Timelock, [], [zeroAddress])
const dao = await wallet.deploy(made.Dao, votes.address, timelock.address)
await timelock.write('grantRole', keccak256(toHex('PROPOSER_ROLE')), dao.address)
const call = encodeFunctionData({
  abi: timelock.abi, functionName: 'updateDelay', args: [5n] })
const proposal = [[timelock.address], [0n], [call]]
await dao.write('propose', ...proposal, 'set the delay')
const description = keccak256(toHex('set the delay'))
const id = await dao.read('hashProposal', ...proposal, description)
const block = () => wallet.send({ to: recipient, value: 1n })
while (await dao.read('state', id) === 0) await block()
await dao.write('castVote', id, 1)
while (await dao.read('state', id) === 1) await block()
check(await dao.read('state', id) === 4, 'Governor: the proposal succeeds')
await dao.write('queue', ...proposal, description)
await block()
await dao.write('execute', ...proposal, description)
check(await timelock.read('getMinDelay') === 5n, 'Governor and Timelock: executed')

const first = await wallet.deploy(made.CounterV1)
const second = await wallet.deploy(made.CounterV2)
const proxy = await wallet.deploy(made.Proxy, first.address)
const counter = wallet.at(proxy.address, made.CounterV1.abi)
await counter.write('increment')
await counter.write('upgradeToAndCall', second.address, '0x')
await counter.write('increment')
check(await counter.read('count') === 11n, 'UUPS: the upgrade keeps state and changes behaviour')
