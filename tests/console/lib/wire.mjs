// A wire between browser and node that can be cut: a TCP proxy that knows a WebSocket by its upgrade.
import { connect, createServer } from 'node:net';

/** @returns {{url: string, cut(): number, mend(): void, passed(): number, close(): void}} */
export async function startWire(target) {
  const { hostname, port } = new URL(target);
  const sockets = new Set();
  const all = new Set();
  let [isCut, plain] = [false, 0];
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    const end = () => {
      near.destroy();
      far.destroy();
      sockets.delete(end);
      all.delete(end);
    };
    all.add(end);
    let first = true;
    near.on('data', (bytes) => {
      // A browser's requests begin with their headers, all in one piece.
      const text = bytes.toString('latin1');
      if (first && /^upgrade: *websocket/im.test(text)) {
        if (isCut) return end();
        sockets.add(end);
      }
      first = false;
      if (text.startsWith('POST ')) plain++;
      far.write(bytes);
    });
    far.on('data', (bytes) => near.write(bytes));
    for (const side of [near, far]) side.on('error', end).on('close', end);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Ends all WebSockets and lets none through; other requests pass. */
    cut() {
      isCut = true;
      const count = sockets.size;
      for (const end of [...sockets]) end();
      return count;
    },
    mend() { isCut = false; },
    passed: () => plain,
    close() {
      for (const end of [...all]) end();
      server.close();
    },
  };
}
