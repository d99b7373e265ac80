import type { Hashing } from '../../signing/signer.ts';

/** What the `es-auth-sign` header covers besides the file: the same values go into the request itself. */
export interface CanonicalFacts {
  readonly method: string;
  /** Path and query exactly as configured. */
  readonly path: string;
  readonly appKey: string;
  readonly appSecret: string;
  /** 16 characters of `[A-Za-z0-9]`, new for every attempt. */
  readonly nonce: string;
  /** Milliseconds since the epoch, in decimal. */
  readonly timestamp: string;
}

/** The body around the base64 of a file: `{"data":"…"}`. */
export const BODY_START = '{"data":"';
/** See {@link BODY_START}. */
export const BODY_END = '"}';

/** Returns the hash that the `es-auth-sign` header holds, as 64 lower-case hex digits, for a file and these facts. */
export function headerHashing({ method, path, appKey, appSecret, nonce, timestamp }: CanonicalFacts): Hashing {
  const head = `${method}${path}es-auth-appkey:${appKey}es-auth-nonce:${nonce}es-auth-timestamp:${timestamp}json=`;
  return { algorithm: 'sha256', around: { before: head + BODY_START, after: BODY_END + appSecret } };
}
