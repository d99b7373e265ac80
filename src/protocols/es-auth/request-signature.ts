import { createHash, type Hash } from 'node:crypto';
import { quotedBase64, STEP_BYTES } from './quoted-base64.ts';

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
    for (let from = start; from < whole; from += STEP_BYTES) {
      this.#hash.update(quotedBase64(chunk.subarray(from, Math.min(from + STEP_BYTES, whole))));
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
      this.#hash.update(quotedBase64(this.#carry));
      this.#carried = 0;
    }
    return taken;
  }
}
