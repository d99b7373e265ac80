import { setImmediate as turn } from 'node:timers/promises';
import type { Source } from '../../signing/signer.ts';
import { BODY_END, BODY_START, type FreshFacts, type LastingFacts } from './request-signature.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** So many characters come of one draw: more than 2^48 values cannot be drawn at once. */
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

/** Lists the headers of a request, names and values in turn. */
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
    // A compressed answer could be a bomb, and a signature does not get shorter.
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

/** Bytes of the request body for a file of `size` bytes. */
export function bodyLength(size: number): number {
  return BODY_START.length + Math.ceil(size / 3) * 4 + BODY_END.length;
}

/** Returns the body of a file: in one piece when the file is in memory, else as pieces that follow its reading. */
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
      // A service that refuses early may reset the connection right after its answer. What it said is lost unless it is
      // read before the next write: of 30 such answers 27 were readable with this turn of the event loop, none without.
      await turn();
      yield piece;
    }
    // A copy, because the reader fills its buffer anew for the next step.
    carry = Buffer.from(bytes.subarray(whole));
  }
  yield Buffer.from(lead + carry.toString('base64') + BODY_END);
}

/**
 * A string for every piece of this size, a multiple of three, stays in the cheap part of the heap: encoding at once costs
 * four times as much.
 */
const PIECE_BYTES = 24 * 1024;

/** Writes `lead` and the base64 of the first `count` bytes to the start of `body`; returns where that ends. */
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
