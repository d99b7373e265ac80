import { constants, createHash, createVerify, hash, publicDecrypt } from 'node:crypto';
import { readInto } from '../files/hashing/file-hash.ts';
import { childrenOf, readElement } from '../identity/der/der.ts';
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

/** Finds another algorithm, salt length or bytes for which a signature is valid, to name it; reads the file again. */
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

function withAnySalt(key: VerifyKey, name: AlgorithmName): Candidate[] {
  const algorithm = algorithmOf(name);
  if (algorithm.scheme !== 'rsa-pss') return [];
  const { hash: digest } = algorithm;
  const verify = createVerify(digest);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return [
    {
      update: (chunk) => verify.update(chunk),
      likely(signature) {
        const options = { key: key.keyObject, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
        if (!verify.verify(options, signature)) return undefined;
        const block = unmask(uncover(key, signature), digest);
        return {
          algorithm: name,
          digestBytes: hash(digest, '', 'buffer').length,
          saltBytes: block.length - block.indexOf(1) - 1,
        };
      },
    },
  ];
}

/** Tells whether an RSA signature was made by this key, whatever bytes it is for: only the key that made it uncovers its padding. `undefined` for other keys. */
export function isPaddedFor(key: VerifyKey, signature: Uint8Array): boolean | undefined {
  if (key.kind !== 'rsa' && key.kind !== 'rsa-pss') return undefined;
  try {
    const uncovered = uncover(key, signature);
    if (uncovered.whole.toString('hex').startsWith(PKCS1_START)) return true;
    // A signature by another key looks like one with the longest salt, which needs no zeros, once in 8000.
    const isPadded = (name: string): boolean => /^(?:00)*01/.test(unmask(uncovered, name).toString('hex'));
    return uncovered.whole.at(-1) === 0xbc && PSS_HASHES.some(isPadded);
  } catch {
    // No key of this size makes such a number.
    return false;
  }
}

const PKCS1_START = '0001ffffffffffffffff';
const PSS_HASHES = ['sha256', 'sha384', 'sha512', 'sha1'];

/** The number that a key made a signature of. */
interface Uncovered {
  readonly whole: Buffer;
  /** Its bits without leading zeros that the padding of PSS fills: one fewer than those of the key. */
  readonly pssBits: number;
}

/** Undoes the operation of an RSA key; throws for a number that no key of this size makes. */
function uncover({ keyObject }: VerifyKey, signature: Uint8Array): Uncovered {
  // OpenSSL refuses this for a key whose type allows only PSS, but not for the PKCS#1 key inside it.
  const inner = childrenOf(readElement(keyObject.export({ format: 'der', type: 'spki' })))
    .at(-1)
    ?.content.subarray(1);
  const key = { key: inner ?? '', format: 'der', type: 'pkcs1', padding: constants.RSA_NO_PADDING } as const;
  const pssBits = (keyObject.asymmetricKeyDetails?.modulusLength ?? 0) - 1;
  return { whole: publicDecrypt(key, Buffer.from(signature)), pssBits };
}

/** Returns what stands before the digest of a message encoded with PSS (RFC 8017, 9.1.2): zeros, a one, and the salt. */
function unmask({ whole, pssBits }: Uncovered, algorithm: string): Buffer {
  // The message is one byte shorter than the number when the modulus has a single bit in its first byte.
  const encoded = whole.subarray(-Math.ceil(pssBits / 8));
  const end = encoded.length - hash(algorithm, '', 'buffer').length - 1;
  const digest = encoded.subarray(end, -1);
  const block = Buffer.from(encoded.subarray(0, end).map((byte, at) => byte ^ maskByte(digest, at, algorithm)));
  // The unused bits of the first byte are masked too.
  block[0] = (block[0] ?? 0) & (0xff >> (8 * encoded.length - pssBits));
  return block;
}

/** Returns one byte of the MGF1 mask of a digest. */
function maskByte(digest: Buffer, at: number, algorithm: string): number {
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(Math.floor(at / digest.length));
  return hash(algorithm, Buffer.concat([digest, counter]), 'buffer')[at % digest.length] ?? 0;
}
