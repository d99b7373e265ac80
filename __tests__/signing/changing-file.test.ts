import { createHash } from 'node:crypto';
import { truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Patience } from '../../src/files/patience.ts';
import { openFile } from '../../src/files/reading/open-file.ts';
import { findChanged, sealable } from '../../src/files/seal.ts';
import { OutputTree } from '../../src/files/writing/output-tree.ts';
import type { Service } from '../../src/rehearsal/service.ts';
import { createClock } from '../../src/signing/schedule/clock.ts';
import { record } from '../../src/signing/sent-bytes.ts';
import type { Signer, Source } from '../../src/signing/signer.ts';
import { signatureOver, wrongSignData } from '../rehearsal/fault-samples.ts';
import { genuineSignatures, openService, plant, type SigningRun, signTree, type Tree } from './signing-run.ts';

const SMALL = 1000;
const LARGE = 3 * 2 ** 20;

/** Reads a file twice, as the service's client does, and lets something happen between. */
function signerThat(between: () => void): Signer {
  return {
    async sign(source) {
      for await (const _ of source.read());
      between();
      for await (const _ of source.read());
      return { text: 'AAAA' };
    },
  };
}

const WRITTEN_AT = new Date('2030-01-01T00:00:00Z');

/** Changes the content and nothing that the file system tells. */
function changeUnseen(location: string, size: number): void {
  writeFileSync(location, Buffer.alloc(size, 2), { flag: 'r+' });
  utimesSync(location, WRITTEN_AT, WRITTEN_AT);
}

function locationIn(tree: Tree): string {
  return tree.files[0]?.location ?? '';
}

describe.each<[string, (location: string, size: number) => void]>([
  ['is rewritten', (location, size) => writeFileSync(location, Buffer.alloc(size, 2), { flag: 'r+' })],
  ['grows', (location) => writeFileSync(location, 'more', { flag: 'a' })],
  ['shrinks', (location, size) => truncateSync(location, size - 1)],
])('a file that %s between the passes', (_, change) => {
  async function signChanging(size: number): Promise<{ service: Service; tree: Tree; run: SigningRun }> {
    const service = await openService();
    const tree = plant({ 'a.bin': Buffer.alloc(size, 1) });
    const signer = signerThat(() => change(locationIn(tree), size));
    const firstConnection = Promise.resolve(0);
    return { service, tree, run: await signTree(service, tree, { signer, firstConnection, algorithm: 'none' }) };
  }

  test('fails when it is large, and gets no signature', async () => {
    const { service, tree, run } = await signChanging(LARGE);
    expect(run.outcomes.map(({ status, error }) => [status, error?.code])).toEqual([['failed', 'FILE_CHANGED']]);
    expect(genuineSignatures(service, tree)).toEqual([]);
  });

  test('is signed as it was read when it is small, and found at the end of the run', async () => {
    const { tree, run } = await signChanging(SMALL);
    expect(run.outcomes.map(({ status, sha256 }) => [status, sha256])).toEqual([
      ['signed', createHash('sha256').update(Buffer.alloc(SMALL, 1)).digest('hex')],
    ]);
    const changed = await findChanged(sealable(tree.files, run.outcomes), {
      output: new OutputTree(tree.root, process.pid),
      suffix: '.sign',
      signal: new AbortController().signal,
      patience: new Patience(createClock()),
    });
    expect([...changed].map(([path, { code }]) => [path, code])).toEqual([['a.bin', 'FILE_CHANGED']]);
  });
});

test('a large file whose bytes changed unseen between the passes fails all the same', async () => {
  const service = await openService();
  const tree = plant({ 'a.bin': Buffer.alloc(LARGE, 1) });
  utimesSync(locationIn(tree), WRITTEN_AT, WRITTEN_AT);
  const signer = signerThat(() => changeUnseen(locationIn(tree), LARGE));
  const run = await signTree(service, tree, { signer, firstConnection: Promise.resolve(0), algorithm: 'none' });
  expect(run.outcomes.map(({ error }) => error?.code)).toEqual(['FILE_CHANGED']);
});

