import { ActionError } from '../errors.ts';
import type { VerifyKey } from './key.ts';

/** Values of the input `signature-algorithm` other than `auto`. */
export const SIGNATURE_ALGORITHMS = [
  'ecdsa-sha256',
  'ecdsa-sha384',
  'ecdsa-sha512',
  'rsa-pkcs1-sha256',
  'rsa-pkcs1-sha384',
  'rsa-pkcs1-sha512',
  'rsa-pss-sha256',
  'rsa-pss-sha384',
  'rsa-pss-sha512',
  'ed25519',
] as const;

/** One of {@link SIGNATURE_ALGORITHMS}. */
export type AlgorithmName = (typeof SIGNATURE_ALGORITHMS)[number];

/** A digest as `node:crypto` names it. */
export type Hash = 'sha256' | 'sha384' | 'sha512';

/** A signature scheme with its digest as `node:crypto` names it; Ed25519 includes its own. */
export type Algorithm =
  | {
      readonly name: AlgorithmName;
      readonly scheme: 'ecdsa' | 'rsa-pkcs1' | 'rsa-pss';
      readonly hash: Hash;
    }
  | { readonly name: AlgorithmName; readonly scheme: 'ed25519' };

/** Lengths of digests in bytes. */
export const DIGEST_BYTES: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48, sha512: 64 };

type HashedName = Exclude<AlgorithmName, 'ed25519'>;
type Hashed = Pick<Extract<Algorithm, { readonly hash: Hash }>, 'scheme' | 'hash'>;

const HASHED: Readonly<Record<HashedName, Hashed>> = {
  'ecdsa-sha256': { scheme: 'ecdsa', hash: 'sha256' },
  'ecdsa-sha384': { scheme: 'ecdsa', hash: 'sha384' },
  'ecdsa-sha512': { scheme: 'ecdsa', hash: 'sha512' },
  'rsa-pkcs1-sha256': { scheme: 'rsa-pkcs1', hash: 'sha256' },
  'rsa-pkcs1-sha384': { scheme: 'rsa-pkcs1', hash: 'sha384' },
  'rsa-pkcs1-sha512': { scheme: 'rsa-pkcs1', hash: 'sha512' },
  'rsa-pss-sha256': { scheme: 'rsa-pss', hash: 'sha256' },
  'rsa-pss-sha384': { scheme: 'rsa-pss', hash: 'sha384' },
  'rsa-pss-sha512': { scheme: 'rsa-pss', hash: 'sha512' },
};

/** Returns the algorithm of a name. */
export function algorithmOf(name: AlgorithmName): Algorithm {
  return name === 'ed25519' ? { name, scheme: name } : { name, ...HASHED[name] };
}

/** Lists the algorithms for a key; `auto` means the first one. */
export function algorithmsFor(key: VerifyKey): readonly AlgorithmName[] {
  switch (key.kind) {
    case 'ec-p256':
      return ['ecdsa-sha256', 'ecdsa-sha384', 'ecdsa-sha512'];
    case 'ec-p384':
      return ['ecdsa-sha384', 'ecdsa-sha256', 'ecdsa-sha512'];
    case 'ec-p521':
      return ['ecdsa-sha512', 'ecdsa-sha256', 'ecdsa-sha384'];
    case 'rsa':
      return SIGNATURE_ALGORITHMS.filter((name) => name.startsWith('rsa-'));
    case 'rsa-pss':
      return SIGNATURE_ALGORITHMS.filter((name) => pssKeyAllows(key, algorithmOf(name)));
    case 'ed25519':
      return ['ed25519'];
  }
}

/** Chooses the requested algorithm, or that of the key, not by a signature; throws `SIGNATURE_ALGORITHM_MISMATCH`. */
export function chooseAlgorithm(key: VerifyKey, requested: AlgorithmName | 'auto'): Algorithm {
  const possible = algorithmsFor(key);
  const name = requested === 'auto' ? possible[0] : possible.find((candidate) => candidate === requested);
  if (name !== undefined) return algorithmOf(name);
  if (possible.length === 0) {
    throw new ActionError(
      'SIGNATURE_ALGORITHM_MISMATCH',
      'input verify-key is an RSA-PSS key whose own parameters (digest, mask, salt) fit no supported algorithm',
      {
        hint: 'Such a key must allow SHA-256, SHA-384 or SHA-512 for both digest and mask, and a salt as long as the digest.',
      },
    );
  }
  throw new ActionError(
    'SIGNATURE_ALGORITHM_MISMATCH',
    `input signature-algorithm is ${requested}, but verify-key is an ${key.name} key`,
    { hint: `For this key use auto or one of ${possible.join(', ')}; or give the key that belongs to ${requested}.` },
  );
}

function pssKeyAllows(key: VerifyKey, algorithm: Algorithm): boolean {
  if (algorithm.scheme !== 'rsa-pss') return false;
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength } = key.keyObject.asymmetricKeyDetails ?? {};
  if (hashAlgorithm === undefined) return true;
  // The key's salt length is a minimum; this action always uses the digest's length.
  return (
    hashAlgorithm === algorithm.hash &&
    mgf1HashAlgorithm === algorithm.hash &&
    (saltLength ?? 0) <= DIGEST_BYTES[algorithm.hash]
  );
}
