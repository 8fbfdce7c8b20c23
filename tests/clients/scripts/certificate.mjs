// A finalization certificate of the network at URL is checked by a contract on another chain (anvil),
// and so are certificates of 16 and 100 validators signed by viem; prints the gas of each.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import {
  concat, createPublicClient, createWalletClient, encodeDeployData, fromRlp, hexToNumber, http,
  keccak256, numberToHex, toHex, toRlp,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { check, keys, root, rpc } from './common.mjs'
import { openWallet } from './wallet.mjs'

const require = createRequire(import.meta.url)
const library = path.join(root, '../../contracts/src/light/FinalityCertificate.sol')

function compile() {
  const solc = require('solc')
  const input = {
    language: 'Solidity',
    sources: {
      'FinalityGate.sol': {
        content: readFileSync(path.join(root, 'light/FinalityGate.sol'), 'utf8') },
      'light/FinalityCertificate.sol': { content: readFileSync(library, 'utf8') },
    },
    settings: {
      evmVersion: 'prague', viaIR: true, optimizer: { enabled: true, runs: 1_000_000 },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input)))
  for (const e of output.errors ?? []) console.error(e.formattedMessage)
  check(!(output.errors ?? []).length, 'the library compiles without a warning')
  const made = output.contracts['FinalityGate.sol'].FinalityGate
  return { abi: made.abi, bytecode: `0x${made.evm.bytecode.object}` }
}

const minimal = value => (value === 0n ? '0x' : toHex(value))
const hashOf = set => keccak256(toRlp(set.map(v => [v.address, minimal(v.weight)])))
const pack = set => set.map(v => (BigInt(v.address) << 64n) | v.weight)

/** The network's own certificate: the RLP of docs/spec/consensus.md, "Encodings". */
async function live() {
  // Block 0 has no certificate: a network that nobody has used needs a block first.
  const wallet = await openWallet(keys.viem)
  await wallet.send({ to: wallet.account.address, value: 1n })
  const head = (await rpc('eth_getBlockByNumber', 'latest', false)).result
  const genesis = (await rpc('eth_getBlockByNumber', '0x0', false)).result
  const { certificate, certifiedHash } = (await rpc('homeostat_certificate', head.number)).result
  const { payload } = (await rpc('homeostat_payload', head.number)).result
  const set = await validators(head.number)
  const [, [kind, epoch, view, blockHash, signers, signatures]] = fromRlp(certificate)
  check(kind === '0x03' && blockHash === certifiedHash, 'the network gives a finalization')
  check(fromRlp(payload)[4] === hashOf(set), 'the block names the set that the contract holds')
  return {
    set, chainId: BigInt((await rpc('eth_chainId')).result), genesisHash: genesis.hash,
    certificate: {
      epoch: epoch === '0x' ? 0n : BigInt(epoch), atView: BigInt(view), blockHash, signers,
      signatures: concat(signatures),
    },
  }
}

/** As the ValidatorSet predeploy lists them at a block. */
async function validators(block) {
  const contract = '0x00000000000000000000000000000000484f0004'
  const read = async slot =>
    BigInt((await rpc('eth_getStorageAt', contract, toHex(slot, { size: 32 }), block)).result)
  const epoch = (await read(2n)) & 0xffffffffffffffffn
  const count = await read(epoch % 2n)
  const content = BigInt(keccak256(numberToHex(epoch % 2n, { size: 32 })))
  const set = []
  for (let i = 0n; i < count; i++) {
    const word = await read(content + i)
    set.push({
      address: toHex(word & ((1n << 160n) - 1n), { size: 20 }),
      weight: (word >> 160n) & 0xffffffffffffffffn,
    })
  }
  return set
}

