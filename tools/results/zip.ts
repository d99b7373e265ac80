import { crc32, inflateRawSync } from 'node:zlib';
import { ActionError } from '../../src/errors.ts';

/** One file in a zip; a directory has a path that ends in `/` and no bytes. */
export interface ZipEntry {
  readonly path: string;
  readonly bytes: Buffer;
}

const END = 0x06054b50;
const END_64_LOCATOR = 0x07064b50;
const END_64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const LOCATOR_SIZE = 20;
const CENTRAL_SIZE = 46;
const LOCAL_SIZE = 30;
const STORED = 0;
const DEFLATED = 8;
const IN_ZIP_64 = 0xffffffff;

/**
 * Reads every entry of a zip in the order of its central directory; a path that stands there twice comes twice.
 *
 * Sizes and CRC-32 are checked. Stored and deflated entries and zip64 are understood, encryption and split archives are not.
 * Throws `ZIP_INVALID`.
 */
export function entriesOf(zip: Buffer): ZipEntry[] {
  try {
    const directory = findDirectory(zip);
    const entries: ZipEntry[] = [];
    let at = directory.offset;
    for (let index = 0; index < directory.count; index += 1) {
      const record = readRecord(zip, at);
      entries.push({ path: record.path, bytes: readBytes(zip, record) });
      at = record.end;
    }
    return entries;
  } catch (error) {
    if (error instanceof ActionError) throw error;
    throw new ActionError('ZIP_INVALID', 'The zip is cut short or broken', { cause: error });
  }
}

interface Directory {
  readonly count: number;
  readonly offset: number;
}

function findDirectory(zip: Buffer): Directory {
  const end = zip.lastIndexOf(signatureBytes(END));
  if (end < 0 || end + END_SIZE > zip.length) throw invalid('has no end record');
  const locator = end - LOCATOR_SIZE;
  if (locator < 0 || zip.readUInt32LE(locator) !== END_64_LOCATOR) {
    return { count: zip.readUInt16LE(end + 10), offset: zip.readUInt32LE(end + 16) };
  }
  const end64 = Number(zip.readBigUInt64LE(locator + 8));
  expectSignature(zip, end64, END_64);
  return { count: Number(zip.readBigUInt64LE(end64 + 32)), offset: Number(zip.readBigUInt64LE(end64 + 48)) };
}

/** What the central directory says about one entry. */
interface CentralRecord {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly offset: number;
  /** Where the next record starts. */
  readonly end: number;
}

function readRecord(zip: Buffer, at: number): CentralRecord {
  expectSignature(zip, at, CENTRAL);
  const nameEnd = at + CENTRAL_SIZE + zip.readUInt16LE(at + 28);
  const extraEnd = nameEnd + zip.readUInt16LE(at + 30);
  const wide = readWideFields(zip.subarray(nameEnd, extraEnd));
  // Only fields that do not fit are in the extra block, always in this order.
  const widen = (value: number) => (value === IN_ZIP_64 ? Number(wide.shift()) : value);
  const size = widen(zip.readUInt32LE(at + 24));
  const packedSize = widen(zip.readUInt32LE(at + 20));
  const offset = widen(zip.readUInt32LE(at + 42));
  return {
    path: zip.toString('utf8', at + CENTRAL_SIZE, nameEnd),
    method: zip.readUInt16LE(at + 10),
    crc: zip.readUInt32LE(at + 16),
    packedSize,
    size,
    offset,
    end: extraEnd + zip.readUInt16LE(at + 32),
  };
}

function readWideFields(extra: Buffer): bigint[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const count = Math.floor(extra.readUInt16LE(at + 2) / 8);
    return Array.from({ length: count }, (_, index) => extra.readBigUInt64LE(at + 4 + 8 * index));
  }
  return [];
}

function readBytes(zip: Buffer, record: CentralRecord): Buffer {
  expectSignature(zip, record.offset, LOCAL);
  const nameSize = zip.readUInt16LE(record.offset + 26);
  const start = record.offset + LOCAL_SIZE + nameSize + zip.readUInt16LE(record.offset + 28);
  const packed = zip.subarray(start, start + record.packedSize);
  const bytes = unpack(packed, record);
  if (bytes.length !== record.size) throw invalid(`has an entry of a wrong size: ${record.path}`);
  if (crc32(bytes) !== record.crc) throw invalid(`has an entry with a wrong checksum: ${record.path}`);
  return bytes;
}

function unpack(packed: Buffer, record: CentralRecord): Buffer {
  if (record.method === STORED) return packed;
  if (record.method === DEFLATED) return inflateRawSync(packed);
  throw invalid(`has an entry packed with method ${record.method}: ${record.path}`);
}

function expectSignature(zip: Buffer, at: number, signature: number): void {
  if (zip.readUInt32LE(at) !== signature) throw invalid(`has no record where one is announced, at byte ${at}`);
}

function signatureBytes(signature: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(signature);
  return bytes;
}

function invalid(reason: string): ActionError {
  return new ActionError('ZIP_INVALID', `The zip ${reason}`);
}
