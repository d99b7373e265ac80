import { p256, p384, p521 } from '@noble/curves/nist.js';
import { ecdsaLayout } from '../../verifying/layout.ts';
import type { PublicKey } from './spki.ts';

const CURVES = {
  p256: { curve: p256, numberBytes: 32 },
  p384: { curve: p384, numberBytes: 48 },
  p521: { curve: p521, numberBytes: 66 },
} as const;

/** An ECDSA public key. */
export type EcKey = Extract<PublicKey, { kind: 'ec' }>;

/** Tells whether bytes look like an ECDSA signature of a key. */
export function isEcdsaShaped(key: EcKey, signature: Uint8Array): boolean {
  return ecdsaLayout(signature, CURVES[key.curve].numberBytes) !== undefined;
}

/** Tells whether an ECDSA signature is valid for a digest, in DER or IEEE P1363, told apart as the action does it. */
export function verifyEcdsa(key: EcKey, signature: Uint8Array, digest: Uint8Array): boolean {
  const { curve, numberBytes } = CURVES[key.curve];
  const layout = ecdsaLayout(signature, numberBytes);
  if (layout === undefined) return false;
  try {
    return curve.verify(signature, digest, key.point, {
      // The defaults would hash the digest again, and refuse half of all genuine signatures.
      prehash: false,
      lowS: false,
      format: layout === 'der' ? 'der' : 'compact',
    });
  } catch {
    // A signature that is not well-formed throws.
    return false;
  }
}
