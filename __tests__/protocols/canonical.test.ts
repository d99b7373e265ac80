import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import createAssembler from 'wabt';
import { hashBytes, startHash } from '../../src/files/hashing/file-hash.ts';
import { MODULE, quotedBase64Between, STEP_BYTES } from '../../src/files/hashing/quoted-base64.ts';
import { percentEncode } from '../../src/files/names.ts';
import { bodyLength, requestBody } from '../../src/protocols/es-auth/request.ts';
import { type FreshFacts, headerHashing, type LastingFacts } from '../../src/protocols/es-auth/request-signature.ts';

type Facts = LastingFacts & FreshFacts;

interface Vector extends Omit<Facts, 'path'> {
  readonly url: string;
  readonly dataBase64: string;
  readonly sign: string;
}

const { vectors }: { vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('../vectors/es-auth.json', import.meta.url), 'utf8'),
);

/** Leaves what RFC 3986 calls unreserved, byte by byte: another way than the one under test. */
function quotePlainly(text: string): string {
  return Array.from(Buffer.from(text), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9\-_.~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

function plainBody(content: Uint8Array): string {
  return JSON.stringify({ data: Buffer.from(content).toString('base64') });
}

function plainSign(facts: Facts, content: Uint8Array): string {
  const { method, path, appKey, nonce, timestamp, appSecret } = facts;
  const text = `${method}${path}es-auth-appkey:${appKey}es-auth-nonce:${nonce}es-auth-timestamp:${timestamp}json=${plainBody(content)}${appSecret}`;
  return createHash('sha256').update(quotePlainly(text)).digest('hex');
}

/** Cuts a content at the given places, each into a buffer of its own that is wiped as soon as the next one is asked for. */
function* cutAt(content: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  let from = 0;
  for (const to of [...places, content.length]) {
    const chunk = Uint8Array.from(content.subarray(from, to));
    yield chunk;
    chunk.fill(0xee);
    from = to;
  }
}

function signOf(facts: Facts, chunks: Iterable<Uint8Array>): string {
  const hash = startHash(headerHashing(facts)(facts));
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest().toString('hex');
}

/** The header of a file that is in memory. */
function signInMemory(facts: Facts, content: Uint8Array): string {
  return hashBytes(headerHashing(facts)(facts), content).toString('hex');
}

async function streamed(chunks: Iterable<Uint8Array>): Promise<Buffer> {
  const body = requestBody(chunks);
  if (body instanceof Uint8Array) throw new Error('The body is in one piece');
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** The body of a file in memory. */
function inOnePiece(content: Uint8Array): Buffer {
  const body = requestBody([content]);
  if (!(body instanceof Uint8Array)) throw new Error('The body is in several pieces');
  return Buffer.from(body);
}

function everyNth(step: number, length: number): number[] {
  return Array.from({ length: Math.floor(length / step) }, (_, at) => (at + 1) * step);
}

const FACTS: Facts = {
  method: 'POST',
  path: '/api/v1/sign_file?a=b',
  appKey: "key!*'()~",
  appSecret: 'sécret +/=&',
  nonce: 'abcdefghijKLMN01',
  timestamp: '1700000000000',
};

const cuts = (length: number) =>
  fc.array(fc.integer({ min: 0, max: length }), { maxLength: 12 }).map((places) => places.sort((a, b) => a - b));
const contents = fc.uint8Array({ maxLength: 200 });
const contentAndCuts = contents.chain((content) => fc.tuple(fc.constant(content), cuts(content.length)));

test('there are 29 vectors, and they hold contents of every length mod 3', () => {
  expect(vectors).toHaveLength(29);
  expect(new Set(vectors.map(({ dataBase64 }) => Buffer.from(dataBase64, 'base64').length % 3)).size).toBe(3);
});

test('a content is encoded between two texts in one step as long as the longest result has room', () => {
  // Three pages of memory hold the table, the input, and the output.
  const room = 3 * 2 ** 16 - (4096 * 8 + STEP_BYTES + 8);
  const encoded = (before: number, count: number, after: number): boolean => {
    const [start, end] = ['b'.repeat(before), 'a'.repeat(after)];
    const triples = Buffer.alloc(count, 0xfb);
    const result = quotedBase64Between(start, triples, end);
    if (result) expect(Buffer.from(result).toString()).toBe(start + quotePlainly(triples.toString('base64')) + end);
    return result !== undefined;
  };
  expect([encoded(room, 0, 0), encoded(room + 1, 0, 0)]).toEqual([true, false]);
  expect([encoded(0, 0, room), encoded(0, 0, room + 1)]).toEqual([true, false]);
  expect([encoded(room - 20, 3, 8), encoded(room - 20, 3, 9)]).toEqual([true, false]);
  expect([encoded(9, STEP_BYTES, 9), encoded(9, STEP_BYTES + 3, 9)]).toEqual([true, false]);
});

describe.each(vectors.map((vector, index) => ({ index, ...vector })))(
  'vector $index',
  ({ url, dataBase64, ...vector }) => {
    const facts = { ...vector, path: url };
    const content = Buffer.from(dataBase64, 'base64');

    test('agrees with the header of an independent implementation, however the file is cut', () => {
      const chunkings = [
        [],
        everyNth(1, Math.min(content.length, 5000)),
        everyNth(2, content.length),
        everyNth(7, content.length),
      ];
      for (const places of chunkings) expect(signOf(facts, cutAt(content, places))).toBe(vector.sign);
      expect(signInMemory(facts, content)).toBe(vector.sign);
      for (let at = 0; at <= Math.min(content.length, 64); at++) {
        expect(signOf(facts, cutAt(content, [at]))).toBe(vector.sign);
      }
    });
  },
);

test('quoting leaves only unreserved characters, in any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(percentEncode(text)).toBe(quotePlainly(text));
    }),
  );
  const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join('');
  expect(percentEncode(ascii)).toBe(quotePlainly(ascii));
});

