import { expect, test } from 'vitest';
import { FirstPasses, type Hasher } from '../../src/protocols/es-auth/header-pass.ts';
import { type CanonicalFacts, CanonicalHash } from '../../src/protocols/es-auth/request-signature.ts';
import type { Source } from '../../src/signing/signer.ts';

const MIB = 2 ** 20;
const SIGN = 'from the other thread';
const never = new AbortController().signal;
let drawn = 0;

function draw(): CanonicalFacts {
  return { method: 'POST', path: '/', appKey: 'k', appSecret: 's', nonce: `nonce-${++drawn}`, timestamp: '1' };
}

/** A file that says it is so large; what can be read of it here is short. */
function fileOf(size: number): Source {
  return {
    size,
    read: () => [Buffer.from('head'), Buffer.from('tail')],
    lend: (reader) => reader({ descriptor: -1, path: 'a.bin', size }),
  };
}

function plainSign(facts: CanonicalFacts): string {
  const hash = new CanonicalHash(facts);
  hash.update(Buffer.from('headtail'));
  return hash.digest();
}

/** Another thread that ends each file when told to. */
function openHasher() {
  const waiting: (() => void)[] = [];
  const begun: CanonicalFacts[] = [];
  const hasher: Hasher = (_, facts) => {
    begun.push(facts);
    return new Promise((resolve) => waiting.push(() => resolve({ sign: SIGN, sha256: '' })));
  };
  return { hasher, begun, endOne: () => waiting.shift()?.() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('files are read one after the other, and a request is dated when it is its file’s turn', async () => {
  const { hasher, begun, endOne } = openHasher();
  const passes = new FirstPasses(hasher);
  const before = drawn;
  const running = [50, 50, 50].map((size) => passes.run(fileOf(size * MIB), draw, never));
  await turn();
  expect([begun.length, drawn - before]).toEqual([1, 1]);
  endOne();
  await turn();
  expect([begun.length, drawn - before]).toEqual([2, 2]);
  endOne();
  await turn();
  endOne();
  expect((await Promise.all(running)).map(({ facts, sign }) => [facts, sign])).toEqual(
    begun.map((facts) => [facts, SIGN]),
  );
});

test('a small file does not wait for a huge one', async () => {
  const { hasher, begun, endOne } = openHasher();
  const passes = new FirstPasses(hasher);
  const huge = passes.run(fileOf(3000 * MIB), draw, never);
  const { facts, sign } = await passes.run(fileOf(2 * MIB), draw, never);
  expect(sign).toBe(plainSign(facts));
  await turn();
  expect(begun).toHaveLength(1);
  endOne();
  expect((await huge).sign).toBe(SIGN);
  const next = passes.run(fileOf(2 * MIB), draw, never);
  await turn();
  endOne();
  expect((await next).sign).toBe(SIGN);
});

test('whoever is no longer wanted lets go at once, also while waiting, and holds up nobody', async () => {
  const { hasher, begun, endOne } = openHasher();
  const passes = new FirstPasses(hasher);
  const over = new AbortController();
  const first = passes.run(fileOf(50 * MIB), draw, never);
  const second = passes.run(fileOf(50 * MIB), draw, over.signal);
  const third = passes.run(fileOf(50 * MIB), draw, never);
  over.abort(new Error('over'));
  await expect(second).rejects.toThrow('over');
  endOne();
  await first;
  await turn();
  expect(begun).toHaveLength(2);
  endOne();
  expect((await third).sign).toBe(SIGN);
});

test('when the other thread is gone, the file is read here', async () => {
  const passes = new FirstPasses(() => Promise.resolve(undefined));
  const { facts, sign } = await passes.run(fileOf(50 * MIB), draw, never);
  expect(sign).toBe(plainSign(facts));
});
