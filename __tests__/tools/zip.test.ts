import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { entriesOf } from '../../tools/results/zip.ts';

/** Writes numbers little-endian, each with its size in bytes in front. */
function le(...fields: readonly (readonly [size: 2 | 4, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([size, value]) => {
      const bytes = Buffer.alloc(size);
      bytes.writeUIntLE(value, 0, size);
      return bytes;
    }),
  );
}

/** Makes a zip of uncompressed files; packed ones come from the real client in the test of the results service. */
function makeZip(files: ReadonlyArray<readonly [path: string, text: string]>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  for (const [path, text] of files) {
    const [name, bytes, offset] = [Buffer.from(path), Buffer.from(text), Buffer.concat(local).length];
    const facts = le([2, 0], [4, 0], [4, crc32(bytes)], [4, bytes.length], [4, bytes.length], [2, name.length], [2, 0]);
    local.push(Buffer.from('PK\x03\x04'), le([2, 20], [2, 0x800]), facts, name, bytes);
    central.push(Buffer.from('PK\x01\x02'), le([2, 20], [2, 20], [2, 0x800]), facts);
    central.push(le([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), name);
  }
  const [start, size, count] = [Buffer.concat(local).length, Buffer.concat(central).length, files.length];
  const end = le([4, 0], [2, count], [2, count], [4, size], [4, start], [2, 0]);
  return Buffer.concat([...local, ...central, Buffer.from('PK\x05\x06'), end]);
}

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
