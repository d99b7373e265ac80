import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type OpenFile, openFile, SMALL_FILE_BYTES } from '../../src/files/reading/open-file.ts';
import type { ReleaseFile } from '../../src/files/release-file.ts';
import { asOrdinaryUser } from '../helpers/rights.ts';
import { makeDirectory } from './trees.ts';

/** A file as it was listed. */
function listed(content: Uint8Array | string, name = 'file'): ReleaseFile {
  const location = join(makeDirectory(), name);
  writeFileSync(location, content);
  // A whole second can be set again exactly.
  utimesSync(location, 1_000_000_000, 1_000_000_000);
  const { size } = lstatSync(location);
  return { path: `dist/${name}`, location, size };
}

function open(file: ReleaseFile): OpenFile {
  const opened = openFile(file);
  onTestFinished(() => opened.close());
  return opened;
}

async function digest(opened: OpenFile): Promise<string> {
  const sha256 = createHash('sha256');
  for await (const chunk of opened.read()) sha256.update(chunk);
  return sha256.digest('hex');
}

const failsWith = (code: string): unknown => expect.objectContaining({ code, name: 'ActionError' });
const MiB = 1024 * 1024;
const LARGE = SMALL_FILE_BYTES + 300_000;

describe('the content of a file', () => {
  const sizes = [0, 1, SMALL_FILE_BYTES - 1, SMALL_FILE_BYTES, SMALL_FILE_BYTES + 1];
  test.each([...sizes, 1.5 * MiB - 1, 1.5 * MiB, 1.5 * MiB + 1, 2 * MiB, 2 * MiB + 1, 5 * MiB + 7])(
    'of %i bytes is the same in every pass',
    async (size) => {
      const content = randomBytes(size);
      const opened = open(listed(content));
      const wanted = createHash('sha256').update(content).digest('hex');
      expect(opened.size).toBe(size);
      expect(await digest(opened)).toBe(wanted);
      expect(await digest(opened)).toBe(wanted);
      await opened.checkUnchanged(wanted);
    },
  );

  test('of a small file is one piece in memory', () => {
    const opened = open(listed('abc'));
    expect(opened.read()).toEqual([Buffer.from('abc')]);
    expect(Array.isArray(open(listed(Buffer.alloc(SMALL_FILE_BYTES))).read())).toBe(true);
    expect(Array.isArray(open(listed(Buffer.alloc(SMALL_FILE_BYTES + 1))).read())).toBe(false);
  });

  test('of a large file is checked for changes while it is read', async () => {
    const content = randomBytes(3 * MiB);
    let position = 0;
    for await (const chunk of open(listed(content)).read()) {
      // A consumer may take its time: the next piece must not come into this one.
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(Buffer.compare(chunk, content.subarray(position, position + chunk.length))).toBe(0);
      position += chunk.length;
    }
    expect(position).toBe(content.length);
  });

  test('of 300 MiB is read in constant memory', async () => {
    const file = listed('');
    truncateSync(file.location, 300 * MiB);
    const opened = open({ ...file, size: 300 * MiB });
    const before = process.memoryUsage().arrayBuffers;
    let [bytes, most] = [0, 0];
    for await (const chunk of opened.read()) {
      bytes += chunk.length;
      if (bytes % (25 * MiB) === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(bytes).toBe(300 * MiB);
    expect(most).toBeLessThan(32 * MiB);
  });
});

/** What can happen to a file while nobody holds it. */
const CHANGES: Readonly<Record<string, (location: string) => void>> = {
  grows: (location) => appendFileSync(location, 'x'),
  shrinks: (location) => truncateSync(location, lstatSync(location).size - 1),
  'is emptied': (location) => truncateSync(location, 0),
  'is replaced by one of the same size': (location) => {
    const { size, mtime, atime } = lstatSync(location);
    writeFileSync(`${location}.new`, Buffer.alloc(size, 1));
    utimesSync(`${location}.new`, atime, mtime);
    renameSync(`${location}.new`, location);
  },
};

/** What scanners, packers and other steps do to a file without changing its bytes. */
const HARMLESS: Readonly<Record<string, (location: string) => void>> = {
  'with other rights': (location) => chmodSync(location, 0o600),
  'with another name': (location) => linkSync(location, `${location}.linked`),
  'with other times': (location) => utimesSync(location, 1, 1),
  'copied over itself': (location) => {
    copyFileSync(location, `${location}.copy`);
    renameSync(`${location}.copy`, location);
  },
};

/** Writes in place: the name, the size and the inode stay. */
function overwrite(location: string): void {
  const descriptor = openSync(location, 'r+');
  writeSync(descriptor, 'other bytes', 0);
  closeSync(descriptor);
}

describe.each([
  ['small', 5000],
  ['large', LARGE],
])('a %s file', (_, size) => {
  test.each(['grows', 'shrinks', 'is emptied'])('that %s before it is opened has changed', (what) => {
    const file = listed(randomBytes(size));
    CHANGES[what]?.(file.location);
    expect(() => open(file)).toThrow(failsWith('FILE_CHANGED'));
    expect(() => open(file)).toThrow('changed while it was being read');
  });

  test.each([...Object.entries(CHANGES), ['is written to', overwrite] as const])(
    'that %s after it was opened has changed',
    async (__, change) => {
      const file = listed(randomBytes(size));
      const opened = open(file);
      const sha256 = await digest(opened);
      await opened.checkUnchanged(sha256);
      change(file.location);
      await expect(opened.checkUnchanged(sha256)).rejects.toThrow(failsWith('FILE_CHANGED'));
    },
  );

  test.each(Object.entries(HARMLESS))('%s and the same bytes has not changed', async (__, touch) => {
    const file = listed(randomBytes(size));
    const opened = open(file);
    const sha256 = await digest(opened);
    touch(file.location);
    await opened.checkUnchanged(sha256);
  });

  test('that is gone, or a link by now, is refused', async () => {
    const file = listed(randomBytes(size));
    const opened = open(file);
    const sha256 = await digest(opened);
    renameSync(file.location, `${file.location}.away`);
    await expect(opened.checkUnchanged(sha256)).rejects.toThrow(failsWith('FILE_VANISHED'));
    symlinkSync(`${file.location}.away`, file.location);
    await expect(opened.checkUnchanged(sha256)).rejects.toThrow(failsWith('FILE_NOT_REGULAR'));
    expect(() => open(file)).toThrow(failsWith('FILE_NOT_REGULAR'));
    rmSync(file.location);
    expect(() => open(file)).toThrow(failsWith('FILE_VANISHED'));
  });
});

describe('a large file', () => {
  test.each(['grows', 'shrinks', 'is emptied'])('that %s in the middle of a pass fails the pass', async (what) => {
    const file = listed(randomBytes(4 * MiB));
    const opened = open(file);
    const pass = async (): Promise<void> => {
      let count = 0;
      for await (const _ of opened.read()) if (count++ === 1) CHANGES[what]?.(file.location);
    };
    await expect(pass()).rejects.toThrow(failsWith('FILE_CHANGED'));
  });

  test('that grows yields no byte beyond its size', async () => {
    const file = listed(randomBytes(LARGE));
    const opened = open(file);
    appendFileSync(file.location, randomBytes(2 * MiB));
    let bytes = 0;
    const pass = async (): Promise<void> => {
      for await (const chunk of opened.read()) bytes += chunk.length;
    };
    await expect(pass()).rejects.toThrow(failsWith('FILE_CHANGED'));
    expect(bytes).toBeLessThanOrEqual(LARGE);
  });

  test('that is closed while it is read yields no bytes of a file that is opened next', async () => {
    const file = listed(Buffer.alloc(8 * MiB, 'a'));
    for (let round = 0; round < 20; round++) {
      const opened = openFile(file);
      const content = opened.read();
      if (Array.isArray(content)) throw new Error('too small');
      const first = content.next();
      opened.close();
      const other = open(listed(Buffer.alloc(LARGE, 'b')));
      const { value } = await first;
      expect(value?.every((byte: number) => byte === 'a'.charCodeAt(0))).toBe(true);
      await expect(content.next()).rejects.toThrow(failsWith('FILE_UNREADABLE'));
      expect((await digest(other)).length).toBe(64);
    }
  });

  test('that is left in the middle of a pass can be read again', async () => {
    const content = randomBytes(3 * MiB);
    const opened = open(listed(content));
    for await (const _ of opened.read()) break;
    expect(await digest(opened)).toBe(createHash('sha256').update(content).digest('hex'));
  });
});

describe('what is no regular file by the time it is opened', () => {
  test('a FIFO does not make the run hang', () => {
    const file = listed('');
    rmSync(file.location);
    spawnSync('mkfifo', [file.location]);
    expect(() => open(file)).toThrow(failsWith('FILE_NOT_REGULAR'));
  });

  test('a directory is refused', () => {
    const file = listed('');
    expect(() => open({ ...file, location: join(file.location, '..') })).toThrow(failsWith('FILE_NOT_REGULAR'));
    expect(() => open({ ...file, location: join(file.location, 'below') })).toThrow(failsWith('FILE_VANISHED'));
  });
});

test('a file that may not be read is named, with its path and the reason', () => {
  const file = listed('secret');
  chmodSync(file.location, 0o000);
  expect(() => asOrdinaryUser([join(file.location, '..')], () => openFile(file))).toThrow(
    expect.objectContaining({ code: 'FILE_UNREADABLE', message: 'dist/file cannot be read (EACCES).' }),
  );
});

test.runIf(process.platform === 'linux')(
  'a file behind a link to a directory that differs in case only is elsewhere',
  () => {
    const root = makeDirectory();
    mkdirSync(join(root, 'DIST'));
    writeFileSync(join(root, 'DIST/a'), 'a');
    symlinkSync('DIST', join(root, 'dist'));
    const swapped = { path: 'dist/a', location: join(root, 'dist/a'), size: 1 };
    expect(() => openFile(swapped)).toThrow(expect.objectContaining({ code: 'DIRECTORY_MOVED' }));
  },
);
