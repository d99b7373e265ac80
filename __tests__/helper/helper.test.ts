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
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openFile } from '../../src/files/reading/open-file.ts';
import { OutputTree } from '../../src/files/writing/output-tree.ts';
import type { FileHashes } from '../../src/protocols/es-auth/header-pass.ts';
import { type CanonicalFacts, CanonicalHash } from '../../src/protocols/es-auth/request-signature.ts';
import { Helper } from '../../src/worker/worker.ts';
import { writeElsewhere } from '../../src/worker/writer.ts';

const THREAD = join(import.meta.dirname, '..', '..', 'src', 'thread.ts');
const FACTS: CanonicalFacts = {
  method: 'POST',
  path: '/sign',
  appKey: 'key',
  appSecret: 'secret',
  nonce: 'abcdefghijKLMN01',
  timestamp: '1700000000000',
};
const MIB = 2 ** 20;

function startHelper(entry = THREAD): Helper {
  const helper = new Helper(entry);
  onTestFinished(() => helper.stop());
  return helper;
}

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'helper-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** An open file of so many bytes, no two chunks of which are alike. */
function open(size: number) {
  const location = join(makeDirectory(), 'a.bin');
  const content = Buffer.alloc(size, 'where am I? ');
  for (let at = 0; at + 4 <= size; at += 1000) content.writeUInt32LE(at, at);
  writeFileSync(location, content);
  const file = openFile({ path: 'a.bin', location, size });
  onTestFinished(() => file.close());
  const { lend } = file;
  if (lend === undefined) throw new Error('A file of this size is not lent');
  return { location, content, file, lend };
}

function hashOn(helper: Helper, opened: ReturnType<typeof open>, signal?: AbortSignal) {
  const { size } = opened.file;
  return opened.lend((descriptor) =>
    helper.do({ do: 'hash', file: { descriptor, path: 'a.bin', size }, facts: FACTS }, signal),
  );
}

function plainHashes(content: Buffer): FileHashes {
  const canonical = new CanonicalHash(FACTS);
  canonical.update(content);
  return { sign: canonical.digest(), sha256: createHash('sha256').update(content).digest('hex') };
}

