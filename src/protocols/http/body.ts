import type { Source } from '../../signing/signer.ts';
import type { Hash } from '../../verifying/algorithm.ts';
import type { HttpMessage } from './message.ts';
import { escapeFor, type Placeholder } from './template.ts';

/** A body that is ready to send. */
interface FilledBody {
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Length in bytes. */
  readonly length: number;
}

/** Values for a body. */
interface BodyValues {
  readonly text: (placeholder: Placeholder) => string;
  readonly hash: Hash | undefined;
}

/** Fills the body of a message; a file of any size is streamed. */
export async function fillBody(
  { body, bodyPlace }: HttpMessage,
  source: Source,
  { text, hash }: BodyValues,
): Promise<FilledBody> {
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
