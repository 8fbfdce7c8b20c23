// ethers 6: deploy, write, read, events, estimate, revert reasons, decisions. Batches by default.
import { Contract, ContractFactory, JsonRpcProvider, NonceManager, Wallet } from 'ethers'
import { check, compileToken, keys, recipient, steering, url } from './common.mjs'

const provider = new JsonRpcProvider(url, undefined, { pollingInterval: 100 })
const wallet = new NonceManager(new Wallet(keys.ethers, provider))

const paid = await (await wallet.sendTransaction({ to: recipient, value: 1n })).wait()
check(paid.status === 1, 'send a transfer')

const { abi, bytecode } = compileToken()
const token = await new ContractFactory(abi, bytecode, wallet).deploy('Ethers', 'ETS', 1000n)
await token.waitForDeployment()
check(await token.symbol() === 'ETS', 'deploy and read')
check(await token.transfer.estimateGas(recipient, 3n) > 30_000n, 'estimate')
const sent = await (await token.transfer(recipient, 3n)).wait()
check(sent.status === 1 && sent.logs.length === 1, 'write')
const events = await token.queryFilter(token.filters.Transfer(), 0)
check(events.length === 2 && events[1].args.value === 3n, 'events')
const error = await token.fail('bad day').then(() => null, failure => failure)
check(error?.reason === 'bad day', 'revert with its reason')
const answers = await Promise.all([
  provider.getBlockNumber(), provider.getBalance(recipient), provider.getFeeData(),
  provider.getBlock('latest', true)])
check(answers[3].prefetchedTransactions.length > 0, 'a batch of reads')

const predeploy = await steering()
if (predeploy) {
  const contract = new Contract(predeploy.address, predeploy.abi, provider)
  const decisions = await contract.queryFilter(contract.filters.Decision(), 0)
  check(decisions.every(d => d.args.id !== undefined), `decisions decoded: ${decisions.length}`)
}
provider.destroy()
