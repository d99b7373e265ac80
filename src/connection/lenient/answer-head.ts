import { errorWithCode } from '../../errors.ts';
import { nameForeign } from '../tls/foreign-protocol.ts';

/** Most bytes of the headers of an answer: what curl takes. Gateways add policies and cookies; Node's 16 KiB are meant for servers. */
export const MAX_HEADER_BYTES = 300 * 1024;

/** Headers of an answer by their names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Builds the error of an answer that is no HTTP/1.1, with a code as those of Node's parser. */
export function malformed(words: string): Error {
  return errorWithCode('HPE_LENIENT', `Parse Error: ${words}`);
}

/** Builds the error of an answer in another protocol: mail, directories and databases have ports with TLS too. */
export function foreign(beginning: string): Error {
  const spoken = nameForeign(Buffer.from(beginning, 'latin1')) ?? 'speaks TLS once more';
  // Nothing of an answer to a request with a secret is quoted here.
  const kind = /^[\t\r\n\x20-\x7E]*$/.test(beginning) ? 'text' : 'binary data';
  // A page without a head is all that the first version of HTTP had.
  return errorWithCode(
    'HPE_FOREIGN',
    spoken.replace('plain HTTP', 'HTTP/0.9').replace('another protocol', `another protocol (${kind})`),
  );
}

/** Some servers and gateways write the version that the other side of them speaks, or small letters. */
const STATUS_LINE = /^HTTP\/(?:1\.[01]|2(?:\.0)?)[ \t]+(\d{3})(?:[ \t].*)?$/i;

/** Reads the status from a status line, whose parts may have any number of blanks between them. */
export function readStatus(line: string): number {
  if (!/^HTTP\/\d/i.test(line)) throw foreign(line);
  // A dot means no CR: what stands behind a bare one may be anything.
  const status = STATUS_LINE.exec(line)?.[1];
  if (status === undefined) throw malformed('Invalid status line');
  return Number(status);
}

/** A name that HTTP allows (RFC 9110, section 5.6.2). */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * Reads header lines, Latin-1 as they came. A line that is folded goes on the one before; a bare CR counts as a blank (RFC 9112,
 * section 2.2); a line without a name that HTTP allows says nothing to us and is left out.
 */
export function readHeaders(lines: readonly string[]): Headers {
  const found = new Map<string, string[]>();
  for (const line of lines
    .join('\n')
    .replace(/\n[ \t]+/g, ' ')
    .split('\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trimEnd().toLowerCase();
    if (!NAME.test(name)) continue;
    const value = Buffer.from(line.slice(colon + 1), 'latin1')
      .toString()
      .replace(/[\r\0]/g, ' ')
      .trim();
    const values = found.get(name);
    // An answer may repeat a name a hundred thousand times: no value is copied again for each one that follows.
    if (values === undefined) found.set(name, [value]);
    else values.push(value);
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

/** Tells whether the body of an answer comes in chunks, whatever other codings its headers name around them. */
export function isChunked(headers: Headers): boolean {
  return listIn(headers, 'transfer-encoding').some((coding) => coding.toLowerCase() === 'chunked');
}

/** Tells whether chunks are not the last coding, such as `chunked, identity`: HTTP then lets the body end with the connection, which may stay open. */
export function hidesChunks(headers: Headers): boolean {
  const codings = headers['transfer-encoding'];
  // So it is with nearly every answer of a run.
  if (codings === undefined || codings === 'chunked') return false;
  return isChunked(headers) && listIn(headers, 'transfer-encoding').at(-1)?.toLowerCase() !== 'chunked';
}

/** Returns the length of a body, or `undefined` for one that ends with the connection; the same length given twice is one. */
export function answerLength(headers: Headers): number | undefined {
  const [length, ...others] = new Set(listIn(headers, 'content-length'));
  if (length === undefined) return undefined;
  // Where an answer ends is then a guess, for which RFC 9112, section 6.3, allows no client.
  if (others.length > 0 || !/^\d{1,15}$/.test(length)) throw malformed('Invalid Content-Length');
  return Number(length);
}

function listIn(headers: Headers, name: string): readonly string[] {
  return [headers[name] ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .map((value) => value.trim());
}
