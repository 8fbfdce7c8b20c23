// web3 4: deploy, write, read, events, estimate, revert reasons.
import { Web3 } from 'web3'
import { check, compileToken, keys, recipient, url } from './common.mjs'

const web3 = new Web3(url)
web3.eth.transactionPollingInterval = 100
const [account] = web3.eth.accounts.wallet.add(keys.web3)
const from = account.address

check(await web3.eth.net.getId() === await web3.eth.getChainId(), 'net_version is the chain id')
check(Array.isArray(await web3.eth.getAccounts()), 'eth_accounts')
check((await web3.eth.getNodeInfo()).includes('omeostat'), 'client version')
const paid = await web3.eth.sendTransaction({ from, to: recipient, value: '1' })
check(paid.status === 1n, 'send a transfer')

const { abi, bytecode } = compileToken()
const draft = new web3.eth.Contract(abi).deploy({ data: bytecode, arguments: ['Web3', 'WEB', '1000'] })
const token = await draft.send({ from, gas: String(await draft.estimateGas({ from })) })
check(await token.methods.symbol().call() === 'WEB', 'deploy and read')
const gas = await token.methods.transfer(recipient, '3').estimateGas({ from })
check(gas > 30_000n, 'estimate')
const sent = await token.methods.transfer(recipient, '3').send({ from })
check(sent.status === 1n && sent.events.Transfer.returnValues.value === 3n, 'write')
const events = await token.getPastEvents('Transfer', { fromBlock: 0, toBlock: 'latest' })
check(events.length === 2, 'past events')
const error = await token.methods.fail('rain').call().then(() => null, failure => failure)
check(String(error?.cause?.message ?? error).includes('rain'), 'revert with its reason')
const block = await web3.eth.getBlock(sent.blockNumber, true)
check(block.transactions.some(t => t.hash === sent.transactionHash), 'full block')
check((await web3.eth.getFeeHistory(4, 'latest', [25, 75])).baseFeePerGas.length > 1, 'fee history')
process.exit(0)
