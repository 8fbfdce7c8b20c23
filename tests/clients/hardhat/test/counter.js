// Run by Hardhat's own test runner over its connection to the node.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import hre from 'hardhat'
import CounterModule from '../ignition/modules/Counter.js'

const { viem, ignition } = await hre.network.connect()
const publicClient = await viem.getPublicClient()

describe('Counter', () => {
  it('counts, and its events add up', async () => {
    const counter = await viem.deployContract('Counter', [0n])
    const from = await publicClient.getBlockNumber()
    for (let by = 1n; by <= 3n; by++) {
      await publicClient.waitForTransactionReceipt({ hash: await counter.write.incBy([by]) })
    }
    const events = await publicClient.getContractEvents({
      address: counter.address, abi: counter.abi, eventName: 'Increment', fromBlock: from, strict: true })
    assert.equal(events.reduce((sum, event) => sum + event.args.by, 0n), await counter.read.x())
  })

  it('reverts with its reason', async () => {
    const counter = await viem.deployContract('Counter', [0n])
    await assert.rejects(counter.write.incBy([0n]), /increment should be positive/)
  })

  it('is deployed by an Ignition module', async () => {
    const { counter } = await ignition.deploy(CounterModule)
    assert.equal(await counter.read.x(), 8n)
  })
})
