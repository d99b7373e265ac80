import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openFile } from '../../src/files/reading/open-file.ts';
import { type RecordOptions, record } from '../../src/signing/sent-bytes.ts';
import { algorithmOf } from '../../src/verifying/algorithm.ts';
import { readVerifyKey } from '../../src/verifying/key.ts';
import { createVerifier } from '../../src/verifying/verifier.ts';

const LARGE = 3 * 2 ** 20 + 1;
const HEADER = { algorithm: 'sha256', around: { before: 'a', after: 'b' } } as const;
const WRITTEN_AT = new Date('2030-01-01T00:00:00Z');
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const verifier = createVerifier(
  readVerifyKey(String(publicKey.export({ type: 'spki', format: 'pem' }))),
  algorithmOf('ecdsa-sha256'),
);

function open(size: number, options: Partial<RecordOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'sent-bytes-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const location = join(directory, 'a.bin');
  const content = Buffer.alloc(size, 'content');
  writeFileSync(location, content);
  utimesSync(location, WRITTEN_AT, WRITTEN_AT);
  const file = openFile({ path: 'a.bin', location, size: statSync(location).size });
  onTestFinished(() => file.close());
  const source = record('a.bin', file, { signal: new AbortController().signal, ...options });
  const changeUnseen = (): void => {
    writeFileSync(location, Buffer.alloc(size, 2), { flag: 'r+' });
    utimesSync(location, WRITTEN_AT, WRITTEN_AT);
  };
  return { content, source, changeUnseen };
}

async function readAll(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of chunks);
}

const sum = (algorithm: string, content: Buffer): Buffer => createHash(algorithm).update(content).digest();

describe.each([
  ['small', 1000],
  ['large', LARGE],
])('a %s file', (_, size) => {
  test.each(['sha256', 'sha384', 'sha512'] as const)('has its %s as digest', async (algorithm) => {
    const { content, source } = open(size);
    const { digest } = await source.digest(() => ({ algorithm }));
    expect(Buffer.from(digest)).toEqual(sum(algorithm, content));
  });

  test('whose digest alone was sent is checked against its bytes', async () => {
    const { content, source } = open(size, { verifier });
    await source.digest(() => ({ algorithm: 'sha512' }));
    const { sha256, check } = await source.finish();
    expect(sha256).toBe(sum('sha256', content).toString('hex'));
    const signature = sign('sha256', content, privateKey);
    expect(verify('sha256', content, publicKey, signature)).toBe(true);
    expect(await check?.verify(signature)).toBe(true);
  });

  test('has its SHA-256 without a verifier', async () => {
    const { content, source } = open(size);
    await source.digest(() => ({ algorithm: 'sha384' }));
    expect(await source.finish()).toEqual({ sha256: sum('sha256', content).toString('hex'), check: undefined });
  });
});

test('a digest of another thread counts as that of this thread', async () => {
  const { content, source } = open(LARGE, {
    hashElsewhere: async (_, begin) => ({
      hashing: begin(),
      digest: Buffer.from('elsewhere'),
      sha256: sum('sha256', content).toString('hex'),
    }),
  });
  expect(await source.digest(() => ({ algorithm: 'sha384' }))).toEqual({
    hashing: { algorithm: 'sha384' },
    digest: Buffer.from('elsewhere'),
  });
  expect((await source.finish()).sha256).toBe(sum('sha256', content).toString('hex'));
});

test('a large file whose bytes differ between digest and check has changed', async () => {
  const { source, changeUnseen } = open(LARGE, { verifier });
  await source.digest(() => ({ algorithm: 'sha256' }));
  changeUnseen();
  await expect(source.finish()).rejects.toMatchObject({ code: 'FILE_CHANGED' });
});

describe('the answer came too early for a large file', () => {
  test('when nothing of it was read', async () => {
    await expect(open(LARGE).source.finish()).rejects.toMatchObject({ code: 'ANSWER_TOO_EARLY' });
  });

  test('when only the hash for a header was asked for', async () => {
    const { source } = open(LARGE);
    await source.digest(() => HEADER);
    await expect(source.finish()).rejects.toMatchObject({ code: 'ANSWER_TOO_EARLY' });
  });

  test('when its reading had begun and not ended, whatever digest was asked for', async () => {
    const { source } = open(LARGE);
    await source.digest(() => ({ algorithm: 'sha256' }));
    for await (const _ of source.read()) break;
    await expect(source.finish()).rejects.toMatchObject({ code: 'ANSWER_TOO_EARLY' });
  });
});

test('a large file that was hashed for a header and read to its end was sent', async () => {
  const { content, source } = open(LARGE, { verifier });
  await source.digest(() => HEADER);
  await readAll(source.read());
  const { sha256, check } = await source.finish();
  expect(sha256).toBe(sum('sha256', content).toString('hex'));
  expect(await check?.verify(sign('sha256', content, privateKey))).toBe(true);
});