describe('hashing', () => {
  test.each([MIB + 1, MIB + 2, 384 * 1024 * 3, 384 * 1024 * 3 + 1, 384 * 1024 * 4 - 1, 5 * MIB + 7])(
    'a file of %i bytes comes to what its bytes come to here',
    async (size) => {
      const opened = open(size);
      expect(await hashOn(startHelper(), opened)).toEqual(plainHashes(opened.content));
    },
  );

  test('several files at once do not mix', async () => {
    const helper = startHelper();
    const files = [2, 3, 4, 5].map((size) => open(size * MIB));
    const hashes = await Promise.all(files.map((opened) => hashOn(helper, opened)));
    expect(hashes).toEqual(files.map(({ content }) => plainHashes(content)));
  });

  test.each<[string, (location: string, size: number) => void]>([
    ['grew', (location) => writeFileSync(location, 'more', { flag: 'a' })],
    ['shrank', (location, size) => truncateSync(location, size - 1)],
  ])('a file that %s is an error with its name, not a hash', async (_, change) => {
    const opened = open(2 * MIB);
    change(opened.location, 2 * MIB);
    await expect(hashOn(startHelper(), opened)).rejects.toMatchObject({
      code: 'FILE_CHANGED',
      message: expect.stringContaining('a.bin'),
      hint: expect.stringMatching(/./),
    });
  });

  test('a descriptor that cannot be read is an error with the reason', async () => {
    const helper = startHelper();
    const file = { descriptor: 9999, path: 'gone.bin', size: 5 };
    await expect(helper.do({ do: 'hash', file, facts: FACTS })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('EBADF'),
      cause: expect.any(Error),
    });
  });

  test('is given up when nobody wants it any more, and the file is closed after that only', async () => {
    const helper = startHelper();
    const opened = open(200 * MIB);
    const over = new AbortController();
    const hashing = hashOn(helper, opened, over.signal);
    let isOver = false;
    const ended = hashing.catch(() => {}).finally(() => (isOver = true));
    const small = open(2 * MIB);
    await hashOn(helper, small);
    over.abort(new Error('over'));
    opened.file.close();
    expect([isOver, openFiles().includes(opened.location)]).toEqual([false, true]);
    await expect(hashing).rejects.toThrow();
    await ended;
    await vi.waitFor(() => expect(openFiles()).not.toContain(opened.location));
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
  test('puts every text in its place, below directories that are made, and leaves nothing else', async () => {
    const directory = makeDirectory();
    const writer = writeElsewhere(startHelper(), new OutputTree(directory, process.pid));
    const names = Array.from({ length: 300 }, (_, at) => `d${at % 7}/f${at}.sign`);
    await Promise.all(names.map(async (name) => writer.write(name, `signature of ${name}`)));
    const written = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    expect(written).toHaveLength(300);
    for (const name of names) expect(readFileSync(join(directory, name), 'utf8')).toBe(`signature of ${name}`);
  });

  test('of several that go together, the one that fails is told to its own file alone', async () => {
    const directory = makeDirectory();
    symlinkSync(makeDirectory(), join(directory, 'out'));
    const writer = writeElsewhere(startHelper(), new OutputTree(directory, process.pid));
    const names = ['a.sign', 'out/b.sign', 'c.sign'];
    const written = await Promise.allSettled(names.map(async (name) => writer.write(name, name)));
    expect(written.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(written[1]).toMatchObject({
      reason: { code: 'OUTPUT_OUTSIDE', message: expect.stringContaining('b.sign') },
    });
    for (const name of ['a.sign', 'c.sign']) expect(readFileSync(join(directory, name), 'utf8')).toBe(name);
  });

  test('refuses what the tree refuses, with the same error', async () => {
    const directory = makeDirectory();
    symlinkSync(makeDirectory(), join(directory, 'out'));
    const output = new OutputTree(directory, process.pid);
    const attempt = (write: () => unknown) =>
      Promise.resolve()
        .then(write)
        .catch((error: unknown) => error);
    const here = await attempt(() => output.write('out/a.sign', 'x'));
    const there = await attempt(() => writeElsewhere(startHelper(), output).write('out/a.sign', 'x'));
    expect(there).toMatchObject({ code: 'OUTPUT_OUTSIDE' });
    expect({ ...Object(there), text: String(there) }).toEqual({ ...Object(here), text: String(here) });
  });
});

describe('without the thread', () => {
  const BROKEN: readonly [string, string][] = [
    ['does not exist', 'no-such-thread.ts'],
    ['dies at once', 'dies.ts'],
    ['dies of its first task', 'dies-of-a-task.ts'],
  ];

  test.each(BROKEN)('that %s, hashing says so and writing is done here', async (_, name) => {
    const directory = makeDirectory();
    writeFileSync(join(directory, 'dies.ts'), `throw new Error('no');`);
    writeFileSync(
      join(directory, 'dies-of-a-task.ts'),
      `import { parentPort } from 'node:worker_threads';\nparentPort?.on('message', () => process.exit(3));`,
    );
    const helper = startHelper(join(directory, name));
    expect(await hashOn(helper, open(2 * MIB))).toBeUndefined();
    const writer = writeElsewhere(helper, new OutputTree(directory, process.pid));
    const names = ['a.sign', 'b.sign'];
    await Promise.all(names.map(async (name) => writer.write(name, `text of ${name}`)));
    for (const name of names) expect(readFileSync(join(directory, name), 'utf8')).toBe(`text of ${name}`);
  });

  test('is lost with several signatures on their way to it, each is written here', async () => {
    const directory = makeDirectory();
    const dies = join(directory, 'dies.ts');
    writeFileSync(
      dies,
      `import { parentPort } from 'node:worker_threads';\nparentPort?.on('message', () => process.exit(3));`,
    );
    const writer = writeElsewhere(startHelper(dies), new OutputTree(directory, process.pid));
    const names = ['a.sign', 'b.sign'];
    await Promise.all(names.map(async (name) => writer.write(name, `text of ${name}`)));
    for (const name of names) expect(readFileSync(join(directory, name), 'utf8')).toBe(`text of ${name}`);
  });

  test('that the system has none of, everything is done here, and the reason is told once', async () => {
    const directory = makeDirectory();
    const reasons: string[] = [];
    const helper = new Helper('not an absolute path', (reason) => void reasons.push(String(reason)));
    expect(await hashOn(helper, open(2 * MIB))).toBeUndefined();
    await writeElsewhere(helper, new OutputTree(directory, process.pid)).write('a.sign', 'text');
    expect(readFileSync(join(directory, 'a.sign'), 'utf8')).toBe('text');
    expect(reasons).toEqual([expect.stringContaining('not an absolute path')]);
  });

  test('that was stopped, nothing waits for ever', async () => {
    const helper = startHelper();
    const hashing = hashOn(helper, open(50 * MIB));
    helper.stop();
    expect(await hashing).toBeUndefined();
    expect(await hashOn(helper, open(2 * MIB))).toBeUndefined();
  });
});

test('the thread knows nothing of the environment', async () => {
  const directory = makeDirectory();
  const told = join(directory, 'told.json');
  writeFileSync(
    join(directory, 'tells.ts'),
    `import { writeFileSync } from 'node:fs';
     writeFileSync(${JSON.stringify(told)}, JSON.stringify([process.env, process.execArgv]));
     process.exit();`,
  );
  expect(await hashOn(startHelper(join(directory, 'tells.ts')), open(2 * MIB))).toBeUndefined();
  expect(JSON.parse(readFileSync(told, 'utf8'))).toEqual([{}, []]);
});
