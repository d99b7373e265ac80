import { Failure } from '../../signing/policy/failure.ts';
import { type Algorithm, type AlgorithmName, algorithmOf } from '../../verifying/algorithm.ts';
import type { TransitKey } from './paths.ts';

/** The types of keys that sign files, for a sentence. */
const SIGNING_TYPES = 'ecdsa-p256, ecdsa-p384, ecdsa-p521, rsa-2048, rsa-3072, rsa-4096 or ed25519';
const CANNOT_SIGN = /^(?:aes|x?chacha|hmac)/;

/** Returns the wanted or usual algorithm for a type of keys; the service would silently sign with another one. */
export function algorithmOfKey(type: string, key: TransitKey, wanted: Algorithm | undefined): Algorithm {
  const usual = usualFor(type);
  if (usual === undefined) {
    const why = CANNOT_SIGN.test(type) ? 'which cannot sign files' : 'which does not say how it signs';
    const other = CANNOT_SIGN.test(type) ? '' : '; or give verify-key, whose type then decides';
    throw keyFailure(
      `The key “${key.name}” is of the type ${type}, ${why}.`,
      `Give a key of the type ${SIGNING_TYPES}${other}.`,
    );
  }
  if (wanted === undefined) return usual;
  if (familyOf(wanted) === familyOf(usual)) return wanted;
  throw keyFailure(
    `The key “${key.name}” is of the type ${type}, which does not sign by signature-algorithm: ${wanted.name}.`,
    `Leave signature-algorithm at auto, which is ${usual.name} for this key, or give another signing-key.`,
  );
}

/** Builds the failure for a key that does not exist or cannot be used. */
export function keyFailure(message: string, hint: string): Failure {
  return new Failure('config', 'KEY_NOT_FOUND', message, { hint });
}

const USUAL: Readonly<Record<string, AlgorithmName>> = {
  'ecdsa-p256': 'ecdsa-sha256',
  'ecdsa-p384': 'ecdsa-sha384',
  'ecdsa-p521': 'ecdsa-sha512',
  ed25519: 'ed25519',
};

function usualFor(type: string): Algorithm | undefined {
  const name = /^rsa-\d+$/.test(type) ? 'rsa-pkcs1-sha256' : USUAL[type];
  return name && algorithmOf(name);
}

function familyOf({ scheme }: Algorithm): string {
  return scheme.startsWith('rsa') ? 'rsa' : scheme;
}

/** The service's texts about keys that exist but cannot sign, with a hint for each. */
const UNUSABLE: readonly (readonly [pattern: RegExp, what: string, hint: string])[] = [
  [
    /requested version for signing|no such key version/,
    'has no usable version',
    'Give a version that exists and is not below min_encryption_version, min_decryption_version or min_available_version, or leave the @version out.',
  ],
  [/does not support signing/, 'is of a type that cannot sign', `Give a key of the type ${SIGNING_TYPES}.`],
  [
    /missing 'context'/,
    'is a derived key, which signs for a context only, and the action sends none',
    'Give a key that was made without derived=true.',
  ],
  [/soft-deleted/, 'is soft-deleted', 'Its operators can restore it; or give another signing-key.'],
];

/** Recognises the service's text about a key that cannot sign, for which every file would be refused. */
export function keyUnusable(said: string, { name, mount, version }: TransitKey): Failure | undefined {
  const [, what = '', hint = ''] = UNUSABLE.find(([pattern]) => pattern.test(said)) ?? [];
  if (what === '') return undefined;
  const pinned = what.endsWith('version') ? ` ${version}` : '';
  return keyFailure(`The key “${name}” at ${mount} ${what}${pinned}: “${said}”.`, hint);
}