test('the sign header is the hash of the plain canonical string, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(contentAndCuts, ([content, places]) => {
      expect(signOf(FACTS, cutAt(content, places))).toBe(plainSign(FACTS, content));
      expect(signInMemory(FACTS, content)).toBe(plainSign(FACTS, content));
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['as long as the encoder takes at once', STEP_BYTES, 0xff, FACTS],
  ['that are one byte longer', STEP_BYTES + 1, 0xff, FACTS],
  [
    'between texts that are longer than the memory of the encoder',
    3000,
    0xfb,
    { ...FACTS, path: `/${'p'.repeat(200_000)}` },
  ],
])('the sign header is right for bytes in memory %s', (_, length, byte, facts) => {
  const content = Buffer.alloc(length, byte);
  expect(signInMemory(facts, content)).toBe(plainSign(facts, content));
  // The encoder's memory is what it was.
  expect(signInMemory(FACTS, Buffer.from([1, 2, 3, 4]))).toBe(plainSign(FACTS, Buffer.from([1, 2, 3, 4])));
});

test.each([0, 1, 2, 3, 4, 5, 6])('a file of %i bytes is right at every cut, in header and body', async (length) => {
  const content = Uint8Array.from({ length }, (_, at) => 251 - at * 37);
  const body = plainBody(content);
  expect(inOnePiece(content).toString('latin1')).toBe(body);
  expect(bodyLength(length)).toBe(body.length);
  for (let first = 0; first <= length; first++) {
    for (let second = first; second <= length; second++) {
      expect(signOf(FACTS, cutAt(content, [first, second]))).toBe(plainSign(FACTS, content));
      expect((await streamed(cutAt(content, [first, second]))).toString('latin1')).toBe(body);
    }
  }
});

const ENCODED_AT_ONCE = 24 * 1024;

test.each([1, 2, 42].flatMap((pieces) => [-3, -2, -1, 0, 1, 2, 3].map((more) => pieces * ENCODED_AT_ONCE + more)))(
  'the body of %i bytes in memory is whole where its pieces meet',
  (length) => {
    const content = Buffer.alloc(length, 'where the pieces meet');
    expect(inOnePiece(content).toString('latin1')).toBe(plainBody(content));
  },
);

test('all pairs of base64 characters are quoted right', () => {
  const content = Buffer.alloc(2 ** 16 * 3);
  for (let i = 0; i < 2 ** 16; i++) content.writeUIntBE((i * 2654435761) % 2 ** 24, i * 3, 3);
  expect(signOf(FACTS, [content])).toBe(plainSign(FACTS, content));
});

test('large chunks are encoded in steps without a gap, also when every character of a step is percent-encoded', () => {
  for (const length of [STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 3 * STEP_BYTES + 2]) {
    for (const fill of ['seam+/?', Buffer.of(0xff), Buffer.of(0xfb, 0xef, 0xbe)]) {
      const content = Buffer.alloc(length, fill);
      for (const places of [[], [1], [2], [STEP_BYTES], [length - 1]]) {
        expect(signOf(FACTS, cutAt(content, places))).toBe(plainSign(FACTS, content));
      }
    }
  }
});

test('the encoder in use is the assembled source beside it', async () => {
  const source = readFileSync(new URL('../../src/files/hashing/quoted-base64.wat', import.meta.url), 'utf8');
  const assembler = await createAssembler();
  const { buffer } = assembler.parseWat('quoted-base64.wat', source).toBinary({});
  expect(MODULE).toBe(Buffer.from(buffer).toString('base64'));
});

test('the streamed body is the whole body is the plain body, of the length that was announced', async () => {
  await fc.assert(
    fc.asyncProperty(contentAndCuts, async ([content, places]) => {
      const body = await streamed(cutAt(content, places));
      expect(body.equals(inOnePiece(content))).toBe(true);
      expect(body.toString('latin1')).toBe(plainBody(content));
      expect(bodyLength(content.length)).toBe(body.length);
    }),
    { numRuns: 300 },
  );
});
