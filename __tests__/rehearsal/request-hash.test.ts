import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QuotedHash, type RequestHead, startRequestHash } from '../../src/rehearsal/requests/request-hash.ts';
import { anyCharacter } from '../helpers/characters.ts';
import { quote } from './client.ts';

interface Vector extends Omit<RequestHead, 'path'> {
  readonly url: string;
  readonly appSecret: string;
  readonly dataBase64: string;
  readonly sign: string;
}

const path = join(import.meta.dirname, '../vectors/es-auth.json');
const { vectors }: { vectors: Vector[] } = JSON.parse(readFileSync(path, 'utf8'));

function signInChunks(vector: Vector, sizes: readonly number[]): string {
  const body = Buffer.from(`{"data":"${vector.dataBase64}"}`);
  const hash = startRequestHash({ ...vector, path: vector.url });
  let at = 0;
  for (let turn = 0; at < body.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    hash.update(body.subarray(at, at + size));
    at += size;
  }
  return hash.update(vector.appSecret).digest();
}

test('there are vectors, short and long, with marks and letters beyond ASCII', () => {
  expect(vectors.length).toBe(29);
  expect(vectors.some((vector) => /[^\0-\x7f]/.test(vector.appKey + vector.appSecret))).toBe(true);
});

test.each(vectors.map((vector, index) => ({ index, vector })))(
  'vector $index gives its sign at every chunking',
  ({ vector }) => {
    const length = vector.dataBase64.length + 11;
    const sizes =
      length < 1500 ? Array.from({ length }, (_, at) => at + 1) : [1, 2, 3, 5, 64, 1000, 16_384, 65_536, length];
    for (const size of sizes) expect(signInChunks(vector, [size])).toBe(vector.sign);
    expect(signInChunks(vector, [1, 7, 2, 100, 3])).toBe(vector.sign);
  },
);

test('any bytes in any pieces hash like their percent-encoding in one piece', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: anyCharacter, maxLength: 60 }), { maxLength: 20 }), (pieces) => {
      const hash = new QuotedHash();
      for (const piece of pieces) hash.update(Buffer.from(piece, 'utf8'));
      // Encoding replaced lone halves of pairs, so the oracle sees what was really hashed.
      const text = pieces.map((piece) => Buffer.from(piece, 'utf8').toString('utf8')).join('');
      expect(hash.digest()).toBe(createHash('sha256').update(quote(text)).digest('hex'));
    }),
  );
});

test('a piece longer than the scratch space hashes whole', () => {
  const text = '/+é!'.repeat(100_000);
  expect(new QuotedHash().update(text).digest()).toBe(createHash('sha256').update(quote(text)).digest('hex'));
});
