import { brotliDecompressSync, unzipSync, zstdDecompressSync } from 'node:zlib';
import type { WireResponse } from '../../connection/exchange.ts';
import type { Scrub } from './scrub.ts';

/** Most bytes that are read of a body; longer ones explain nothing, and reading them would delay other requests. */
const MAX_READ_BYTES = 64 * 1024;
/** Largest unpacked text of a compressed body, in bytes. */
const MAX_UNPACKED_BYTES = 1024 * 1024;

/** Returns the media type of an answer in lower case, with its parameters; empty when it has none. */
export function mediaType({ headers }: WireResponse): string {
  return String(headers['content-type'] ?? '').toLowerCase();
}

/** Returns the text of a body; a long one is cut after its secrets are replaced, so that no secret is cut in two. */
export function beginningOf(response: WireResponse, scrub: Scrub): string {
  const bytes = plainBytes(response);
  const type = mediaType(response);
  if (bytes.length <= MAX_READ_BYTES) return decode(bytes, type);
  return scrub(decode(bytes.subarray(0, 2 * MAX_READ_BYTES), type), MAX_READ_BYTES);
}

/** Names the form of bytes that are not text in UTF-8, as far as their first ones tell; empty when they tell nothing. */
export function formOfBody(body: Buffer): string {
  const start = body.toString('hex', 0, 4);
  if (/^(?:feff|fffe|(?:00[2-7].){2}|(?:[2-7].00){2})/.test(start)) return 'text in UTF-16';
  return start.startsWith('1f8b') ? 'compressed (gzip), which no header says' : '';
}

/** Tells whether JSON begins as that of a health check: `{"status":"UP"}`. */
export function isHealthy(text: string): boolean {
  return /^\s*\{\s*"(?:status|health|healthy|ok|state)"\s*:\s*(?:true|"(?:up|ok|healthy|pass|alive|ready|running)")/i.test(
    text,
  );
}

const UNPACKERS: readonly (readonly [RegExp, (bytes: Buffer, options: { maxOutputLength: number }) => Buffer])[] = [
  [/^(?:x-)?gzip$|^deflate$/, unzipSync],
  [/^br$/, brotliDecompressSync],
  [/^zstd$/, zstdDecompressSync],
];

/** Unpacks a short body that a gateway compressed against the request, because its text gives the reason. */
function plainBytes({ headers, body }: WireResponse): Buffer {
  const coding = String(headers['content-encoding'] ?? '')
    .trim()
    .toLowerCase();
  const unpack = UNPACKERS.find(([name]) => name.test(coding))?.[1];
  if (unpack === undefined || body.length > MAX_READ_BYTES) return body;
  try {
    return unpack(body, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch {
    return body;
  }
}

function decode(bytes: Buffer, type: string): string {
  const charset = charsetByMark(bytes) ?? charsetIn(type) ?? charsetInMarkup(bytes) ?? charsetByZeros(bytes) ?? 'utf-8';
  const text = decodeAs(charset, bytes);
  return text.includes('\uFFFD') && isWestern(bytes) ? decodeAs('windows-1252', bytes) : text;
}

function decodeAs(charset: string, bytes: Buffer): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}

/** Returns the charset of a byte order mark, which takes precedence over any header. */
function charsetByMark([first, second]: Buffer): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

function charsetIn(text: string): string | undefined {
  return /(?:charset|encoding)=["']?([\w.:-]{1,40})/i.exec(text)?.[1];
}

function charsetInMarkup(bytes: Buffer): string | undefined {
  const beginning = bytes.toString('latin1', 0, 1024);
  return /^\s*</.test(beginning) ? charsetIn(beginning) : undefined;
}

/** Recognises UTF-16 without a mark: every other byte of an English text is zero. */
function charsetByZeros(bytes: Buffer): string | undefined {
  const beginning = bytes.subarray(0, 64);
  if (beginning.length < 4 || beginning.length % 2 !== 0) return undefined;
  const isZeroAt = (rest: number): boolean => beginning.every((byte, at) => (byte === 0) === (at % 2 === rest));
  if (isZeroAt(1)) return 'utf-16le';
  return isZeroAt(0) ? 'utf-16be' : undefined;
}

/** Tells whether bytes that are not UTF-8 may be Western European text: no control characters, and mostly ASCII. */
function isWestern(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  return !/[\0-\x08\x0E-\x1F\x7F]/.test(text) && text.replace(/[\x20-\x7E]/g, '').length * 2 < text.length;
}

/** Hint for a compressed answer. */
export const COMPRESSED_HINT =
  'The server, or a gateway in front of it, compresses although the request asked it not to: its operators must turn that off for this path. Check also that server-url leads to the signing service.';

/** Names of compressions; servers also write `utf-8`, `none` and the like here, which change nothing in a body. */
const COMPRESSION = /(?:^|[\s,-])(?:gzip|compress|deflate|br|zstd|dcb|dcz|bzip2|lzma|xz)(?:$|[\s,])/i;

/** Describes the compression of an answer, which no request allows; `undefined` for a plain one. */
export function describeCompression({ headers, body }: WireResponse, scrub: Scrub): string | undefined {
  // A server that names a compression but does not compress is still understood.
  if (/^\s*\{/.test(body.toString('latin1', 0, MAX_SHOWN))) return undefined;
  for (const name of ['content-encoding', 'transfer-encoding']) {
    const found = headers[name];
    if (found === undefined) continue;
    const value = [found].flat().join(', ').trim();
    if (COMPRESSION.test(value)) {
      const shown = scrub(value, MAX_SHOWN).toLowerCase();
      return `The answer is compressed (${name}: ${shown}), though the request asked for a plain one.`;
    }
  }
  return undefined;
}

/** Most characters of the header that are shown, and of a body that are examined. */
const MAX_SHOWN = 60;
