import { createRequire } from 'node:module'
import ignition from '@nomicfoundation/hardhat-ignition-viem'
import runner from '@nomicfoundation/hardhat-node-test-runner'
import viem from '@nomicfoundation/hardhat-viem'

const require = createRequire(import.meta.url)

export default {
  plugins: [viem, ignition, runner],
  solidity: { version: '0.8.37', path: require.resolve('solc/soljson.js') },
  networks: {
    homeostat: {
      type: 'http', chainType: 'l1',
      url: process.env.NODE_URL ?? 'http://127.0.0.1:8545',
      accounts: [process.env.NODE_KEY],
    },
  },
}
