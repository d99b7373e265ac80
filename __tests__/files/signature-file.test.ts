import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  hashText,
  holdsText,
  MAX_SIGNATURE_FILE_BYTES,
  readSignatureFile,
  readSmallFile,
} from '../../src/files/reading/read-small.ts';
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
    expect(() => readSignatureFile(join(directory, name))).toThrow(refusal('not a regular file'));
  }
});

test('reads nothing behind a directory that is a link', () => {
  const directory = plant(makeDirectory(), { 'real/a': 'x', alias: { link: 'real' } });
  expect(() => readSignatureFile(join(directory, 'alias/a'))).toThrow(
    refusal('its directory was moved, or replaced by a link.'),
  );
});

test('a small file is read through links where they are followed, and cut where its beginning is wanted', () => {
  const directory = plant(makeDirectory(), { 'real/a': 'abcdef', alias: { link: 'real' }, link: { link: 'real/a' } });
  const followed = { maxBytes: 6, longer: 'refused', links: 'followed' } as const;
  for (const name of ['link', 'alias/a']) {
    expect(readSmallFile(join(directory, name), followed)?.bytes?.toString()).toBe('abcdef');
    expect(readSmallFile(join(directory, name), { ...followed, links: 'refused' })?.bytes).toBeUndefined();
  }
  const cut = { maxBytes: 4, longer: 'cut', links: 'refused' } as const;
  expect(readSmallFile(join(directory, 'real/a'), cut)?.bytes?.toString()).toBe('abcd');
  expect(readSmallFile(join(directory, 'real/a'), { ...cut, longer: 'refused' })?.reason).toBe(
    'it has 6 bytes, more than 4',
  );
});

test('a file holds a text when all of its bytes are that text, and no link does', () => {
  const full = 'x'.repeat(MAX_SIGNATURE_FILE_BYTES);
  const directory = realpathSync(plant(makeDirectory(), { a: 'text', full, longer: `${full}x`, link: { link: 'a' } }));
  const holds = (name: string, text: string): boolean => holdsText(join(directory, name), hashText(text));
  expect([holds('a', 'text'), holds('full', full)]).toEqual([true, true]);
  expect([holds('a', 'tex'), holds('longer', full), holds('link', 'text'), holds('none', '')]).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(hashText('text')).toBe('mC2ePrmW9VnmM_TRlN7zdh2Qn1o7ZH0ahR_q1nwyydE');
  expect(openFilesIn(directory)).toEqual([]);
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
