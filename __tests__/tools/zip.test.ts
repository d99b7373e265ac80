import { crc32, deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { entriesOf } from '../../tools/results/zip.ts';

interface Options {
  readonly method?: 'stored' | 'deflated';
  readonly width?: 'narrow' | 'zip64';
}

/** Writes a number in so many bytes, little-endian. */
function le(size: 2 | 4 | 8, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes.subarray(0, size);
}

const ALL = 0xffffffff;

/** What every record says of an entry: method, time, checksum and sizes. */
function describe(bytes: Buffer, packed: Buffer, options: Options): Buffer[] {
  const sizes = options.width === 'zip64' ? [ALL, ALL] : [packed.length, bytes.length];
  const method = options.method === 'deflated' ? 8 : 0;
  return [le(2, method), le(4, 0), le(4, crc32(bytes)), ...sizes.map((size) => le(4, size))];
}

/** The two records of one entry that starts at `offset`. */
function makeEntry([path, text]: readonly [string, string], offset: number, options: Options) {
  const wide = options.width === 'zip64';
  const bytes = Buffer.from(text);
  const packed = options.method === 'deflated' ? deflateRawSync(bytes) : bytes;
  const facts = describe(bytes, packed, options);
  const name = Buffer.from(path);
  const long = [le(2, 1), le(2, 24), le(8, bytes.length), le(8, packed.length), le(8, offset)];
  const extra = Buffer.concat(wide ? long : []);
  const local = [Buffer.from('PK\x03\x04'), le(2, 45), le(2, 0), ...facts, le(2, name.length), le(2, 0), name, packed];
  const lengths = [le(2, name.length), le(2, extra.length), le(8, 0), le(2, 0), le(4, wide ? ALL : offset)];
  const central = [Buffer.from('PK\x01\x02'), le(4, 45), le(2, 0), ...facts, ...lengths, name, extra];
  return { local: Buffer.concat(local), central: Buffer.concat(central) };
}

/** The records after the central directory. */
function makeEnd(count: number, start: number, size: number): Record<'narrow' | 'zip64', Buffer[]> {
  const facts64 = [le(8, 44), le(4, 45), le(8, 0), le(8, count), le(8, count), le(8, size), le(8, start)];
  const locator = [Buffer.from('PK\x06\x07'), le(4, 0), le(8, start + size), le(4, 1)];
  const end = Buffer.from('PK\x05\x06');
  return {
    narrow: [end, le(4, 0), le(2, count), le(2, count), le(4, size), le(4, start), le(2, 0)],
    zip64: [Buffer.from('PK\x06\x06'), ...facts64, ...locator, end, le(4, 0), le(4, ALL), le(8, ALL), le(2, 0)],
  };
}

/** Makes a zip by the book, in either width. */
function makeZip(files: ReadonlyArray<readonly [path: string, text: string]>, options: Options = {}): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const entry = makeEntry(file, offset, options);
    local.push(entry.local);
    central.push(entry.central);
    offset += entry.local.length;
  }
  const size = Buffer.concat(central).length;
  return Buffer.concat([...local, ...central, ...makeEnd(files.length, offset, size)[options.width ?? 'narrow']]);
}

const FILES = [
  ['a.txt', 'one'],
  ['ü/b.txt', 'two '.repeat(100)],
  ['a.txt', 'the same path again'],
] as const;

test.each<Options>([{ method: 'stored' }, { method: 'deflated' }, { method: 'deflated', width: 'zip64' }])(
  'every entry is read, in order and with repeats: %o',
  (options) => {
    const entries = entriesOf(makeZip(FILES, options));
    expect(entries.map(({ path, bytes }) => [path, bytes.toString()])).toEqual(FILES);
  },
);

test('no entries', () => {
  expect(entriesOf(makeZip([]))).toEqual([]);
});

test.each<[string, (zip: Buffer) => Buffer]>([
  ['cut short', (zip) => zip.subarray(0, zip.length - 1)],
  ['without its beginning', (zip) => zip.subarray(10)],
  ['with a changed byte', (zip) => Buffer.from(zip.toString('latin1').replace('one', 'onf'), 'latin1')],
  ['that is none', () => Buffer.from('no zip')],
])('a zip %s is refused', (_, spoil) => {
  expect(() => entriesOf(spoil(makeZip(FILES, { method: 'stored' })))).toThrow(
    expect.objectContaining({ code: 'ZIP_INVALID' }),
  );
});
