// What the numbers of each loop mean. The node says so (homeostat_loops); of a loop that it does
// not know the numbers are still true, under plain names.
import type { Link } from './link';

export interface Quantity {
  name: string;
  unit: string;
}

export interface LoopWords {
  fields: Quantity[];
  readings: Quantity[];
  features: string[];
  output: Quantity;
}

const UNKNOWN: LoopWords = {
  fields: [], readings: [], features: [], output: { name: 'output', unit: '' },
};

const all = new Map<string, LoopWords>();

export function wordsOf(loop: string): LoopWords {
  return all.get(loop) ?? UNKNOWN;
}

export function setWords(loop: string, words: LoopWords): void {
  all.set(loop, words);
}

export function field(loop: string, index: number): Quantity {
  return wordsOf(loop).fields[index] ?? { name: `field ${index}`, unit: '' };
}

export function reading(loop: string, index: number): Quantity {
  return wordsOf(loop).readings[index] ?? { name: `reading ${index}`, unit: '' };
}

/** The name of an input; one past the last is what a tree ensemble starts from. */
export function feature(loop: string, index: number, count: number): string {
  return wordsOf(loop).features[index] ?? (index === count ? 'bias' : `input ${index}`);
}

/** Names of fields by place, for what the Constitution says across loops. */
export async function readWords(link: Link): Promise<void> {
  const loops = await link.request<(LoopWords & { name: string })[]>('homeostat_loops');
  for (const { name, ...words } of loops) all.set(name, words);
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
