import { createHash } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { startHash } from '../../src/files/hashing/file-hash.ts';
import { openFile } from '../../src/files/reading/open-file.ts';
import { OutputTree } from '../../src/files/writing/output-tree.ts';
import { headerHashing } from '../../src/protocols/es-auth/request-signature.ts';
import type { Results } from '../../src/worker/tasks.ts';
import { WorkerThread } from '../../src/worker/worker.ts';
import { writeInWorker } from '../../src/worker/writer.ts';
import { eventually } from '../helpers/time.ts';

const THREAD = join(import.meta.dirname, '..', '..', 'src', 'thread.ts');
const HASHING = headerHashing({ method: 'POST', path: '/sign', appKey: 'key', appSecret: 'secret' })({
  nonce: 'abcdefghijKLMN01',
  timestamp: '1700000000000',
});
const MIB = 2 ** 20;

/** To start a worker takes longer than most tasks: what neither ends nor blocks it shares one. */
const shared = new WorkerThread(THREAD);
afterAll(() => shared.stop());

function startWorker(entry = THREAD): WorkerThread {
  const worker = new WorkerThread(entry);
  onTestFinished(() => worker.stop());
  return worker;
}

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'worker-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** An open file of so many bytes, no two chunks of which are alike, except where nothing but its size matters. */
function open(size: number, hasContent = true) {
  const location = join(makeDirectory(), 'a.bin');
  const content = Buffer.alloc(hasContent ? size : 0, 'where am I? ');
  for (let at = 0; at + 4 <= content.length; at += 1000) content.writeUInt32LE(at, at);
  writeFileSync(location, content);
  truncateSync(location, size);
  const file = openFile({ path: 'a.bin', location, size });
  onTestFinished(() => file.close());
  const { lend } = file;
  if (lend === undefined) throw new Error('A file of this size is in memory');
  return { location, content, file, lend };
}

function hashOn(worker: WorkerThread, opened: ReturnType<typeof open>, signal?: AbortSignal) {
  const { size } = opened.file;
  return opened.lend((descriptor) =>
    worker.do({ do: 'hash', file: { descriptor, path: 'a.bin', size }, hashing: HASHING }, signal),
  );
}

function plainHashes(content: Buffer): Results['hash'] {
  const hash = startHash(HASHING);
  hash.update(content);
  return { digest: new Uint8Array(hash.digest()), sha256: createHash('sha256').update(content).digest('hex') };
}

describe('hashing', () => {
  test.each([MIB + 1, MIB + 2, 384 * 1024 * 3, 384 * 1024 * 3 + 1, 384 * 1024 * 4 - 1, 5 * MIB + 7])(
    'a file of %i bytes has the same hashes as in this thread',
    async (size) => {
      const opened = open(size);
      expect(await hashOn(shared, opened)).toEqual(plainHashes(opened.content));
    },
  );

  test('several files at once have their own hashes', async () => {
    const files = [2, 3, 4, 5].map((size) => open(size * MIB));
    const hashes = await Promise.all(files.map((opened) => hashOn(shared, opened)));
    expect(hashes).toEqual(files.map(({ content }) => plainHashes(content)));
  });

  test.each<[string, (location: string, size: number) => void]>([
    ['grew', (location) => writeFileSync(location, 'more', { flag: 'a' })],
    ['shrank', (location, size) => truncateSync(location, size - 1)],
  ])('a file that %s is an error that names it', async (_, change) => {
    const opened = open(2 * MIB);
    change(opened.location, 2 * MIB);
    await expect(hashOn(shared, opened)).rejects.toMatchObject({
      code: 'FILE_CHANGED',
      message: expect.stringContaining('a.bin'),
      hint: expect.stringMatching(/./),
    });
  });

  test('a descriptor that cannot be read is an error with the reason', async () => {
    const file = { descriptor: 9999, path: 'gone.bin', size: 5 };
    await expect(shared.do({ do: 'hash', file, hashing: HASHING })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('EBADF'),
      cause: expect.any(Error),
    });
  });

  test('a cancelled task ends early, and its file is closed only when the task has ended', async () => {
    const worker = startWorker();
    const opened = open(200 * MIB, false);
    const over = new AbortController();
    const hashing = hashOn(worker, opened, over.signal);
    let isOver = false;
    const ended = hashing.catch(() => {}).finally(() => (isOver = true));
    const small = open(2 * MIB);
    await hashOn(worker, small);
    over.abort(new Error('over'));
    opened.file.close();
    expect([isOver, openFiles().includes(opened.location)]).toEqual([false, true]);
    await expect(hashing).rejects.toThrow();
    await ended;
    await eventually(() => expect(openFiles()).not.toContain(opened.location));
  });
});

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      // The one that listed them.
      return '';
    }
  });
}

