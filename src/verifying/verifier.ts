import { constants, createVerify, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { ActionError } from '../errors.ts';
import type { Algorithm } from './algorithm.ts';
import type { VerifyKey } from './key.ts';
import { formOf } from './layout.ts';

/** Largest file with a verifiable Ed25519 signature, in bytes: the scheme needs the whole file in memory. */
export const MAX_ED25519_BYTES = 256 * 1024 * 1024;

/** Verifies signatures for the bytes so far. */
export interface Check {
  /** Tells whether the signature is valid for all bytes; may be called once. */
  verify(signature: Uint8Array): boolean | Promise<boolean>;
}

/** A pass over the bytes of a file, for one verification. */
export interface VerifyPass extends Check {
  /** Takes the next bytes; the caller may reuse the chunk afterwards. */
  update(chunk: Uint8Array): void;
  verify(signature: Uint8Array): boolean;
}

/** Verifies signatures with one key and one algorithm. */
export interface Verifier {
  readonly key: VerifyKey;
  readonly algorithm: Algorithm;
  /** Starts a pass over a file of `size` bytes; throws like {@link checkSize}. */
  start(size: number): VerifyPass;
  /** Returns the check of bytes in memory, in Node's thread pool: thousands of small files would fill this thread. */
  whole(bytes: Uint8Array): Check;
}

/** Creates the verifier of a key and an algorithm that fits it (see `chooseAlgorithm`). */
export function createVerifier(key: VerifyKey, algorithm: Algorithm): Verifier {
  return {
    key,
    algorithm,
    start(size) {
      checkSize(algorithm, size);
      return algorithm.scheme === 'ed25519' ? collectingPass(key, size) : streamingPass(key, algorithm);
    },
    whole: (bytes) => ({ verify: (signature) => verifyWhole(bytes, { key, algorithm, signature }) }),
  };
}

/** Throws `FILE_TOO_LARGE_FOR_ED25519` for a file that is too large for the algorithm; call it before any request. */
export function checkSize(algorithm: Algorithm, size: number): void {
  if (algorithm.scheme !== 'ed25519' || size <= MAX_ED25519_BYTES) return;
  throw new ActionError(
    'FILE_TOO_LARGE_FOR_ED25519',
    `the file has ${size} bytes; an Ed25519 signature can be checked up to ${MAX_ED25519_BYTES} bytes`,
    { hint: 'Leave this file out, sign it with an EC or RSA key, or run without verify-key and check it elsewhere.' },
  );
}

type StreamingAlgorithm = Exclude<Algorithm, { scheme: 'ed25519' }>;

function streamingPass(key: VerifyKey, algorithm: StreamingAlgorithm): VerifyPass {
  const hashing = createVerify(algorithm.hash);
  return {
    update(chunk) {
      hashing.update(chunk);
    },
    verify(signature) {
      const input = inputOf({ key, algorithm, signature });
      return input !== undefined && hashing.verify(input, signature);
    },
  };
}

interface Question {
  readonly key: VerifyKey;
  readonly algorithm: Algorithm;
  readonly signature: Uint8Array;
}

async function verifyWhole(bytes: Uint8Array, question: Question): Promise<boolean> {
  const { algorithm, signature } = question;
  const input = inputOf(question);
  return input !== undefined && verifyElsewhere('hash' in algorithm ? algorithm.hash : null, bytes, input, signature);
}

const verifyElsewhere = promisify<string | null, Uint8Array, KeyObject | VerifyKeyObjectInput, Uint8Array, boolean>(
  verify,
);

/**
 * Returns the key as Node needs it for this signature; `undefined` when the bytes cannot be a signature of the key.
 *
 * Options are left out where Node's defaults are right (DER for ECDSA, PKCS#1 for a key of type RSA): with options,
 * Node 24 throws and catches exceptions that take half as long as verifying an ECDSA signature.
 */
function inputOf({ key, algorithm, signature }: Question): KeyObject | VerifyKeyObjectInput | undefined {
  const form = formOf(key, signature);
  const { keyObject } = key;
  if (form === undefined) return undefined;
  switch (algorithm.scheme) {
    case 'ecdsa':
      return form === 'ieee-p1363' ? { key: keyObject, dsaEncoding: form } : keyObject;
    case 'rsa-pkcs1':
    case 'ed25519':
      return keyObject;
    case 'rsa-pss': {
      // Without a salt length, Node accepts any length in the signature.
      const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
      return { key: keyObject, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
    }
  }
}

/** Ed25519 hashes the file twice, one after the other, so the whole file is collected first. */
function collectingPass(key: VerifyKey, size: number): VerifyPass {
  const bytes = Buffer.allocUnsafe(size);
  let length = 0;
  return {
    update(chunk) {
      if (length + chunk.length <= size) bytes.set(chunk, length);
      length += chunk.length;
    },
    verify(signature) {
      // A file with another length than announced has changed: fail closed.
      return length === size && verify(null, bytes, key.keyObject, signature);
    },
  };
}
