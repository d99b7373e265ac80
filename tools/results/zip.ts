import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { fromBufferPromise } from 'yauzl';
import { ToolError } from '../tool-error.ts';

/** One file in a zip; a directory has a path that ends in `/` and no bytes. */
export interface ZipEntry {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * Reads every entry of a zip in the order of its central directory; a path that occurs twice is returned twice.
 *
 * Sizes and CRC-32 are checked. Throws `ZIP_INVALID` for a zip that is broken, encrypted or split, and for a path that
 * leads outside.
 */
export async function entriesOf(zip: Buffer): Promise<ZipEntry[]> {
  try {
    const file = await fromBufferPromise(zip, { lazyEntries: true, strictFileNames: true });
    const entries: ZipEntry[] = [];
    for await (const entry of file.eachEntry()) {
      const bytes = await buffer(await file.openReadStreamPromise(entry));
      // yauzl checks sizes but not checksums.
      if (crc32(bytes) !== entry.crc32) throw new Error(`${entry.fileName} has a wrong checksum`);
      entries.push({ path: entry.fileName, bytes });
    }
    return entries;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ToolError('ZIP_INVALID', `The zip cannot be read: ${reason}`, { cause });
  }
}
