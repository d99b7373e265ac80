import { pow } from '@noble/curves/abstract/modular.js';
import { bitLen, bytesToNumberBE, concatBytes, equalBytes, hexToBytes, numberToBytesBE } from './bytes.ts';
import { type HashName, hashOf } from './digest.ts';
import type { PublicKey } from './spki.ts';

type RsaKey = Extract<PublicKey, { kind: 'rsa' }>;

/** Prefix of the digest in a PKCS#1 v1.5 signature (RFC 8017, section 9.2), as hex. */
const DIGEST_INFO = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
} as const;

/** Tells whether a PKCS#1 v1.5 signature is valid, by comparing the whole block with the only correct one. */
export function verifyPkcs1(key: RsaKey, signature: Uint8Array, digest: Uint8Array, hash: HashName): boolean {
  const block = openSignature(key, signature);
  const tail = concatBytes(hexToBytes(DIGEST_INFO[hash]), digest);
  const padding = (block?.length ?? 0) - tail.length - 3;
  if (block === undefined || padding < 8) return false;
  return equalBytes(
    block,
    concatBytes(Uint8Array.of(0, 1), new Uint8Array(padding).fill(0xff), Uint8Array.of(0), tail),
  );
}

/** Tells whether a PSS signature with the same hash in its mask and a salt as long as the digest is valid. */
export function verifyPss(key: RsaKey, signature: Uint8Array, digest: Uint8Array, hash: HashName): boolean {
  const bits = bitLen(key.modulus) - 1;
  const block = openSignature(key, signature);
  if (block === undefined) return false;
  // With a modulus of 8n + 1 bits the encoded message is one byte shorter than the signature.
  const encoded = block.subarray(block.length - Math.ceil(bits / 8));
  const seed = encoded.subarray(encoded.length - digest.length - 1, -1);
  const masked = encoded.subarray(0, encoded.length - digest.length - 1);
  const unused = 8 * encoded.length - bits;
  const salt = digest.length;
  const isShaped =
    block.subarray(0, block.length - encoded.length).every((byte) => byte === 0) &&
    encoded.at(-1) === 0xbc &&
    masked.length > salt &&
    ((masked[0] ?? 0xff) & (0xff00 >> unused) & 0xff) === 0;
  if (!isShaped) return false;
  const plain = maskOf(seed, masked.length, hash).map((byte, at) => byte ^ (masked[at] ?? 0));
  plain[0] = (plain[0] ?? 0) & (0xff >> unused);
  const start = masked.length - salt;
  const isPadded = plain.subarray(0, start).every((byte, at) => byte === (at === start - 1 ? 1 : 0));
  const again = hashOf(hash, concatBytes(new Uint8Array(8), digest, plain.subarray(start)));
  return isPadded && equalBytes(again, seed);
}

/** Returns the size of a key's signatures in bytes. */
export function signatureBytes({ modulus }: RsaKey): number {
  return Math.ceil(bitLen(modulus) / 8);
}

/** Applies the public key; `undefined` unless the signature is a number below the modulus, in full length. */
function openSignature(key: RsaKey, signature: Uint8Array): Uint8Array | undefined {
  const { modulus, exponent } = key;
  const length = signatureBytes(key);
  const number = bytesToNumberBE(signature);
  if (signature.length !== length || number >= modulus) return undefined;
  return numberToBytesBE(pow(number, exponent, modulus), length);
}

/** Computes the mask generation function MGF1. */
function maskOf(seed: Uint8Array, length: number, hash: HashName): Uint8Array {
  // The seed is as long as a digest.
  const blocks = Array.from({ length: Math.ceil(length / seed.length) }, (_, counter) =>
    hashOf(hash, concatBytes(seed, numberToBytesBE(counter, 4))),
  );
  return concatBytes(...blocks).subarray(0, length);
}
