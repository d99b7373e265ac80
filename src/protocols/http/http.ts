import type { WireRequest } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { readAll, type Signature, type Signer, type Source, weightOfDigest } from '../../signing/signer.ts';
import type { Hash } from '../../verifying/algorithm.ts';
import type { SignatureEncoding } from '../../verifying/encoding.ts';
import type { Scrub } from '../answers/scrub.ts';
import { statusFailure } from '../answers/status.ts';
import { type AnswerPlace, readAnswer } from './answer.ts';
import type { HttpMessage } from './message.ts';
import { escapeFor, fillTemplate, type Placeholder } from './template.ts';

/** Settings of a service that answers one request for each file with a signature. */
export interface HttpOptions {
  readonly message: HttpMessage;
  readonly answer: AnswerPlace;
  /** Path prefix of the server's URL, without a slash at its end. */
  readonly prefix: string;
  /** Hash of the digest; `undefined` when the file itself is sent. */
  readonly hash: Hash | undefined;
  /** Encoding of the signature, in the answer and in the written file. */
  readonly encoding: SignatureEncoding;
  /** Values of `{key}` and `{token}`. */
  readonly key: string;
  readonly token: string;
}

/** Longest request line in bytes: servers accept 8 KiB, some of it for other headers. */
export const MAX_REQUEST_LINE_BYTES = 8000;

/** Creates the signer for a service that is described by one HTTP message. */
export function createHttpSigner(transport: Transport, options: HttpOptions, scrub: Scrub): Signer {
  const sentType = typeOf(options.message);
  return {
    // A streamed file takes the same memory as with es-auth.
    ...(options.message.content.startsWith('digest') ? { weigh: weightOfDigest } : {}),
    async sign(source: Source, signal: AbortSignal, used: number[]): Promise<Signature> {
      const request = await fillRequest(source, options);
      const response = await transport.post({ ...request, used }, signal);
      const { status } = response;
      const facts = {
        size: source.size,
        scrub,
        asksForCertificate: transport.asksForCertificate(),
        credentials: 'the input token, and what the input request sends to prove who asks',
        sentType,
        address: 'server-url and the input request',
        written: 'the input request',
      };
      if (status !== 200 && status !== 201) throw statusFailure(response, facts);
      return { text: readAnswer(response, options, facts) };
    },
  };
}

function typeOf({ headers }: HttpMessage): string | undefined {
  const [, value] = headers.find(([name]) => name.toLowerCase() === 'content-type') ?? [];
  return value?.every((part) => typeof part === 'string') ? value.join('') : undefined;
}

/** Fills the message for one file. */
export async function fillRequest(source: Source, options: HttpOptions): Promise<WireRequest> {
  const { message, prefix } = options;
  const text = await textValues(source, options);
  const target = prefix + fillTemplate(message.target, 'target', text);
  const line = `${message.method} ${target} HTTP/1.1`;
  if (line.length > MAX_REQUEST_LINE_BYTES) throw lineTooLong(line.length);
  const headers = message.headers.flatMap(([name, value]) => [name, fillTemplate(value, 'header', text)]);
  const { body, length } = await fillBody(message, source, text, options.hash);
  if (message.method !== 'GET') headers.push('Content-Length', String(length));
  return { method: message.method, path: target, headers, body };
}

/** Computes the values of text placeholders; a file in a body is streamed instead. */
async function textValues(source: Source, options: HttpOptions): Promise<(placeholder: Placeholder) => string> {
  const { message, hash, key, token } = options;
  const content = await contentText(source, message, hash);
  const values: Partial<Record<Placeholder, string>> = { name: source.path, key, token };
  return (placeholder) => values[placeholder] ?? content;
}

async function contentText(source: Source, { content, target }: HttpMessage, hash: Hash | undefined): Promise<string> {
  if (hash !== undefined && (content === 'digest:hex' || content === 'digest:base64')) {
    const { digest } = await source.digest(() => ({ algorithm: hash }));
    return Buffer.from(digest).toString(content === 'digest:hex' ? 'hex' : 'base64');
  }
  const isInTarget = target.some((part) => typeof part !== 'string' && part.placeholder === 'file:base64');
  if (!isInTarget) return '';
  if (source.size > MAX_REQUEST_LINE_BYTES) throw lineTooLong(source.size);
  return (await readAll(source)).toString('base64');
}

function lineTooLong(bytes: number): Failure {
  return new Failure(
    'file',
    'REQUEST_LINE_TOO_LONG',
    `The request line would have ${bytes} bytes, more than ${MAX_REQUEST_LINE_BYTES}.`,
    { hint: 'Servers refuse longer ones: leave the file out, or send the file or its digest in the body.' },
  );
}

/** Fills the body of a message; a file of any size is streamed. */
async function fillBody(
  { body, bodyPlace }: HttpMessage,
  source: Source,
  text: (placeholder: Placeholder) => string,
  hash: Hash | undefined,
): Promise<{ readonly body: WireRequest['body']; readonly length: number }> {
  const pieces: (Uint8Array | 'file' | 'file:base64')[] = [];
  for (const part of body) {
    if (typeof part === 'string') pieces.push(Buffer.from(part));
    else if (part.placeholder === 'digest' && hash !== undefined)
      pieces.push((await source.digest(() => ({ algorithm: hash }))).digest);
    else if (part.placeholder === 'file' || part.placeholder === 'file:base64') pieces.push(part.placeholder);
    else pieces.push(Buffer.from(escapeFor(bodyPlace, part, text(part.placeholder))));
  }
  const length = pieces.reduce((sum, piece) => sum + lengthOf(piece, source.size), 0);
  const plain = pieces.filter((piece) => typeof piece !== 'string');
  if (plain.length === pieces.length) return { body: Buffer.concat(plain), length };
  return { body: stream(pieces, source), length };
}

function lengthOf(piece: Uint8Array | 'file' | 'file:base64', size: number): number {
  if (typeof piece !== 'string') return piece.length;
  return piece === 'file' ? size : Math.ceil(size / 3) * 4;
}

async function* stream(
  pieces: readonly (Uint8Array | 'file' | 'file:base64')[],
  source: Source,
): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (typeof piece !== 'string') yield piece;
    else if (piece === 'file') yield* source.read();
    else yield* base64Of(source);
  }
}

/** Encodes whole groups of three bytes as they arrive and keeps the rest for the next chunk. */
async function* base64Of(source: Source): AsyncGenerator<Uint8Array> {
  let left = Buffer.alloc(0);
  for await (const chunk of source.read()) {
    const bytes =
      left.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([left, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    left = Buffer.from(bytes.subarray(whole));
    if (whole > 0) yield Buffer.from(bytes.toString('base64', 0, whole), 'latin1');
  }
  if (left.length > 0) yield Buffer.from(left.toString('base64'), 'latin1');
}
