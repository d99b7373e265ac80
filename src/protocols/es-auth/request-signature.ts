import { percentEncode } from '../../files/names.ts';
import type { Hashing } from '../../signing/signer.ts';

/** Facts for the `es-auth-sign` header that are the same in all requests of a run. */
export interface LastingFacts {
  readonly method: string;
  /** Path and query exactly as configured. */
  readonly path: string;
  readonly appKey: string;
  readonly appSecret: string;
}

/** Facts for the header that are new for every attempt and also part of the request. */
export interface FreshFacts {
  /** 16 characters of `[A-Za-z0-9]`. */
  readonly nonce: string;
  /** Milliseconds since the epoch, in decimal. */
  readonly timestamp: string;
}

/** The body around the base64 of a file: `{"data":"…"}`. */
export const BODY_START = '{"data":"';
/** See {@link BODY_START}. */
export const BODY_END = '"}';

/** Returns a function that, for a file and fresh facts, describes the hash in `es-auth-sign` (lower-case hex). */
export function headerHashing({ method, path, appKey, appSecret }: LastingFacts): (fresh: FreshFacts) => Hashing {
  const start = percentEncode(`${method}${path}es-auth-appkey:${appKey}es-auth-nonce:`);
  const middle = percentEncode('es-auth-timestamp:');
  const end = percentEncode(`json=${BODY_START}`);
  const after = percentEncode(BODY_END + appSecret);
  // Nonce and timestamp have no characters that need encoding.
  return ({ nonce, timestamp }) => ({
    algorithm: 'sha256',
    around: { before: start + nonce + middle + timestamp + end, after },
  });
}
