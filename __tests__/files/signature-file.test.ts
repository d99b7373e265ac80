import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MAX_SIGNATURE_FILE_BYTES, readSignatureFile } from '../../src/files/reading/read-small.ts';
import { openFilesIn } from './open-descriptors.ts';
import { makeDirectory, plant } from './trees.ts';

const refusal = (why: string): unknown =>
  expect.objectContaining({ code: 'SIGNATURE_UNREADABLE', message: expect.stringContaining(why) });

test('reads what is there, to the last byte', () => {
  const directory = plant(makeDirectory(), { a: 'MEUCIQ==\n', empty: '', full: 'x'.repeat(MAX_SIGNATURE_FILE_BYTES) });
  expect(readSignatureFile(join(directory, 'a'))).toBe('MEUCIQ==\n');
  expect(readSignatureFile(join(directory, 'empty'))).toBe('');
  expect(readSignatureFile(join(directory, 'full'))?.length).toBe(MAX_SIGNATURE_FILE_BYTES);
});

test('says when there is none', () => {
  const directory = plant(makeDirectory(), { a: '' });
  expect(readSignatureFile(join(directory, 'none'))).toBeUndefined();
  expect(readSignatureFile(join(directory, 'no/directory'))).toBeUndefined();
  expect(readSignatureFile(join(directory, 'a/below'))).toBeUndefined();
});

test('reads nothing through a link, and nothing that is no file or too large', async () => {
  const directory = plant(makeDirectory(), {
    victim: 'x',
    link: { link: 'victim' },
    broken: { link: 'none' },
    directory: { directory: true },
    huge: 'x'.repeat(MAX_SIGNATURE_FILE_BYTES + 1),
  });
  spawnSync('mkfifo', [join(directory, 'fifo')]);
  const server = createServer();
  onTestFinished(() => void server.close());
  await once(server.listen(join(directory, 'socket')), 'listening');
  const reasons = { link: 'a link', broken: 'a link', huge: '65537 bytes' };
  for (const [name, why] of Object.entries(reasons)) {
    expect(() => readSignatureFile(join(directory, name))).toThrow(refusal(why));
  }
  for (const name of ['directory', 'fifo', 'socket']) {
    expect(() => readSignatureFile(join(directory, name))).toThrow(refusal('no regular file'));
  }
});

test('gives the reason of the system, and what to do', () => {
  const location = join(makeDirectory(), 'n'.repeat(300));
  expect(() => readSignatureFile(location)).toThrow(
    expect.objectContaining({
      code: 'SIGNATURE_UNREADABLE',
      message: `The signature ${location} cannot be read: ENAMETOOLONG.`,
      hint: 'Remove it and sign the file again.',
      cause: expect.objectContaining({ code: 'ENAMETOOLONG' }),
    }),
  );
});

test('leaves no descriptor open, whether the file was read or refused', () => {
  const directory = realpathSync(plant(makeDirectory(), { a: 'x', huge: 'x'.repeat(MAX_SIGNATURE_FILE_BYTES + 1) }));
  expect(readSignatureFile(join(directory, 'a'))).toBe('x');
  expect(() => readSignatureFile(join(directory, 'huge'))).toThrow();
  expect(openFilesIn(directory)).toEqual([]);
});
