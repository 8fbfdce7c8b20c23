// Uniswap V2 core as published (solc 0.5.16): factory, pair by CREATE2, liquidity, a swap.
import { createRequire } from 'node:module'
import { check, compileToken, keys } from '../scripts/common.mjs'
import { openWallet } from '../scripts/wallet.mjs'

const require = createRequire(import.meta.url)
const artifact = name => {
  const { abi, bytecode } = require(`@uniswap/v2-core/build/${name}.json`)
  return { abi, bytecode: bytecode.startsWith('0x') ? bytecode : `0x${bytecode}` }
}
const wallet = await openWallet(keys.suites)
const me = wallet.account.address
const factory = await wallet.deploy(artifact('UniswapV2Factory'), me)
const token = compileToken()
const one = await wallet.deploy(token, 'One', 'ONE', 10n ** 24n)
const two = await wallet.deploy(token, 'Two', 'TWO', 10n ** 24n)
await factory.write('createPair', one.address, two.address)
const address = await factory.read('getPair', one.address, two.address)
const pair = wallet.at(address, artifact('UniswapV2Pair').abi)
await one.write('transfer', address, 10n ** 20n)
await two.write('transfer', address, 4n * 10n ** 20n)
await pair.write('mint', me)
check(await pair.read('balanceOf', me) === 2n * 10n ** 20n - 1000n, 'liquidity')

const [left, right] = await pair.read('getReserves')
const isOneFirst = (await pair.read('token0')).toLowerCase() === one.address.toLowerCase()
const [fromReserve, toReserve] = isOneFirst ? [left, right] : [right, left]
const paid = 10n ** 18n
const out = (paid * 997n * toReserve) / (fromReserve * 1000n + paid * 997n)
await one.write('transfer', address, paid)
const order = amount => isOneFirst ? [0n, amount] : [amount, 0n]
check((await pair.fails('swap', ...order(out + 1n), me, '0x')).includes('UniswapV2: K'),
  'a swap for more than the invariant allows reverts')
const before = await two.read('balanceOf', me)
const receipt = await pair.write('swap', ...order(out), me, '0x')
check(await two.read('balanceOf', me) - before === out, 'swap')
check(receipt.logs.length === 3, 'swap: Transfer, Sync and Swap')
