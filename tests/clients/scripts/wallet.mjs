// A viem wallet on the chain at the given URL, with what the longer scripts do with one.
import { createPublicClient, createWalletClient, defineChain, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { rpc, url } from './common.mjs'

export async function openWallet(key) {
  const id = Number((await rpc('eth_chainId')).result)
  const chain = defineChain({
    id, name: 'Homeostat', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  })
  const account = privateKeyToAccount(key)
  const client = createPublicClient({ chain, transport: http(url), pollingInterval: 100 })
  const wallet = createWalletClient({ chain, account, transport: http(url) })
  const mined = async hash => {
    const receipt = await client.waitForTransactionReceipt({ hash, timeout: 60_000 })
    if (receipt.status !== 'success') throw new Error(`reverted: ${hash}`)
    return receipt
  }
  return {
    chain, account, client, wallet, mined,
    send: async transaction => mined(await wallet.sendTransaction(transaction)),
    /** Deploys and returns { address, abi, read(name, ...args), write(name, ...args) }. */
    deploy: async ({ abi, bytecode }, ...args) => {
      const receipt = await mined(await wallet.deployContract({ abi, bytecode, args }))
      return bind(receipt.contractAddress, abi)
    },
    at: (address, abi) => bind(address, abi),
  }

  function bind(address, abi) {
    return {
      address, abi,
      read: (functionName, ...args) => client.readContract({ address, abi, functionName, args }),
      write: async (functionName, ...args) => {
        const { request } =
          await client.simulateContract({ address, abi, functionName, args, account })
        // Above the estimate by more than two fresh storage slots: a contract may do more in the
        // block it gets into (Uniswap writes two prices when the second has changed).
        const gas = await client.estimateContractGas({ address, abi, functionName, args, account })
        return mined(await wallet.writeContract({ ...request, gas: gas + 60_000n }))
      },
      fails: (functionName, ...args) => client
        .simulateContract({ address, abi, functionName, args, account })
        .then(() => null, error => String(error.message)),
    }
  }
}