test('a large file that shrinks while it is being sent fails as changed, whatever the connection says', async () => {
  const service = await openService();
  const tree = plant({ 'a.bin': Buffer.alloc(16 * 2 ** 20, 1), 'b.bin': Buffer.from('b') });
  const wrap = (signer: Signer): Signer => ({
    sign: (source, signal, used) => signer.sign(shrinkInSecondPass(source, locationIn(tree)), signal, used),
  });
  const run = await signTree(service, tree, { wrap, algorithm: 'none' });
  expect(run.outcomes.map(({ status, attempts, error }) => [status, attempts, error?.code])).toEqual([
    ['failed', 1, 'FILE_CHANGED'],
    ['signed', 1, undefined],
  ]);
});

/** The first pass is the digest. */
function shrinkInSecondPass(source: Source, location: string): Source {
  async function* secondPass(): AsyncGenerator<Uint8Array> {
    let chunks = 0;
    for await (const chunk of source.read()) {
      if (++chunks === 3) truncateSync(location, 1000);
      yield chunk;
    }
  }
  return { path: source.path, size: source.size, read: secondPass, digest: (begin) => source.digest(begin) };
}

test('reading stops when the attempt is aborted', async () => {
  const tree = plant({ 'a.bin': Buffer.alloc(LARGE, 1) });
  const [file] = tree.files;
  if (!file) throw new Error('There is no file.');
  const open = openFile(file);
  const attemptOver = new AbortController();
  const source = record(file.path, open, { signal: attemptOver.signal });
  let bytes = 0;
  const read = async (): Promise<void> => {
    for await (const chunk of source.read()) {
      bytes += chunk.length;
      attemptOver.abort(new Error('over'));
    }
  };
  await expect(read()).rejects.toThrow('over');
  open.close();
  expect(bytes).toBeLessThan(LARGE / 2);
});

describe('a signature that is not valid for its file', () => {
  test('is requested once more, and a valid one then counts', async () => {
    const tree = plant({ 'a.bin': Buffer.from('content') });
    let mixUp = true;
    const service = await openService({
      script: () => {
        const fault = mixUp ? signatureOver(Buffer.from('other'), service.pki.signingKey) : undefined;
        mixUp = false;
        return fault;
      },
    });
    const run = await signTree(service, tree);
    expect([run.requests, run.outcomes[0]?.status]).toEqual([2, 'signed']);
    expect(genuineSignatures(service, tree)).toEqual(['a.bin']);
  });

  test.each([
    ['small', SMALL],
    ['large', LARGE],
  ])('twice, fails the %s file with what may be wrong', async (_, size) => {
    const service = await openService({
      script: () => signatureOver(Buffer.from('other'), service.pki.signingKey),
    });
    const tree = plant({ 'a.bin': Buffer.alloc(size, 1) });
    const run = await signTree(service, tree);
    expect(run.outcomes.map(({ error, attempts }) => [error?.code, attempts])).toEqual([['SIGNATURE_INVALID', 2]]);
    expect(run.outcomes[0]?.error?.hint).toContain('verify-key');
    expect(genuineSignatures(service, tree)).toEqual([]);
  });

  test('names the algorithm that would fit', async () => {
    const service = await openService();
    const tree = plant({ 'a.bin': Buffer.alloc(LARGE, 1) });
    const run = await signTree(service, tree, { algorithm: 'ecdsa-sha384' });
    expect(run.outcomes[0]?.error?.code).toBe('SIGNATURE_INVALID');
    expect(run.outcomes[0]?.error?.hint).toContain('signature-algorithm: ecdsa-sha256');
    expect(genuineSignatures(service, tree)).toEqual([]);
  });

  test('that is not encoded as configured fails its file at once', async () => {
    const service = await openService({ script: () => wrongSignData('AAAA AAAA') });
    const run = await signTree(service, plant({ 'a.bin': Buffer.from('content') }));
    expect(run.outcomes.map(({ status, attempts }) => [status, attempts])).toEqual([['failed', 1]]);
  });
});
