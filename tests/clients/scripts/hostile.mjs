// Hostile clients: 10,000 idle WebSockets (--sockets=N), 500 slow ones and 20 that never read what
// they asked for; meanwhile others must be answered within 100 ms (median and 95th percentile shown).
import net from 'node:net'
import WebSocket from 'ws'
import { check, rpc, socketUrl, url } from './common.mjs'

const sockets = Number(process.argv.find(a => a.startsWith('--sockets='))?.slice(10) ?? 10_000)
const { hostname, port } = new URL(url)
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

async function answersPromptly(beside) {
  const times = []
  for (let i = 0; i < 40; i++) {
    const start = performance.now()
    const { result } = await rpc('eth_blockNumber')
    if (!result) throw new Error('no answer')
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  const [median, p95] = [times[20], times[37]]
  check(median < 100 && p95 < 100,
    `answers beside ${beside}: median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`)
}

function connect(bytes) {
  const socket = net.connect(Number(port), hostname, () => socket.write(bytes))
  socket.on('error', () => {})
  return socket
}

const idle = []
for (let i = 0; i < sockets; i += 100) {
  await Promise.all(Array.from({ length: Math.min(100, sockets - i) }, () => new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl, { perMessageDeflate: false })
    idle.push(socket)
    socket.on('open', resolve)
    socket.on('error', reject)
  })))
}
await answersPromptly(`${idle.length} idle WebSockets`)

const slow = []
for (let i = 0; i < 500; i++) {
  slow.push(connect(i % 2 ? 'POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ' :
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{'))
}
for (let second = 0; second < 3; second++) {
  for (const socket of slow) if (!socket.destroyed) socket.write('a')
  await sleep(1_000)
}
await answersPromptly(`${slow.length} slow clients`)

const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBlockByNumber', params: ['latest', true] })
const body = `[${Array(300).fill(call).join()}]`
const deaf = Array.from({ length: 20 }, () => {
  const socket = connect('')
  socket.pause()
  for (let i = 0; i < 50; i++) {
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  }
  return socket
})
await sleep(3_000)
await answersPromptly(`${deaf.length} clients that never read`)
for (const socket of [...slow, ...deaf]) socket.destroy()
for (const socket of idle) socket.terminate()
await sleep(500)
await answersPromptly('none of them any more')
process.exit(0)
