import { p256, p384, p521 } from '@noble/curves/nist.js';
import { ecdsaLayout } from '../../verifying/layout.ts';
import { bytesToNumberBE } from './bytes.ts';
import type { PublicKey } from './spki.ts';

const CURVES = {
  p256: { curve: p256, numberBytes: 32 },
  p384: { curve: p384, numberBytes: 48 },
  p521: { curve: p521, numberBytes: 66 },
} as const;

type EcKey = Extract<PublicKey, { kind: 'ec' }>;

/** Number of signatures after which a table of the key's multiples saves more time than it costs. */
const TABLE_AFTER = 8;
/** Bits of a scalar per entry of the table. */
const TABLE_BITS = 5;

/** Tells whether bytes look like an ECDSA signature of a key. */
export function isEcdsaShaped(key: EcKey, signature: Uint8Array): boolean {
  return ecdsaLayout(signature, CURVES[key.curve].numberBytes) !== undefined;
}

/**
 * Returns a function that tells whether an ECDSA signature, in DER or IEEE P1363, is valid for a digest. It
 * distinguishes the two layouts as the action does.
 *
 * The library's own `verify` has no table of the key, and takes three times as long for many files with one key.
 */
export function createEcdsa(key: EcKey): (signature: Uint8Array, digest: Uint8Array) => boolean {
  const { curve, numberBytes } = CURVES[key.curve];
  const { Point, Signature } = curve;
  const point = Point.fromBytes(key.point);
  let checked = 0;
  return (bytes, digest) => {
    const layout = ecdsaLayout(bytes, numberBytes);
    if (layout === undefined) return false;
    if (++checked === TABLE_AFTER) point.precompute(TABLE_BITS);
    try {
      // Throws unless both numbers are at least 1 and less than the order of the curve.
      const { r, s } = Signature.fromBytes(bytes, layout === 'der' ? 'der' : 'compact');
      const { Fn, BASE } = Point;
      // Only the first bits of a digest that is longer than the order count; each order has whole bytes or is longer.
      const hash = Fn.create(bytesToNumberBE(digest.subarray(0, numberBytes)));
      const inverse = Fn.inv(s);
      const sum = BASE.multiplyUnsafe(Fn.mul(hash, inverse)).add(point.multiplyUnsafe(Fn.mul(r, inverse)));
      return !sum.is0() && Fn.create(sum.x) === r;
    } catch {
      // The signature is malformed.
      return false;
    }
  };
}
