import { setImmediate as turn } from 'node:timers/promises';
import type { Source } from '../../signing/signer.ts';
import { BODY_END, BODY_START, type FreshFacts, type LastingFacts } from './request-signature.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Characters per draw; at most 2^48 values can be drawn at once. */
const DRAWN_TOGETHER = 8;

/** Draws a nonce of 16 characters of `[A-Za-z0-9]`; `randomInt(n)` gives an integer below `n`, which is 2^48 at most. */
export function drawNonce(randomInt: (bound: number) => number): string {
  let nonce = '';
  for (let drawn = 0; nonce.length < 16; drawn = Math.floor(drawn / ALPHABET.length)) {
    if (nonce.length % DRAWN_TOGETHER === 0) drawn = randomInt(ALPHABET.length ** DRAWN_TOGETHER);
    nonce += ALPHABET[drawn % ALPHABET.length];
  }
  return nonce;
}

/** Returns the headers of a request as alternating names and values. */
export function requestHeaders(
  facts: Pick<LastingFacts, 'appKey'> & FreshFacts,
  sign: string,
  contentLength: number,
): string[] {
  return [
    'content-type',
    'application/json',
    'content-length',
    String(contentLength),
    // A compressed answer could be a bomb, and signatures do not compress.
    'accept-encoding',
    'identity',
    'es-auth-appkey',
    facts.appKey,
    'es-auth-nonce',
    facts.nonce,
    'es-auth-timestamp',
    facts.timestamp,
    'es-auth-sign',
    sign,
  ];
}

/** Returns the length of the request body in bytes for a file of `size` bytes. */
export function bodyLength(size: number): number {
  return BODY_START.length + Math.ceil(size / 3) * 4 + BODY_END.length;
}

/** Returns the body of a file: in one piece when the file is in memory, otherwise in pieces as the file is read. */
export function requestBody(chunks: ReturnType<Source['read']>): Uint8Array | AsyncIterable<Uint8Array> {
  const whole = Array.isArray(chunks) && chunks.length === 1 ? chunks[0] : undefined;
  return whole instanceof Uint8Array ? wholeBody(whole) : streamBody(chunks);
}

function wholeBody(chunk: Uint8Array): Buffer {
  const body = Buffer.allocUnsafe(bodyLength(chunk.length));
  const at = writePieces(body, BODY_START, bufferOver(chunk), chunk.length);
  body.write(BODY_END, at);
  return body;
}

async function* streamBody(chunks: ReturnType<Source['read']>): AsyncGenerator<Uint8Array> {
  let carry: Buffer = Buffer.alloc(0);
  let lead = BODY_START;
  for await (const chunk of chunks) {
    const bytes = carry.length > 0 ? Buffer.concat([carry, chunk]) : bufferOver(chunk);
    const whole = bytes.length - (bytes.length % 3);
    if (whole > 0) {
      const piece = Buffer.allocUnsafe(lead.length + (whole / 3) * 4);
      writePieces(piece, lead, bytes, whole);
      lead = '';
      // A service that refuses early may reset the connection right after its answer, which is lost unless it is read
      // before the next write: with this turn of the event loop 27 of 30 such answers were readable, without it none.
      await turn();
      yield piece;
    }
    // A copy, because the reader reuses its buffer for the next step.
    carry = Buffer.from(bytes.subarray(whole));
  }
  yield Buffer.from(lead + carry.toString('base64') + BODY_END);
}

/** Bytes per encoded piece, a multiple of three; without pieces, encoding would take four times as long. */
const PIECE_BYTES = 24 * 1024;

/** Writes `lead` and the base64 of the first `count` bytes to the start of `body`; returns the end. */
function writePieces(body: Buffer, lead: string, bytes: Buffer, count: number): number {
  let at = body.write(lead);
  for (let from = 0; from < count; from += PIECE_BYTES) {
    at += body.write(bytes.toString('base64', from, Math.min(count, from + PIECE_BYTES)), at, 'latin1');
  }
  return at;
}

function bufferOver(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
