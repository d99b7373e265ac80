import { constants, createHash, createVerify, hash, publicDecrypt } from 'node:crypto';
import { readInto } from '../files/hashing/file-hash.ts';
import { type AlgorithmName, algorithmOf, algorithmsFor } from './algorithm.ts';
import type { VerifyKey } from './key.ts';
import { formOf } from './layout.ts';
import { createVerifier, type Verifier } from './verifier.ts';

/** Algorithm or bytes for which an invalid signature would be valid. */
export type Likely =
  | { readonly algorithm: AlgorithmName }
  /** Bytes derived from the file, such as `the base64 text of the file`. */
  | { readonly bytes: string }
  /** RSA-PSS with a salt length other than the digest's; both in bytes. */
  | { readonly algorithm: AlgorithmName; readonly saltBytes: number; readonly digestBytes: number };

interface Candidate {
  readonly likely: (signature: Uint8Array) => Likely | undefined;
  readonly update: (chunk: Uint8Array) => unknown;
}

/**
 * Finds another algorithm of the key, RSA-PSS salt length, or derived bytes for which an invalid signature is valid;
 * `undefined` when there is none. Reads the file once more.
 *
 * The result only names a likely setting; the signature remains invalid.
 */
export async function findLikely(
  verifier: Verifier,
  signature: Uint8Array,
  read: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Likely | undefined> {
  const { key, algorithm } = verifier;
  if (formOf(key, signature) === undefined) return undefined;
  const names = algorithmsFor(key);
  const others = names.filter((name) => name !== algorithm.name).map((name) => withAlgorithm(key, name));
  const candidates = [...others, ...names.flatMap((name) => withAnySalt(key, name)), ...withOtherBytes(verifier)];
  await readInto(read(), candidates);
  for (const { likely } of candidates) {
    const found = likely(signature);
    if (found) return found;
  }
  return undefined;
}

function withAlgorithm(key: VerifyKey, name: AlgorithmName): Candidate {
  const pass = createVerifier(key, algorithmOf(name)).start(0);
  return {
    update: (chunk) => pass.update(chunk),
    likely: (signature) => (pass.verify(signature) ? { algorithm: name } : undefined),
  };
}

/** Tries other bytes: a service may sign the text that it received, or hash a digest as if it were the file. */
function withOtherBytes(verifier: Verifier): Candidate[] {
  const name = verifier.algorithm.scheme === 'ed25519' ? 'sha256' : verifier.algorithm.hash;
  const ofDigest = (encoding: 'binary' | 'hex', bytes: string): Candidate => {
    const digest = createHash(name);
    return {
      update: (chunk) => digest.update(chunk),
      likely: (signature) =>
        isValidFor(verifier, Buffer.from(digest.digest(encoding), 'latin1'), signature) ? { bytes } : undefined,
    };
  };
  return [
    ofDigest('binary', `the ${name} digest of the file, taken for the file itself`),
    ofDigest('hex', `the ${name} digest of the file in hex`),
    // Never valid for Ed25519, which needs all bytes in memory.
    ofBase64(verifier),
  ];
}

function isValidFor(verifier: Verifier, bytes: Uint8Array, signature: Uint8Array): boolean {
  const pass = verifier.start(bytes.length);
  pass.update(bytes);
  return pass.verify(signature);
}

function ofBase64(verifier: Verifier): Candidate {
  const pass = verifier.start(0);
  let rest: Buffer = Buffer.alloc(0);
  return {
    update(chunk) {
      const bytes = Buffer.concat([rest, chunk]);
      const whole = bytes.length - (bytes.length % 3);
      pass.update(Buffer.from(bytes.toString('base64', 0, whole)));
      rest = bytes.subarray(whole);
    },
    likely(signature) {
      pass.update(Buffer.from(rest.toString('base64')));
      return pass.verify(signature) ? { bytes: 'the base64 text of the file' } : undefined;
    },
  };
}

function withAnySalt({ keyObject: key }: VerifyKey, name: AlgorithmName): Candidate[] {
  const algorithm = algorithmOf(name);
  if (algorithm.scheme !== 'rsa-pss') return [];
  const verify = createVerify(algorithm.hash);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const digestBytes = hash(algorithm.hash, '', 'buffer').length;
  return [
    {
      update: (chunk) => verify.update(chunk),
      likely(signature) {
        if (!verify.verify({ key, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO }, signature)) return undefined;
        const whole = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.from(signature));
        // The message is one byte shorter than the signature when the modulus has a single bit in its first byte.
        const encodedBits = (key.asymmetricKeyDetails?.modulusLength ?? 0) - 1;
        const encoded = whole.subarray(-Math.ceil(encodedBits / 8));
        const saltBytes = saltLength(encoded, encodedBits, algorithm.hash, digestBytes);
        return { algorithm: name, digestBytes, saltBytes };
      },
    },
  ];
}

/** Tells whether an RSA signature was made by this key, whatever bytes it is for: only the key that made it uncovers its padding. `undefined` for other keys. */
export function isPaddedFor({ keyObject: key }: VerifyKey, signature: Uint8Array): boolean | undefined {
  if (!key.asymmetricKeyType?.startsWith('rsa')) return undefined;
  try {
    const whole = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.from(signature));
    if (/^0001(?:ff){8}/.test(whole.toString('hex', 0, 10))) return true;
    const encodedBits = (key.asymmetricKeyDetails?.modulusLength ?? 0) - 1;
    const encoded = whole.subarray(-Math.ceil(encodedBits / 8));
    return encoded.at(-1) === 0xbc && PSS_HASHES.some((name) => startsWithZeros(encoded, encodedBits, name));
  } catch {
    // No key of this size makes such a number.
    return false;
  }
}

const PSS_HASHES = ['sha256', 'sha384', 'sha512', 'sha1'] as const;
/** By chance, as many bits are zero once in 2^56. */
const ZERO_BYTES = 8;

function startsWithZeros(encoded: Buffer, encodedBits: number, name: string): boolean {
  const digestBytes = hash(name, '', 'buffer').length;
  const block = unmask(encoded, encodedBits, name, digestBytes);
  return block.subarray(0, ZERO_BYTES).every((byte) => byte === 0);
}

/** Reads the length of the salt, in bytes, in a valid encoded message (RFC 8017, 9.1.2). */
function saltLength(encoded: Buffer, encodedBits: number, algorithm: string, digestBytes: number): number {
  const block = unmask(encoded, encodedBits, algorithm, digestBytes);
  return block.length - block.indexOf(1) - 1;
}

/** Returns what stands before the digest of an encoded message: zeros, a one, and the salt. */
function unmask(encoded: Buffer, encodedBits: number, algorithm: string, digestBytes: number): Buffer {
  const end = encoded.length - digestBytes - 1;
  const digest = encoded.subarray(end, -1);
  const block = Buffer.from(encoded.subarray(0, end).map((byte, at) => byte ^ maskByte(digest, at, algorithm)));
  // The unused bits of the first byte are masked too.
  block[0] = (block[0] ?? 0) & (0xff >> (8 * encoded.length - encodedBits));
  return block;
}

/** Returns one byte of the MGF1 mask of a digest. */
function maskByte(digest: Buffer, at: number, algorithm: string): number {
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(Math.floor(at / digest.length));
  return hash(algorithm, Buffer.concat([digest, counter]), 'buffer')[at % digest.length] ?? 0;
}
