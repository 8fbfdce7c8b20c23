// Numbers as people read them, always in the reader's own marks.

export const big = (value: string): bigint => BigInt(value);
export const num = (value: string): number => Number(BigInt(value));

export function integer(value: number | bigint): string {
  return value.toLocaleString('en-GB').replaceAll(',', '\u202f');
}

export function fixed(value: number, digits = 2): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en-GB', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).replaceAll(',', '\u202f');
}

/** 12 345 678 → 12.35 M; keeps about four digits. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${fixed(value / 1e9)} G`;
  if (size >= 1e6) return `${fixed(value / 1e6)} M`;
  if (size >= 1e4) return `${fixed(value / 1e3, 1)} k`;
  return integer(Math.round(value));
}

export function hash(value: string): string {
  return value.length > 20 ? `${value.slice(0, 8)}…${value.slice(-6)}` : value;
}

export function gwei(wei: bigint | number): string {
  const value = Number(wei) / 1e9;
  return value >= 0.01 || value === 0 ? fixed(value, 3) : value.toPrecision(3);
}

export function ether(wei: bigint): string {
  const whole = wei / 10n ** 18n;
  const rest = (wei % 10n ** 18n).toString().padStart(18, '0').replace(/0+$/, '');
  return `${integer(whole)}${rest ? `.${rest.slice(0, 6)}` : ''} ETH`;
}

export function duration(ms: number): string {
  if (ms < 0) ms = 0;
  if (ms < 10_000) return `${fixed(ms / 1000, 1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

export function time(ms: number): string {
  const date = new Date(ms);
  return `${date.toLocaleDateString('sv-SE')} ${date.toLocaleTimeString('sv-SE')}`;
}

export function median(values: number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function mean(values: number[]): number {
  return values.length ? values.reduce((a, b) => a + b, 0) / values.length : NaN;
}
