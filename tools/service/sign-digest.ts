import { constants, createHash, type KeyObject, privateEncrypt, randomBytes, sign } from 'node:crypto';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { type Algorithm, DIGEST_BYTES, type Hash } from '../../src/verifying/algorithm.ts';

/** DER prefixes of digests in RSA PKCS#1 v1.5 signatures, which name the hash (RFC 8017, 9.2). */
const PREFIXES = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
} as const;

const CURVES = { prime256v1: p256, secp384r1: p384, secp521r1: p521 } as const;

/** Signs a computed digest, for which Node has no function; throws a `RangeError` for a digest of another length. */
export function signDigest(digest: Uint8Array, { scheme, hash }: DigestAlgorithm, key: KeyObject): Buffer {
  if (digest.length !== DIGEST_BYTES[hash]) throw new RangeError(`${digest.length} bytes are no ${hash} digest`);
  switch (scheme) {
    case 'rsa-pkcs1':
      return privateEncrypt(key, Buffer.concat([Buffer.from(PREFIXES[hash], 'hex'), digest]));
    case 'rsa-pss':
      return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encodePss(digest, hash, bitsOf(key)));
    case 'ecdsa':
      return signByCurve(digest, key);
  }
}

/** An algorithm that signs a digest; Ed25519 signs the file itself. */
type DigestAlgorithm = Pick<Exclude<Algorithm, { readonly scheme: 'ed25519' }>, 'scheme' | 'hash'>;

/** Signs the bytes of a file. */
export function signBytes(bytes: Uint8Array, algorithm: Algorithm, key: KeyObject): Buffer {
  if (algorithm.scheme === 'ed25519') return sign(null, bytes, key);
  return signDigest(createHash(algorithm.hash).update(bytes).digest(), algorithm, key);
}

function signByCurve(digest: Uint8Array, key: KeyObject): Buffer {
  const { d = '' } = key.export({ format: 'jwk' });
  const name = key.asymmetricKeyDetails?.namedCurve;
  const [curve] = Object.entries(CURVES).flatMap(([each, found]) => (each === name ? [found] : []));
  if (curve === undefined) throw new RangeError(`${name} is no curve of this service`);
  const options = { prehash: false, lowS: false, format: 'der' } as const;
  return Buffer.from(curve.sign(digest, Buffer.from(d, 'base64url'), options));
}

function bitsOf(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}

/** Encodes a digest for RSA-PSS, with a salt as long as the digest (RFC 8017, 9.1.1). */
function encodePss(digest: Uint8Array, hash: Hash, modulusBits: number): Buffer {
  const encodedBits = modulusBits - 1;
  const length = Math.ceil(encodedBits / 8);
  const salt = randomBytes(digest.length);
  const inner = createHash(hash)
    .update(Buffer.concat([Buffer.alloc(8), digest, salt]))
    .digest();
  const block = Buffer.alloc(length - inner.length - 1);
  block.set([1, ...salt], block.length - salt.length - 1);
  const bits = mask(inner, hash, block.length);
  const masked = block.map((byte, at) => byte ^ (bits[at] ?? 0));
  masked[0] = (masked[0] ?? 0) & (0xff >> (8 * length - encodedBits));
  return Buffer.concat([masked, inner, Buffer.from([0xbc])]);
}

/** MGF1 (RFC 8017, B.2.1). */
function mask(seed: Buffer, hash: Hash, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / seed.length) }, (_, at) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(at);
    return createHash(hash).update(seed).update(counter).digest();
  });
  return Buffer.concat(blocks);
}