describe('writing', () => {
  test('every text is written to its path, missing directories are made, and nothing else is written', async () => {
    const directory = makeDirectory();
    const writer = writeInWorker(shared, new OutputTree(directory, process.pid));
    const names = Array.from({ length: 300 }, (_, at) => `d${at % 7}/f${at}.sign`);
    await Promise.all(names.map(async (name) => writer.write(name, `signature of ${name}`)));
    const written = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    expect(written).toHaveLength(300);
    for (const name of names) expect(readFileSync(join(directory, name), 'utf8')).toBe(`signature of ${name}`);
  });

  test('when one signature of a batch cannot be written, only its own file fails', async () => {
    const directory = makeDirectory();
    symlinkSync(makeDirectory(), join(directory, 'out'));
    const writer = writeInWorker(shared, new OutputTree(directory, process.pid));
    const names = ['a.sign', 'out/b.sign', 'c.sign'];
    const written = await Promise.allSettled(names.map(async (name) => writer.write(name, name)));
    expect(written.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(written[1]).toMatchObject({
      reason: { code: 'OUTPUT_OUTSIDE', message: expect.stringContaining('b.sign') },
    });
    for (const name of ['a.sign', 'c.sign']) expect(readFileSync(join(directory, name), 'utf8')).toBe(name);
  });

  test('a path that leads out of the tree is refused with the same error as in this thread', async () => {
    const directory = makeDirectory();
    symlinkSync(makeDirectory(), join(directory, 'out'));
    const output = new OutputTree(directory, process.pid);
    const attempt = (write: () => unknown) =>
      Promise.resolve()
        .then(write)
        .catch((error: unknown) => error);
    const here = await attempt(() => output.write('out/a.sign', 'x'));
    const there = await attempt(() => writeInWorker(shared, output).write('out/a.sign', 'x'));
    expect(there).toMatchObject({ code: 'OUTPUT_OUTSIDE' });
    expect({ ...Object(there), text: String(there) }).toEqual({ ...Object(here), text: String(here) });
  });
});

describe('without a worker', () => {
  const BROKEN: readonly [string, string][] = [
    ['does not exist', 'no-such-file.ts'],
    ['dies at once', 'dies.ts'],
    ['dies of its first task', 'dies-of-a-task.ts'],
  ];

  test.each(BROKEN)('the worker %s: hashing resolves with undefined and this thread writes', async (_, name) => {
    const directory = makeDirectory();
    writeFileSync(join(directory, 'dies.ts'), `throw new Error('no');`);
    writeFileSync(
      join(directory, 'dies-of-a-task.ts'),
      `import { parentPort } from 'node:worker_threads';\nparentPort?.on('message', () => process.exit(3));`,
    );
    const worker = startWorker(join(directory, name));
    expect(await hashOn(worker, open(2 * MIB))).toBeUndefined();
    const writer = writeInWorker(worker, new OutputTree(directory, process.pid));
    const names = ['a.sign', 'b.sign'];
    await Promise.all(names.map(async (name) => writer.write(name, `text of ${name}`)));
    for (const name of names) expect(readFileSync(join(directory, name), 'utf8')).toBe(`text of ${name}`);
  });

  test('the worker dies with a batch of signatures: this thread writes each of them', async () => {
    const directory = makeDirectory();
    const dies = join(directory, 'dies.ts');
    writeFileSync(
      dies,
      `import { parentPort } from 'node:worker_threads';\nparentPort?.on('message', () => process.exit(3));`,
    );
    const writer = writeInWorker(startWorker(dies), new OutputTree(directory, process.pid));
    const names = ['a.sign', 'b.sign'];
    await Promise.all(names.map(async (name) => writer.write(name, `text of ${name}`)));
    for (const name of names) expect(readFileSync(join(directory, name), 'utf8')).toBe(`text of ${name}`);
  });

  test('the system gives no thread: this thread does everything, and the reason is told once', async () => {
    const directory = makeDirectory();
    const reasons: string[] = [];
    const worker = new WorkerThread('not an absolute path', (reason) => void reasons.push(String(reason)));
    expect(await hashOn(worker, open(2 * MIB))).toBeUndefined();
    await writeInWorker(worker, new OutputTree(directory, process.pid)).write('a.sign', 'text');
    expect(readFileSync(join(directory, 'a.sign'), 'utf8')).toBe('text');
    expect(reasons).toEqual([expect.stringContaining('not an absolute path')]);
  });

  test('the worker was stopped: every task resolves with undefined', async () => {
    const worker = startWorker();
    const hashing = hashOn(worker, open(50 * MIB, false));
    worker.stop();
    expect(await hashing).toBeUndefined();
    expect(await hashOn(worker, open(2 * MIB))).toBeUndefined();
  });
});

test('the worker has no environment variables and no options of Node', async () => {
  const directory = makeDirectory();
  const told = join(directory, 'told.json');
  writeFileSync(
    join(directory, 'tells.ts'),
    `import { writeFileSync } from 'node:fs';
     writeFileSync(${JSON.stringify(told)}, JSON.stringify([process.env, process.execArgv]));
     process.exit();`,
  );
  expect(await hashOn(startWorker(join(directory, 'tells.ts')), open(2 * MIB))).toBeUndefined();
  expect(JSON.parse(readFileSync(told, 'utf8'))).toEqual([{}, []]);
});
