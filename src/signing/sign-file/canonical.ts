import { createHash, type Hash } from 'node:crypto';

/** What the `es-auth-sign` header covers besides the file: the same values go into the request itself. */
export interface CanonicalFacts {
  readonly method: string;
  /** Path and query exactly as configured. */
  readonly path: string;
  readonly appKey: string;
  readonly appSecret: string;
  /** 16 characters of `[A-Za-z0-9]`, new for every try. */
  readonly nonce: string;
  /** Milliseconds since the epoch, in decimal. */
  readonly timestamp: string;
}

/** The body around the base64 of a file: `{"data":"…"}`. */
export const BODY_START = '{"data":"';
/** See {@link BODY_START}. */
export const BODY_END = '"}';

/**
 * Percent-encodes text as RFC 3986 asks: UTF-8, leaving only `A-Z a-z 0-9 - _ . ~`.
 *
 * `encodeURIComponent` also leaves `!*'()`, so those follow.
 */
export function quote(text: string): string {
  return encodeURIComponent(text).replace(/[!*'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Computes the `es-auth-sign` header over a file as its bytes pass: 64 lower-case hex digits of SHA-256.
 *
 * The canonical string is never built. It is the quoted text before the file, the quoted base64 of the file, and the
 * quoted text after it, and each part goes straight into the hash.
 */
export class CanonicalHash {
  readonly #hash: Hash = createHash('sha256');
  readonly #secret: string;
  readonly #carry = Buffer.allocUnsafe(3);
  #carried = 0;

  constructor(facts: CanonicalFacts) {
    this.#secret = facts.appSecret;
    const { method, path, appKey, nonce, timestamp } = facts;
    const before = `${method}${path}es-auth-appkey:${appKey}es-auth-nonce:${nonce}es-auth-timestamp:${timestamp}json=`;
    this.#hash.update(quote(before + BODY_START));
  }

  /** Takes the next bytes of the file, cut anywhere. */
  update(chunk: Uint8Array): void {
    const start = this.#fillCarry(chunk);
    const whole = start + Math.floor((chunk.length - start) / 3) * 3;
    for (let from = start; from < whole; from += STEP) {
      const length = encodeTriples(chunk, from, Math.min(from + STEP, whole));
      this.#hash.update(scratch.subarray(0, length));
    }
    for (let i = Math.max(start, whole); i < chunk.length; i++) this.#carry[this.#carried++] = chunk[i] ?? 0;
  }

  /** Ends the file and returns the header's value; the object is used up. */
  digest(): string {
    const rest = this.#carry.toString('base64', 0, this.#carried);
    return this.#hash.update(quote(rest + BODY_END + this.#secret)).digest('hex');
  }

  /** Completes the three bytes left from the last chunk; returns how many of this one that took. */
  #fillCarry(chunk: Uint8Array): number {
    if (this.#carried === 0) return 0;
    let taken = 0;
    while (this.#carried < 3 && taken < chunk.length) this.#carry[this.#carried++] = chunk[taken++] ?? 0;
    if (this.#carried === 3) {
      this.#hash.update(scratch.subarray(0, encodeTriples(this.#carry, 0, 3)));
      this.#carried = 0;
    }
    return taken;
  }
}

// 12 bits of a file are two base64 characters, which quoting turns into 2 to 6 bytes: `AB`, `A%2B`, `%2B%2F`. A table
// from those 12 bits straight to the bytes is three times as fast as base64 and quoting one after the other. An entry
// is 8 bytes wide so that it is copied with two 32-bit stores whatever its length is; the next entry overwrites the rest.
const STEP = 48 * 1024;
const LOW = new Uint32Array(4096);
const HIGH = new Uint32Array(4096);
const LENGTH = new Uint8Array(4096);
const scratch = Buffer.alloc((STEP / 3) * 12 + 8);
const words = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);

for (let i = 0; i < 4096; i++) {
  const pair = Buffer.from([i >> 4, (i & 15) << 4]).toString('base64');
  const bytes = Buffer.alloc(8);
  LENGTH[i] = bytes.write(quote(pair.slice(0, 2)), 'latin1');
  LOW[i] = bytes.readUInt32LE(0);
  HIGH[i] = bytes.readUInt32LE(4);
}

/** Encodes whole triples of `from..to` into the scratch buffer; returns the bytes written. */
function encodeTriples(bytes: Uint8Array, from: number, to: number): number {
  let at = 0;
  for (let i = from; i < to; i += 3) {
    const bits = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const first = bits >> 12;
    const second = bits & 4095;
    words.setUint32(at, LOW[first] ?? 0, true);
    words.setUint32(at + 4, HIGH[first] ?? 0, true);
    at += LENGTH[first] ?? 0;
    words.setUint32(at, LOW[second] ?? 0, true);
    words.setUint32(at + 4, HIGH[second] ?? 0, true);
    at += LENGTH[second] ?? 0;
  }
  return at;
}
