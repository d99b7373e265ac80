import { crc32 } from 'node:zlib';

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

/** Makes a zip of files, uncompressed and in order; any path goes, also one that no client would write. */
export function makeZip(files: Iterable<readonly [path: string, content: string | Buffer]>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  let count = 0;
  for (const [path, content] of files) {
    const [name, bytes] = [Buffer.from(path), Buffer.from(content)];
    const facts = le([2, 0], [4, 0], [4, crc32(bytes)], [4, bytes.length], [4, bytes.length], [2, name.length], [2, 0]);
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), le([2, 20], [2, 0x800]), facts, name, bytes]);
    central.push(Buffer.from('PK\x01\x02'), le([2, 20], [2, 20], [2, 0x800]), facts);
    central.push(le([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), name);
    local.push(entry);
    offset += entry.length;
    count += 1;
  }
  const size = Buffer.concat(central).length;
  const end = le([4, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);
  return Buffer.concat([...local, ...central, Buffer.from('PK\x05\x06'), end]);
}
