// Multicall3 (the bytecode that viem carries), deployed and used by viem's own batching.
import { createRequire } from 'node:module'
import path from 'node:path'
import { check, compileToken, keys, root } from './common.mjs'
import { openWallet } from './wallet.mjs'

const require = createRequire(import.meta.url)
const constants = require(path.join(root, 'node_modules/viem/_cjs/constants/contracts.js'))
const wallet = await openWallet(keys.suites)
const multicall = await wallet.deploy({ abi: [], bytecode: constants.multicall3Bytecode })
const token = await wallet.deploy(compileToken(), 'Multi', 'MUL', 55n)
const call = (functionName, ...args) => ({ address: token.address, abi: token.abi, functionName, args })
const results = await wallet.client.multicall({
  multicallAddress: multicall.address,
  contracts: [call('symbol'), call('totalSupply'), call('fail', 'inside'), call('decimals')],
})
check(results[0].result === 'MUL' && results[1].result === 55n, 'several reads in one call')
check(results[2].status === 'failure', 'one that reverts does not spoil the others')
