import { type Algorithm, type AlgorithmName, algorithmOf } from '../../verifying/algorithm.ts';
import { createHasher } from './digest.ts';
import { createEcdsa, isEcdsaShaped } from './ecdsa.ts';
import { verifyEd25519 } from './ed25519.ts';
import { signatureBytes, verifyPkcs1, verifyPss } from './rsa.ts';
import { readSignatureText, type SignatureEncoding } from './signature-text.ts';
import { type PublicKey, readPublicKey } from './spki.ts';

/** Hashes files and checks signatures with one key and one algorithm. */
export interface Verifier {
  /** Decodes a signature, preferring the reading with the size of this key's signatures; `undefined` for any other text. */
  readonly read: (text: string) => Uint8Array | undefined;
  /** Whether a digest can be used for later signatures; not for Ed25519, which also hashes the signature. */
  readonly isReusable: boolean;
  /** Starts a pass over a file; an Ed25519 signature is needed here, because the hash starts with it. */
  readonly start: (signature: Uint8Array | undefined) => void;
  /** Takes the next bytes of the file. */
  readonly update: (bytes: Uint8Array) => void;
  /** Ends the pass; `signed` is for the signature, and with Ed25519 `undefined` if that was not known before the pass. */
  readonly finish: () => { readonly sha256: Uint8Array; readonly signed: Uint8Array | undefined };
  /** Tells whether a signature is valid for the digest of a pass. */
  readonly verify: (signature: Uint8Array, signed: Uint8Array) => boolean;
}

/** Key and algorithm of a release. */
export interface Signing {
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** An algorithm that fits the key. */
  readonly algorithm: AlgorithmName;
  readonly encoding: SignatureEncoding;
}

/** Creates the verifier of a key and an algorithm. */
export async function createVerifier(signing: Signing): Promise<Verifier> {
  const key = readPublicKey(signing.spki);
  const algorithm = algorithmOf(signing.algorithm);
  const hash = algorithm.scheme === 'ed25519' ? 'sha512' : algorithm.hash;
  const list = await createHasher('sha256');
  const own = hash === 'sha256' ? list : await createHasher(hash);
  let isSigned = false;
  return {
    isReusable: key.kind !== 'ed25519',
    read(text) {
      const readings = readSignatureText(text, signing.encoding);
      return readings.find((signature) => hasSize(key, signature)) ?? readings[0];
    },
    start(signature) {
      list.start();
      if (own !== list) own.start();
      isSigned = key.kind !== 'ed25519' || signature?.length === 64;
      if (key.kind !== 'ed25519' || signature?.length !== 64) return;
      own.update(signature.subarray(0, 32));
      own.update(key.point);
    },
    update(bytes) {
      list.update(bytes);
      if (isSigned && own !== list) own.update(bytes);
    },
    finish() {
      const sha256 = list.digest();
      if (own === list) return { sha256, signed: sha256 };
      return { sha256, signed: isSigned ? own.digest() : undefined };
    },
    verify: createCheck(key, algorithm),
  };
}

function hasSize(key: PublicKey, signature: Uint8Array): boolean {
  switch (key.kind) {
    case 'ec':
      return isEcdsaShaped(key, signature);
    case 'rsa':
      return signature.length === signatureBytes(key);
    case 'ed25519':
      return signature.length === 64;
  }
}

/** Returns the function that verifies a signature with a digest. */
function createCheck(key: PublicKey, algorithm: Algorithm): Verifier['verify'] {
  if (algorithm.scheme === 'ed25519' && key.kind === 'ed25519')
    return (signature, digest) => verifyEd25519(key.point, signature, digest);
  if (algorithm.scheme === 'ecdsa' && key.kind === 'ec') return createEcdsa(key);
  if (algorithm.scheme === 'rsa-pkcs1' && key.kind === 'rsa')
    return (signature, digest) => verifyPkcs1(key, signature, digest, algorithm.hash);
  if (algorithm.scheme === 'rsa-pss' && key.kind === 'rsa')
    return (signature, digest) => verifyPss(key, signature, digest, algorithm.hash);
  throw new Error('The algorithm does not fit the key.');
}
