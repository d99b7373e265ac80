import type { VerifyKey } from './key.ts';

/** Layout of a signature's bytes; `plain` is the only layout for RSA and Ed25519. */
type SignatureForm = 'der' | 'ieee-p1363' | 'plain';

const ED25519_BYTES = 64;
/** Shortest RSA signature in bytes; shorter keys are no longer trusted. */
const MIN_RSA_BYTES = 256;
const SEQUENCE = 0x30;
const INTEGER = 0x02;

/**
 * Tells the layout of a signature for a key, or `undefined` when the bytes cannot be a signature of this key.
 *
 * ECDSA is read as DER when it is strict DER, else as IEEE P1363 when it has exactly twice the curve's size. A P1363
 * signature that happens to be strict DER (fewer than one in 2^40) is thus checked as DER and refused; the reverse
 * cannot happen.
 */
export function formOf(key: VerifyKey, signature: Uint8Array): SignatureForm | undefined {
  switch (key.kind) {
    case 'ec-p256':
      return ecdsaLayout(signature, 32);
    case 'ec-p384':
      return ecdsaLayout(signature, 48);
    case 'ec-p521':
      return ecdsaLayout(signature, 66);
    case 'rsa':
    case 'rsa-pss': {
      const modulusBits = key.keyObject.asymmetricKeyDetails?.modulusLength ?? 0;
      return signature.length === Math.ceil(modulusBits / 8) ? 'plain' : undefined;
    }
    case 'ed25519':
      return signature.length === ED25519_BYTES ? 'plain' : undefined;
  }
}

/** Tells whether bytes look like a signature of any kind of key; most truncated signatures do not. */
export function mayBeSignature(bytes: Uint8Array): boolean {
  if (isText(bytes)) return false;
  // A signature of Ed25519 is as long as one of P-256.
  const isEcdsa = [32, 48, 66].some((numberBytes) => ecdsaLayout(bytes, numberBytes) !== undefined);
  return isEcdsa || bytes.length >= MIN_RSA_BYTES;
}

/** Tells whether bytes are printable ASCII, which the bytes of a signature are at most once in 2^88, and DER never is. */
export function isText(bytes: Uint8Array): boolean {
  return /^[\t\n\r -~]+$/.test(Buffer.from(bytes).toString('latin1'));
}

/** Tells the layout of an ECDSA signature whose numbers have `numberBytes` bytes; `undefined` for other bytes. */
export function ecdsaLayout(signature: Uint8Array, numberBytes: number): 'der' | 'ieee-p1363' | undefined {
  if (isStrictDer(signature, numberBytes)) return 'der';
  return signature.length === 2 * numberBytes ? 'ieee-p1363' : undefined;
}

/** OpenSSL also checks this, but differently in each version; this check is the same everywhere. */
function isStrictDer(bytes: Uint8Array, numberBytes: number): boolean {
  const isLong = bytes[1] === 0x81;
  const start = isLong ? 3 : 2;
  const length = bytes[start - 1] ?? 0;
  if (bytes[0] !== SEQUENCE || bytes.length !== start + length) return false;
  // Only the shortest form of the length is valid; only P-521 needs the long form.
  if (isLong !== length >= 0x80) return false;
  const middle = integerEnd(bytes, start, numberBytes);
  return middle !== undefined && integerEnd(bytes, middle, numberBytes) === bytes.length;
}

/** Returns the end of the positive, shortest INTEGER at `start`, or `undefined` when there is none. */
function integerEnd(bytes: Uint8Array, start: number, numberBytes: number): number | undefined {
  const length = bytes[start + 1] ?? 0;
  const first = bytes[start + 2] ?? 0x80;
  const second = bytes[start + 3] ?? 0x80;
  if (bytes[start] !== INTEGER || length === 0 || length > numberBytes + 1) return undefined;
  if (first >= 0x80) return undefined;
  if (first === 0 && length > 1 && second < 0x80) return undefined;
  return start + 2 + length;
}
