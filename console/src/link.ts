// One node, reached by WebSocket, with HTTP for whatever is asked while the socket is down. A node
// may go away at any time: the link says so, asks again with growing waits, and comes back.

export type LinkState = 'connecting' | 'live' | 'lost';

export interface Log {
  address: string;
  topics: `0x${string}`[];
  data: `0x${string}`;
  blockNumber: string;
  transactionHash: string;
  logIndex: string;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 15_000;
const SILENCE_MS = 8_000;
const PATIENCE_MS = 20_000;

export class RpcError extends Error {
  constructor(message: string, readonly code: number) {
    super(message);
  }
}

export class Link {
  state: LinkState = 'connecting';
  retryAt = 0;
  onState: () => void = () => {};
  onHead: (header: Record<string, string>) => void = () => {};
  onLog: (log: Log) => void = () => {};

  private socket: WebSocket | null = null;
  private nextId = 1;
  private readonly waiting = new Map<number, Waiting>();
  private readonly kinds = new Map<string, 'heads' | 'logs'>();
  private waitMs = FIRST_WAIT_MS;
  private retry = 0;
  private lastHeard = 0;
  private pinged = false;

  /** @param url http(s) address of the node. */
  constructor(readonly url: string, private readonly logsOf: string) {
    setInterval(() => this.watch(), 2_000);
    addEventListener('online', () => this.retryNow());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.retryNow();
    });
  }

  open(): void {
    window.clearTimeout(this.retry);
    const socket = new WebSocket(this.url.replace(/^http/, 'ws'));
    this.socket = socket;
    this.lastHeard = Date.now();
    socket.onopen = () => void this.begin(socket);
    socket.onmessage = (event) => this.hear(String(event.data));
    socket.onclose = () => this.lose(socket);
  }

  retryNow(): void {
    if (this.state === 'lost') {
      this.waitMs = FIRST_WAIT_MS;
      this.open();
    }
  }

  async request<T>(method: string, params: unknown[] = []): Promise<T> {
    const id = this.nextId++;
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    if (this.socket?.readyState === WebSocket.OPEN) {
      const socket = this.socket;
      return new Promise<T>((resolve, reject) => {
        this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        socket.send(body);
      });
    }
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return resultOf(await response.json()) as T;
  }

  private async begin(socket: WebSocket): Promise<void> {
    try {
      const heads = await this.request<string>('eth_subscribe', ['newHeads']);
      this.kinds.set(heads, 'heads');
      const logs = await this.request<string>('eth_subscribe', ['logs', { address: this.logsOf }]);
      this.kinds.set(logs, 'logs');
      this.waitMs = FIRST_WAIT_MS;
      this.set('live');
    } catch {
      socket.close();
    }
  }

  private hear(text: string): void {
    this.lastHeard = Date.now();
    this.pinged = false;
    const message = JSON.parse(text);
    if (message.method === 'eth_subscription') {
      const kind = this.kinds.get(message.params.subscription);
      if (kind === 'heads') this.onHead(message.params.result);
      else if (kind === 'logs') this.onLog(message.params.result);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (!waiting) return;
    try {
      waiting.resolve(resultOf(message));
    } catch (error) {
      waiting.reject(error as Error);
    }
  }

  private lose(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.socket = null;
    this.kinds.clear();
    for (const waiting of this.waiting.values()) waiting.reject(new Error('the node went away'));
    this.waiting.clear();
    // A little chance, so that many consoles do not come back at one instant.
    const wait = this.waitMs * (0.75 + Math.random() / 2);
    this.waitMs = Math.min(this.waitMs * 2, MOST_WAIT_MS);
    this.retryAt = Date.now() + wait;
    window.clearTimeout(this.retry);
    this.retry = window.setTimeout(() => this.open(), wait);
    this.set('lost');
  }

  /** An idle chain is silent, and so is a dead network: only asking tells them apart. */
  private watch(): void {
    const socket = this.socket;
    if (!socket || Date.now() - this.lastHeard < SILENCE_MS) return;
    if (this.pinged || socket.readyState !== WebSocket.OPEN) {
      socket.onclose = null;
      socket.close();
      this.lose(socket);
      this.pinged = false;
      return;
    }
    this.pinged = true;
    this.lastHeard = Date.now();
    this.request('eth_chainId').catch(() => {});
  }

  private set(state: LinkState): void {
    this.state = state;
    this.onState();
  }
}

function resultOf(message: { result?: unknown; error?: { message: string; code: number } }) {
  if (message.error) throw new RpcError(message.error.message, message.error.code);
  return message.result;
}
