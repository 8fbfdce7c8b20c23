// What the pages show of the chain, kept current: recent blocks, decisions and their outcomes, the
// vector in force. All of it is read from the node; nothing is stored here.
import {
  type Decision, type Outcome, STEERING, decodeSteering, isDecision,
} from './events';
import { big, num } from './format';
import { Link, type Log } from './link';
import { readWords } from './words';

export interface Head {
  number: number;
  hash: string;
  timeMs: number;
  gasUsed: number;
  gasLimit: number;
  baseFee: bigint;
  transactions: number;
  miner: string;
  /** When it arrived here, of blocks seen live. */
  seenMs?: number;
}

export interface Parameters {
  gasTargetPerSecond: number;
  gasLimit: number;
  minimumBaseFee: bigint;
  blockIntervalMs: number;
}

type RawBlock = Record<string, string> & { transactions: string[] };

const KEPT_HEADS = 600;
const FIRST_HEADS = 150;
const KEPT_DECISIONS = 2_000;
const DECISION_BLOCKS = 2_000;

export class Chain {
  readonly link: Link;
  heads: Head[] = [];
  readonly decisions = new Map<number, Decision>();
  readonly outcomes = new Map<number, Outcome>();
  parameters: Parameters | null = null;
  chainId = 0;
  loaded = false;
  /** The first block whose decisions are here; those before can be asked for. */
  decisionsFrom = Infinity;
  private readonly listeners = new Set<() => void>();
  private scheduled = false;
  private readonly fetching = new Set<number>();

  constructor(url: string) {
    this.link = new Link(url, STEERING);
    this.link.onState = () => {
      if (this.link.state === 'live') void this.load();
      this.changed();
    };
    this.link.onHead = (header) => void this.follow(num(header.number!), Date.now());
    this.link.onLog = (log) => this.take(log);
  }

