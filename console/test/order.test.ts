import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classOf, placesOf, pricesOf, sipHash } from '../src/order';

test('SipHash-2-4 gives the vectors of its paper', () => {
  const key = `0x${'000102030405060708090a0b0c0d0e0f'}${'00'.repeat(16)}`;
  assert.equal(sipHash(key, '0x000102030405060708090a0b0c0d0e'), 0xa129ca6149be45e5n);
  assert.equal(sipHash(key, '0x'), 0x726fdb47dd0e0e31n);
});

test('posted prices are read and a price names its class', () => {
  const word = (x: bigint) => x.toString(16).padStart(16, '0');
  const prices = pricesOf(`0x485001${word(10n)}${word(100n)}${word(1n)}`);
  assert.deepEqual(prices, { fast: 10n, urgent: 100n, inclusion: 1n });
  assert.equal(classOf(prices!, 7n, 7n), 'standard');
  assert.equal(classOf(prices!, 17n, 7n), 'fast');
  assert.equal(classOf(prices!, 107n, 7n), 'urgent');
  assert.equal(classOf(prices!, 0n, 7n), 'protocol');
  assert.equal(pricesOf('0x'), null);
});

test('what stands before the draw is the overdue lane', () => {
  const seed = `0x${'5a'.repeat(32)}`;
  const senders = ['1', '2', '3', '4', '5'].map((x) => `0x${x.repeat(40)}`);
  const drawn = [...senders].sort((a, b) => (sipHash(seed, a) < sipHash(seed, b) ? -1 : 1));
  const protocol = `0x${'9'.repeat(40)}`;
  const kinds = (list: string[]) => placesOf(seed, list).map((x) => x.kind);
  assert.deepEqual(kinds([protocol, ...drawn]), ['protocol', ...Array(5).fill('drawn')]);
  assert.deepEqual(kinds([protocol, drawn[4]!, ...drawn]).slice(0, 3),
    ['protocol', 'overdue', 'drawn']);
  assert.deepEqual(kinds([protocol]), ['protocol']);
});
