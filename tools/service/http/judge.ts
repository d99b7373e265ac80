import { percentEncode } from '../../../src/files/names.ts';
import type { HttpMessage } from '../../../src/protocols/http/message.ts';
import { CONTENT } from '../../../src/protocols/http/template.ts';
import { DIGEST_BYTES, type Hash } from '../../../src/verifying/algorithm.ts';
import type { Received } from '../loopback.ts';
import { Mistake } from '../mistake.ts';
import { type Found, quote, readBody, readHeaders, readTarget, written } from './readers.ts';

/** The expected message of every request, and the values of its placeholders. */
export interface Expected {
  readonly message: HttpMessage;
  /** Hash of the digest; `undefined` when the file itself is sent. */
  readonly hash: Hash | undefined;
  readonly key: string;
  readonly token: string;
}

/** What a valid request asks to sign. */
export interface Wish {
  readonly kind: 'digest' | 'file';
  readonly bytes: Buffer;
  /** The name of the file, if the message contains it. */
  readonly name: string | undefined;
}

/**
 * Extracts the values of the message's placeholders from a request.
 *
 * @throws Mistake about the first difference from the message
 */
export function judge(expected: Expected, request: Received): Wish {
  const { message, key, token } = withBoundaryOf(expected, request);
  if (request.method !== message.method)
    throw new Mistake(`The method is ${request.method}, but the message says ${message.method}.`);
  const found = [
    ...readTarget(message.target, request.target),
    ...readHeaders(message.headers, request.headers),
    ...(message.method === 'GET' ? [] : readBody(message, request.body)),
  ];
  if (valuesOf(found, 'token').some((value) => !isSpelling(value, token)))
    throw new Mistake(`The token is not that of this service, which expects it where the message has {token}.`, 401);
  const [wrong] = valuesOf(found, 'key').filter((value) => !isSpelling(value, key));
  if (wrong !== undefined) throw new Mistake(`There is no key ${quote(wrong)} here, only ${quote(key)}.`, 404);
  const content = found.find(({ placeholder }) => CONTENT.has(placeholder));
  if (content === undefined) throw new Mistake('The request holds neither a digest nor a file.');
  const [name] = valuesOf(found, 'name');
  return { ...contentOf(content, expected.hash), name };
}

function valuesOf(found: readonly Found[], wanted: Found['placeholder']): readonly string[] {
  return found.flatMap(({ placeholder, value }) => (placeholder === wanted ? [String(value)] : []));
}

/** Tells whether a text is the expected value, unchanged or with the encoding of headers and texts. */
function isSpelling(value: string, expected: string): boolean {
  const quoted = expected.replaceAll('"', '%22').replaceAll('\\', '%5C');
  return [expected, percentEncode(expected), quoted].includes(value);
}

/** Adopts the boundary of a multipart body, whose end the client chooses at random. */
function withBoundaryOf(expected: Expected, { headers }: Received): Expected {
  const { message } = expected;
  const type = message.headers.find(([name]) => /^content-type$/i.test(name))?.[1];
  const [, planned] = /^multipart\/.*boundary="?([^"\s;]+)/i.exec(type ? written(type) : '') ?? [];
  if (planned === undefined) return expected;
  const at = headers.findIndex((each, index) => index % 2 === 0 && /^content-type$/i.test(each));
  const [, drawn = ''] = /boundary="?([^"\s;]+)/i.exec(headers[at + 1] ?? '') ?? [];
  if (!drawn.startsWith(planned))
    throw new Mistake(`The boundary in Content-Type is ${quote(drawn)}, but the message says ${quote(planned)}.`);
  const replace = (part: HttpMessage['body'][number]) =>
    typeof part === 'string'
      ? part
          .replaceAll(`--${planned}`, `--${drawn}`)
          .replaceAll(`boundary=${planned}`, `boundary=${drawn}`)
          .replaceAll(`boundary="${planned}`, `boundary="${drawn}`)
      : part;
  const body = message.body.map(replace);
  return {
    ...expected,
    message: { ...message, body, headers: message.headers.map(([name, value]) => [name, value.map(replace)]) },
  };
}

function contentOf({ placeholder, value }: Found, hash: Hash | undefined): Pick<Wish, 'kind' | 'bytes'> {
  const bytes = typeof value === 'string' ? decode(placeholder, value) : value;
  if (placeholder.startsWith('file')) return { kind: 'file', bytes };
  const wanted = DIGEST_BYTES[hash ?? 'sha256'];
  if (bytes.length !== wanted)
    throw new Mistake(`{${placeholder}} is ${bytes.length} bytes, but a digest of ${hash} has ${wanted}.`);
  return { kind: 'digest', bytes };
}

function decode(placeholder: string, text: string): Buffer {
  const encoding = placeholder.endsWith(':hex') ? 'hex' : 'base64';
  const bytes = Buffer.from(text, encoding);
  if (bytes.toString(encoding) !== text)
    throw new Mistake(`{${placeholder}} is ${quote(text)}, which is no ${encoding}.`);
  return bytes;
}