/** A certificate by exactly as many of n equal validators as make a quorum. */
async function signed(n) {
  const accounts = Array.from({ length: n }, (_, i) =>
    privateKeyToAccount(keccak256(toHex(`certificate ${i}`))))
    .sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1))
  const set = accounts.map(a => ({ address: a.address.toLowerCase(), weight: 1_000n }))
  const [chainId, genesisHash] = [4242n, keccak256('0x01')]
  const message = {
    epoch: 7n, view: 1234n, kind: 3, blockHash: keccak256('0x02'),
    observationHash: toHex(0, { size: 32 }),
  }
  const quorum = Math.floor((2 * n) / 3) + 1
  const bits = new Uint8Array(Math.ceil(n / 8))
  const signatures = []
  for (let i = 0; i < quorum; i++) {
    bits[i >> 3] |= 1 << i % 8
    const text = await accounts[i].signTypedData({
      domain: { name: 'Homeostat', version: '1', chainId, salt: genesisHash },
      types: { Vote: [
        { name: 'epoch', type: 'uint64' }, { name: 'view', type: 'uint64' },
        { name: 'kind', type: 'uint8' }, { name: 'blockHash', type: 'bytes32' },
        { name: 'observationHash', type: 'bytes32' }] },
      primaryType: 'Vote', message,
    })
    signatures.push(text.slice(0, -2) + (hexToNumber(`0x${text.slice(-2)}`) === 28 ? '01' : '00'))
  }
  return {
    set, chainId, genesisHash,
    certificate: { epoch: message.epoch, atView: message.view, blockHash: message.blockHash,
      signers: toHex(bits), signatures: concat(signatures) },
  }
}

async function startAnvil() {
  const port = 20_000 + (process.pid % 20_000)
  const bin = path.join(root, 'node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil')
  const process_ = spawn(bin, ['--port', String(port), '--silent'], { stdio: 'inherit' })
  const url = `http://127.0.0.1:${port}`
  const client = createPublicClient({ chain: foundry, transport: http(url) })
  for (let i = 0; i < 100; i++) {
    try {
      await client.getChainId()
      break
    } catch {
      await new Promise(done => setTimeout(done, 100))
    }
  }
  return { client, url, stop: () => process_.kill() }
}

async function prove({ client, wallet }, { abi, bytecode }, name, proof) {
  const { set, chainId, genesisHash, certificate } = proof
  const deployed = await wallet.sendTransaction({ data: encodeDeployData({
    abi, bytecode, args: [chainId, genesisHash, certificate.epoch, hashOf(set)] }) })
  const { contractAddress } = await client.waitForTransactionReceipt({ hash: deployed })
  const call = { address: contractAddress, abi, functionName: 'prove' }
  const refuses = async (what, change, args) => {
    const reason = await client.simulateContract({
      ...call, args: args ?? [pack(set), { ...certificate, ...change }], account: wallet.account,
    }).then(() => '', error => String(error.cause?.data?.errorName ?? error.shortMessage))
    check(reason, `${name}: ${what} is refused: ${reason}`)
  }
  const first = [...Array(set.length).keys()].find(
    i => (Number(`0x${certificate.signers.slice(2 + 2 * (i >> 3), 4 + 2 * (i >> 3))}`) >> i % 8) & 1)
  const without = Buffer.from(certificate.signers.slice(2), 'hex')
  without[first >> 3] &= ~(1 << first % 8)
  await refuses('one signature fewer than its bitmap says',
    { signatures: `0x${certificate.signatures.slice(2 + 130)}` })
  await refuses('another block', { blockHash: keccak256('0x03') })
  await refuses('another view', { atView: certificate.atView + 1n })
  await refuses('an epoch that nobody vouched for', { epoch: certificate.epoch + 1n })
  const signers = certificate.signatures.length / 130
  if (3 * (Math.floor(signers) - 1) <= 2 * set.length) {
    await refuses('a third without its vote', { signers: `0x${without.toString('hex')}`,
      signatures: `0x${certificate.signatures.slice(2 + 130)}` })
  }
  await refuses('another set', {}, [pack(set.map(v => ({ ...v, weight: v.weight + 1n }))),
    certificate])
  const hash = await wallet.writeContract({ ...call, args: [pack(set), certificate] })
  const receipt = await client.waitForTransactionReceipt({ hash })
  const isFinal = await client.readContract({
    ...call, functionName: 'isFinal', args: [certificate.blockHash] })
  check(receipt.status === 'success' && isFinal,
    `${name}: n = ${set.length}, ${Math.floor(signers)} signatures: ${receipt.gasUsed} gas`)
}

const made = compile()
const anvil = await startAnvil()
try {
  // Anvil's first account is the first of "test test … junk".
  const account = privateKeyToAccount(
    '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
  const wallet = createWalletClient({ account, chain: foundry, transport: http(anvil.url) })
  const chain = { client: anvil.client, wallet }
  check(keys.viem, 'accounts')
  await prove(chain, made, 'the running network', await live())
  for (const n of [4, 16, 100]) await prove(chain, made, 'viem', await signed(n))
} finally {
  anvil.stop()
}