  get tip(): Head | undefined {
    return this.heads.at(-1);
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Newest first, of one loop or of all. */
  decisionsNewest(loop?: string): Decision[] {
    const all = [...this.decisions.values()].filter((d) => !loop || d.loop === loop);
    return all.sort((a, b) => b.id - a.id);
  }

  latestDecision(loop?: string): Decision | undefined {
    let last: Decision | undefined;
    for (const d of this.decisions.values()) {
      if ((!loop || d.loop === loop) && (!last || d.id > last.id)) last = d;
    }
    return last;
  }

  /** The loop's decision before this one, where it has been read: what was in force till then. */
  decisionBefore(d: Decision): Decision | undefined {
    for (let id = d.id - 1; id >= Math.max(0, d.id - 64); id--) {
      const earlier = this.decisions.get(id);
      if (earlier?.loop === d.loop) return earlier;
    }
    return undefined;
  }

  /** Names of the loops seen to decide. */
  loopsSeen(): string[] {
    return [...new Set([...this.decisions.values()].map((d) => d.loop))].sort();
  }

  outcomesOf(loop: string): Outcome[] {
    return [...this.outcomes.values()].filter((o) => o.loop === loop).sort((a, b) => a.id - b.id);
  }

  async loadOlderDecisions(): Promise<void> {
    if (!Number.isFinite(this.decisionsFrom) || this.decisionsFrom === 0) return;
    const last = this.decisionsFrom - 1;
    await this.loadDecisions(Math.max(0, last - DECISION_BLOCKS + 1), last);
  }

  async readHead(block: string | number): Promise<Head> {
    const tag = typeof block === 'number' ? `0x${block.toString(16)}` : block;
    const [raw, time] = await Promise.all([
      this.link.request<RawBlock | null>('eth_getBlockByNumber', [tag, false]),
      this.link.request<string>('homeostat_time', [tag]),
    ]);
    if (!raw) throw new Error(`block ${block} is not known`);
    return headOf(raw, num(time));
  }

  private async load(): Promise<void> {
    try {
      const [chainId, tip] = await Promise.all([
        this.link.request<string>('eth_chainId'),
        this.link.request<string>('eth_blockNumber'),
        this.readParameters(),
        // A node without the method still has decisions; their numbers then go unnamed.
        readWords(this.link).catch(() => undefined),
      ]);
      const height = num(tip);
      if (num(chainId) !== this.chainId || height < (this.tip?.number ?? 0)) this.forget();
      this.chainId = num(chainId);
      // After an absence what was missed of the decisions, at most what is kept.
      const known = this.latestDecision()?.block ?? 0;
      const from = Math.max(0, height - DECISION_BLOCKS + 1, this.loaded ? known : 0);
      await Promise.all([this.loadDecisions(from, height), this.fillHeads(height)]);
      this.loaded = true;
      this.changed();
    } catch (error) {
      console.warn('loading:', error);
    }
  }

  private forget(): void {
    this.heads = [];
    this.decisions.clear();
    this.outcomes.clear();
    this.decisionsFrom = Infinity;
    this.loaded = false;
  }

  private async loadDecisions(first: number, last: number): Promise<void> {
    const range = [first, last].map((n) => `0x${n.toString(16)}`);
    const logs = await this.link.request<Log[]>('homeostat_decisions', range);
    for (const log of logs) this.take(log);
    this.decisionsFrom = Math.min(this.decisionsFrom, first);
    this.changed();
  }

  private async fillHeads(height: number): Promise<void> {
    const have = new Set(this.heads.map((head) => head.number));
    const first = Math.max(0, height - FIRST_HEADS + 1);
    const missing: number[] = [];
    for (let n = height; n >= first; n--) if (!have.has(n)) missing.push(n);
    for (let i = 0; i < missing.length; i += 50) {
      const part = await Promise.all(missing.slice(i, i + 50).map((n) => this.readHead(n)));
      this.add(part);
    }
  }

  private async follow(number: number, seenMs: number): Promise<void> {
    const from = Math.max((this.tip?.number ?? number - 1) + 1, number - 20);
    for (let n = from; n <= number; n++) {
      if (this.fetching.has(n)) continue;
      this.fetching.add(n);
      try {
        const head = await this.readHead(n);
        if (n === number) head.seenMs = seenMs;
        this.add([head]);
      } catch {
        // Lost on the way; the next load fills the gap.
      } finally {
        this.fetching.delete(n);
      }
    }
  }

  private add(heads: Head[]): void {
    const all = new Map(this.heads.map((head) => [head.number, head]));
    for (const head of heads) all.set(head.number, { ...all.get(head.number), ...head });
    this.heads = [...all.values()].sort((a, b) => a.number - b.number).slice(-KEPT_HEADS);
    this.changed();
  }

  private take(log: Log): void {
    const event = decodeSteering(log);
    if (!event) return;
    if (isDecision(event)) {
      this.decisions.set(event.id, event);
      if (this.decisions.size > KEPT_DECISIONS) {
        this.decisions.delete(Math.min(...this.decisions.keys()));
      }
      if (event.ruling === 1) this.readParameters().catch(() => undefined);
    } else {
      this.outcomes.set(event.id, event);
    }
    this.changed();
  }

  private async readParameters(): Promise<void> {
    const raw = await this.link.request<Record<string, string>>('homeostat_parameters');
    this.parameters = {
      gasTargetPerSecond: num(raw.gasTargetPerSecond!),
      gasLimit: num(raw.gasLimit!),
      minimumBaseFee: big(raw.minimumBaseFee!),
      blockIntervalMs: num(raw.blockIntervalMs!),
    };
  }

  /** At most some four times a second, however fast the blocks come. */
  private changed(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setTimeout(() => {
      this.scheduled = false;
      for (const listener of [...this.listeners]) listener();
    }, 250);
  }
}

function headOf(raw: RawBlock, timeMs: number): Head {
  return {
    number: num(raw.number!),
    hash: raw.hash!,
    timeMs,
    gasUsed: num(raw.gasUsed!),
    gasLimit: num(raw.gasLimit!),
    baseFee: big(raw.baseFeePerGas ?? '0x0'),
    transactions: raw.transactions.length,
    miner: raw.miner!,
  };
}
