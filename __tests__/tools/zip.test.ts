import { expect, test } from 'vitest';
import { entriesOf } from '../../tools/results/zip.ts';
import { makeZip } from '../helpers/zip.ts';

const FILES = [
  ['a.txt', 'one'],
  ['ü/b.txt', 'two'],
  ['a.txt', 'the same path again'],
] as const;

test('every entry of a zip is read, in order, and a path that stands there twice comes twice', async () => {
  const entries = await entriesOf(makeZip(FILES));
  expect(entries.map(({ path, bytes }) => [path, bytes.toString()])).toEqual(FILES);
});

test('a zip without entries has none', async () => {
  expect(await entriesOf(makeZip([]))).toEqual([]);
});

test.each<[string, Buffer]>([
  ['that is cut short', makeZip(FILES).subarray(0, -1)],
  ['without its beginning', makeZip(FILES).subarray(10)],
  ['with a changed byte in a file', Buffer.from(makeZip(FILES).toString('latin1').replace('one', 'onf'), 'latin1')],
  ['with a path that leads out of it', makeZip([['../a.txt', 'one']])],
  ['that is no zip', Buffer.from('no zip')],
])('a zip %s is refused', async (_, zip) => {
  await expect(entriesOf(zip)).rejects.toMatchObject({ code: 'ZIP_INVALID' });
});
