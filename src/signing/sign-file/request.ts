import type { CanonicalFacts } from './canonical.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Draws a nonce of 16 characters of `[A-Za-z0-9]`; `randomInt(n)` gives an integer below `n`. */
export function drawNonce(randomInt: (bound: number) => number): string {
  let nonce = '';
  for (let i = 0; i < 16; i++) nonce += ALPHABET[randomInt(ALPHABET.length)];
  return nonce;
}

/** Lists the headers of a request, names and values in turn. */
export function requestHeaders(facts: CanonicalFacts, sign: string, contentLength: number): string[] {
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
