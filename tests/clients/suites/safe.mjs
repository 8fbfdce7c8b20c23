// Safe 1.4.1: its contracts deployed here, then a Safe of two owners created and used through
// Safe's own protocol kit.
import { createRequire } from 'node:module'
import { parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import kit from '@safe-global/protocol-kit'
import { check, keys, recipient, url } from '../scripts/common.mjs'
import { openWallet } from '../scripts/wallet.mjs'

const require = createRequire(import.meta.url)
const Safe = kit.default ?? kit
const folder = '@safe-global/safe-contracts/build/artifacts/contracts'
const artifact = file => require(`${folder}/${file}/${file.split('/').pop().replace('.sol', '')}.json`)
const wallet = await openWallet(keys.safe)
const deploy = async file => (await wallet.deploy(artifact(file))).address
const contracts = {
  safeSingletonAddress: await deploy('SafeL2.sol'),
  safeProxyFactoryAddress: await deploy('proxies/SafeProxyFactory.sol'),
  multiSendAddress: await deploy('libraries/MultiSend.sol'),
  multiSendCallOnlyAddress: await deploy('libraries/MultiSendCallOnly.sol'),
  fallbackHandlerAddress: await deploy('handler/CompatibilityFallbackHandler.sol'),
  signMessageLibAddress: await deploy('libraries/SignMessageLib.sol'),
  createCallAddress: await deploy('libraries/CreateCall.sol'),
  simulateTxAccessorAddress: await deploy('accessors/SimulateTxAccessor.sol'),
}
const contractNetworks = { [wallet.chain.id]: contracts }
const otherKey = generatePrivateKey()
const owners = [wallet.account.address, privateKeyToAccount(otherKey).address]
const planned = await Safe.init({
  provider: url, signer: keys.safe, contractNetworks,
  predictedSafe: {
    safeAccountConfig: { owners, threshold: 2 },
    safeDeploymentConfig: { saltNonce: String(Date.now()), safeVersion: '1.4.1' },
  },
})
const safeAddress = await planned.getAddress()
const creation = await planned.createSafeDeploymentTransaction()
await wallet.send({ to: creation.to, value: BigInt(creation.value), data: creation.data })
await wallet.send({ to: safeAddress, value: parseEther('1') })

const safe = await planned.connect(
  { provider: url, signer: keys.safe, safeAddress, contractNetworks })
check(await safe.isSafeDeployed() && await safe.getThreshold() === 2, 'a Safe of two owners')
const transfer = { to: recipient, value: '21', data: '0x' }
let transaction = await safe.createTransaction({ transactions: [transfer, transfer] })
transaction = await safe.signTransaction(transaction)
const other = await Safe.init({ provider: url, signer: otherKey, safeAddress, contractNetworks })
transaction = await other.signTransaction(transaction)
const before = await wallet.client.getBalance({ address: recipient })
const { hash } = await safe.executeTransaction(transaction)
await wallet.mined(hash)
check(await wallet.client.getBalance({ address: recipient }) - before === 42n,
  'a batch signed by both owners is executed')
process.exit(0)
