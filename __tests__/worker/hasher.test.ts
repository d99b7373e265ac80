import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { LargeFile } from '../../src/signing/sent-bytes.ts';
import type { Hashing } from '../../src/signing/signer.ts';
import { hashInWorker } from '../../src/worker/hasher.ts';
import { WorkerThread } from '../../src/worker/worker.ts';

const MIB = 2 ** 20;
const THREAD = join(import.meta.dirname, '..', '..', 'src', 'thread.ts');
const never = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function startWorker(entry = THREAD): WorkerThread {
  const worker = new WorkerThread(entry);
  onTestFinished(() => worker.stop());
  return worker;
}

/** Sparse files whose reading begins when the test says so. */
function openFiles() {
  const directory = mkdtempSync(join(tmpdir(), 'hasher-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const waiting: (() => void)[] = [];
  let count = 0;

  function open(size: number): LargeFile {
    const path = join(directory, `${count++}.bin`);
    writeFileSync(path, 'content');
    truncateSync(path, size);
    const descriptor = openSync(path, 'r');
    onTestFinished(() => closeSync(descriptor));
    return {
      path,
      size,
      async lend(reader) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return reader(descriptor);
      },
    };
  }

  return { open, beginOne: () => waiting.shift()?.() };
}

/** Numbers the calls, so that a test sees which file was begun when. */
function counter() {
  const begun: number[] = [];
  const begin = (file: number) => (): Hashing => {
    begun.push(file);
    return { algorithm: 'sha256' };
  };
  return { begun, begin };
}

test.each([{ algorithm: 'sha256' }, { algorithm: 'sha384' }, { algorithm: 'sha512' }] as const)(
  'the worker gives the $algorithm of a file, and its SHA-256',
  async (hashing) => {
    const { open, beginOne } = openFiles();
    const file = open(3 * MIB + 1);
    const result = hashInWorker(startWorker())(file, () => hashing, never);
    await turn();
    beginOne();
    const content = readFileSync(file.path);
    const sum = (name: string): Buffer => createHash(name).update(content).digest();
    expect(await result).toEqual({
      hashing,
      digest: new Uint8Array(sum(hashing.algorithm)),
      sha256: sum('sha256').toString('hex'),
    });
  },
);

test('files are hashed one after the other, and each is begun when its turn comes', async () => {
  const { open, beginOne } = openFiles();
  const { begun, begin } = counter();
  const hash = hashInWorker(startWorker());
  const running = [0, 1, 2].map((file) => hash(open(2 * MIB), begin(file), never));
  for (const expected of [[0], [0, 1], [0, 1, 2]]) {
    await turn();
    expect(begun).toEqual(expected);
    beginOne();
    await running[expected.length - 1];
  }
});

test('a small file behind a huge one is left to the caller', async () => {
  const { open, beginOne } = openFiles();
  const { begin } = counter();
  const over = new AbortController();
  const hash = hashInWorker(startWorker());
  const huge = hash(open(3000 * MIB), begin(0), over.signal);
  expect(await hash(open(2 * MIB), begin(1), never)).toBeUndefined();
  over.abort(new Error('over'));
  await expect(huge).rejects.toThrow('over');
  beginOne();
  const takesNext = async (): Promise<unknown> => {
    const next = hash(open(2 * MIB), begin(2), never);
    await turn();
    beginOne();
    return next;
  };
  await expect.poll(takesNext, { timeout: 30_000 }).toBeDefined();
});

test('an aborted attempt is rejected at once, and the files behind it go on', async () => {
  const { open, beginOne } = openFiles();
  const { begun, begin } = counter();
  const over = new AbortController();
  const hash = hashInWorker(startWorker());
  const first = hash(open(2 * MIB), begin(0), never);
  const second = hash(open(2 * MIB), begin(1), over.signal);
  const third = hash(open(2 * MIB), begin(2), never);
  over.abort(new Error('over'));
  await expect(second).rejects.toThrow('over');
  await turn();
  beginOne();
  await first;
  await turn();
  beginOne();
  expect(await third).toBeDefined();
  expect(begun).toEqual([0, 2]);
});

test('without a worker every file is left to the caller', async () => {
  const { open, beginOne } = openFiles();
  const result = hashInWorker(startWorker('no-such-file'))(open(2 * MIB), counter().begin(0), never);
  await turn();
  beginOne();
  expect(await result).toBeUndefined();
});
