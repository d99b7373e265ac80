import { percentEncode } from '../../files/names.ts';
import type { Hashing } from '../../signing/signer.ts';

/** What the `es-auth-sign` header covers besides the file and is the same in all requests of a run. */
export interface LastingFacts {
  readonly method: string;
  /** Path and query exactly as configured. */
  readonly path: string;
  readonly appKey: string;
  readonly appSecret: string;
}

/** What the header covers and is new for every attempt: the same values go into the request itself. */
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

/** Returns what tells which hash the `es-auth-sign` header holds, as 64 lower-case hex digits, for a file and fresh facts. */
export function headerHashing({ method, path, appKey, appSecret }: LastingFacts): (fresh: FreshFacts) => Hashing {
  const start = percentEncode(`${method}${path}es-auth-appkey:${appKey}es-auth-nonce:`);
  const middle = percentEncode('es-auth-timestamp:');
  const end = percentEncode(`json=${BODY_START}`);
  const after = percentEncode(BODY_END + appSecret);
  // A nonce and a timestamp have nothing to be encoded.
  return ({ nonce, timestamp }) => ({
    algorithm: 'sha256',
    around: { before: start + nonce + middle + timestamp + end, after },
  });
}
