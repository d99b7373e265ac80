import { constants, createVerify, type Verify, verify } from 'node:crypto';
import { ActionError } from '../errors.ts';
import type { Algorithm } from './algorithm.ts';
import type { VerifyKey } from './key.ts';
import { formOf, type SignatureForm } from './layout.ts';

/** The largest file whose Ed25519 signature can be checked: the scheme needs all bytes in memory at once. */
export const MAX_ED25519_BYTES = 256 * 1024 * 1024;

/** One pass over the bytes of one file, good for one answer. */
export interface VerifyPass {
  /** Takes the next bytes; the chunk may be reused by its owner afterwards. */
  update(chunk: Uint8Array): void;
  /** Tells whether the signature is valid for all bytes given so far; may be called once. */
  verify(signature: Uint8Array): boolean;
}

/** Checks signatures of one key with one algorithm. */
export interface Verifier {
  readonly key: VerifyKey;
  readonly algorithm: Algorithm;
  /** Begins a pass over a file of `size` bytes; throws like {@link checkSize}. */
  start(size: number): VerifyPass;
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
  };
}

/** Refuses a file of `size` bytes that is too large for the algorithm with `FILE_TOO_LARGE_FOR_ED25519`; meant for before any request. */
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
      const form = formOf(key, signature);
      return form !== undefined && answer(hashing, { key, algorithm, form, signature });
    },
  };
}

interface Question {
  readonly key: VerifyKey;
  readonly algorithm: StreamingAlgorithm;
  readonly form: SignatureForm;
  readonly signature: Uint8Array;
}

/**
 * Checks the signature. Where Node's defaults are the right ones (DER for ECDSA, PKCS#1 for a key of type RSA), the key is
 * given without options: Node 24 finds out by exceptions that an object with options is no key, and these exceptions take
 * half as long as the check of an ECDSA signature.
 */
function answer(hashing: Verify, { key: { keyObject: key }, algorithm, form, signature }: Question): boolean {
  switch (algorithm.scheme) {
    case 'ecdsa':
      if (form === 'der') return hashing.verify(key, signature);
      return form !== 'plain' && hashing.verify({ key, dsaEncoding: form }, signature);
    case 'rsa-pkcs1':
      return hashing.verify(key, signature);
    case 'rsa-pss': {
      // Without a salt length Node takes any that it finds in the signature.
      const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
      return hashing.verify({ key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature);
    }
  }
}

/** Ed25519 hashes the file twice, the second time after the first is known, so nothing can be checked before the end. */
function collectingPass(key: VerifyKey, size: number): VerifyPass {
  const bytes = Buffer.allocUnsafe(size);
  let length = 0;
  return {
    update(chunk) {
      if (length + chunk.length <= size) bytes.set(chunk, length);
      length += chunk.length;
    },
    verify(signature) {
      // A file that is not as long as announced has changed: fail closed.
      return length === size && formOf(key, signature) === 'plain' && verify(null, bytes, key.keyObject, signature);
    },
  };
}
