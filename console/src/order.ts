// Why a transaction stands where it stands and pays what it pays (docs/spec/ordering.md), worked
// out from the block alone: its posted prices and its seed. Pure functions.

export interface Prices {
  fast: bigint;
  urgent: bigint;
  inclusion: bigint;
}

const MARK = '0x485001';
const MASK = (1n << 64n) - 1n;

/** The premiums a block posts in its extraData; null where it posts none. */
export function pricesOf(extraData: string): Prices | null {
  if (extraData.length !== 56 || !extraData.startsWith(MARK)) return null;
  const word = (i: number) => BigInt(`0x${extraData.slice(8 + 16 * i, 24 + 16 * i)}`);
  return { fast: word(0), urgent: word(1), inclusion: word(2) };
}

/** The class whose premium was paid above the base fee. */
export function classOf(prices: Prices, price: bigint, baseFee: bigint): string {
  const premium = price - baseFee;
  if (premium < 0n) return 'protocol';
  if (premium >= prices.urgent) return 'urgent';
  return premium >= prices.fast ? 'fast' : 'standard';
}

/** SipHash-2-4 (Aumasson and Bernstein 2012) of bytes in hex, keyed by the seed's first half. */
export function sipHash(seed: string, data: string): bigint {
  const bytes = Uint8Array.from(data.slice(2).match(/../g) ?? [], (x) => Number.parseInt(x, 16));
  const key = seed.slice(2).match(/../g)!.map((x) => Number.parseInt(x, 16));
  const little = (from: ArrayLike<number>, at: number, count: number): bigint => {
    let value = 0n;
    for (let i = count - 1; i >= 0; i--) value = value << 8n | BigInt(from[at + i]!);
    return value;
  };
  const [k0, k1] = [little(key, 0, 8), little(key, 8, 8)];
  const v = [
    k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n,
  ] as [bigint, bigint, bigint, bigint];
  const whole = bytes.length - bytes.length % 8;
  for (let at = 0; at < whole; at += 8) absorb(v, little(bytes, at, 8));
  absorb(v, BigInt(bytes.length) << 56n & MASK | little(bytes, whole, bytes.length % 8));
  v[2] ^= 0xffn;
  for (let i = 0; i < 4; i++) round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

function absorb(v: [bigint, bigint, bigint, bigint], word: bigint): void {
  v[3] ^= word;
  round(v);
  round(v);
  v[0] ^= word;
}

function round(v: [bigint, bigint, bigint, bigint]): void {
  v[0] = v[0] + v[1] & MASK;
  v[1] = turn(v[1], 13n) ^ v[0];
  v[0] = turn(v[0], 32n);
  v[2] = v[2] + v[3] & MASK;
  v[3] = turn(v[3], 16n) ^ v[2];
  v[0] = v[0] + v[3] & MASK;
  v[3] = turn(v[3], 21n) ^ v[0];
  v[2] = v[2] + v[1] & MASK;
  v[1] = turn(v[1], 17n) ^ v[2];
  v[2] = turn(v[2], 32n);
}

function turn(x: bigint, by: bigint): bigint {
  return (x << by | x >> 64n - by) & MASK;
}

export interface Place {
  /** protocol: transaction 0; overdue: before the drawn; drawn: by its sender's lot. */
  kind: 'protocol' | 'overdue' | 'drawn';
  /** The sender's lot, 0 to 1: the lower the earlier. */
  lot: number;
}

/**
 * Each place's reason. What is drawn stands by ascending lot, a sender's transactions together; what
 * stands before the longest such tail can only be the lane of the overdue.
 */
export function placesOf(seed: string, senders: string[]): Place[] {
  const lots = new Map<string, bigint>();
  const lotOf = (sender: string): bigint => {
    const known = lots.get(sender);
    if (known !== undefined) return known;
    const lot = sipHash(seed, sender);
    lots.set(sender, lot);
    return lot;
  };
  let first = senders.length - 1;
  while (first > 1 && lotOf(senders[first - 1]!) <= lotOf(senders[first]!)) first--;
  return senders.map((sender, i) => ({
    kind: i === 0 ? 'protocol' : i < first ? 'overdue' : 'drawn',
    lot: Number(lotOf(sender) >> 11n) / 2 ** 53,
  }));
}

export function placeText(place: Place): string {
  if (place.kind === 'protocol') return 'transaction 0: the protocol’s own, steering the chain';
  if (place.kind === 'overdue') {
    return 'overdue: validators of more than a third of the weight had it waiting too long, so it '
      + 'stands before the draw';
  }
  return `drawn: the block’s seed gave its sender the lot ${place.lot.toFixed(4)}; lower lots `
    + 'stand earlier, whatever they pay';
}
