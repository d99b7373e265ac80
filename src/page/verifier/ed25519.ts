import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from './bytes.ts';

const { Point } = ed25519;

/**
 * Tells whether an Ed25519 signature is valid, given SHA-512 over the first half of the signature, the key and the file.
 *
 * Points must be canonical and the key must not be of small order. The equation is checked without the cofactor, as in
 * OpenSSL, so that every implementation accepts what is accepted here.
 */
export function verifyEd25519(point: Uint8Array, signature: Uint8Array, digest: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const order = Point.Fn.ORDER;
  const s = bytesToNumberLE(signature.subarray(32));
  if (s >= order) return false;
  try {
    const a = Point.fromBytes(point, false);
    const r = Point.fromBytes(signature.subarray(0, 32), false);
    if (a.isSmallOrder()) return false;
    const k = bytesToNumberLE(digest) % order;
    return r.add(a.multiplyUnsafe(k)).equals(Point.BASE.multiplyUnsafe(s));
  } catch {
    // The bytes are not a point on the curve.
    return false;
  }
}
