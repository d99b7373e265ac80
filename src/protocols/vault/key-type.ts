import { Failure } from '../../signing/policy/failure.ts';
import { type Algorithm, algorithmOf } from '../../verifying/algorithm.ts';
import type { TransitKey } from './paths.ts';

/** A key, and the algorithm that the inputs ask for; `undefined` for the usual one of its type. */
interface Wish {
  readonly key: TransitKey;
  readonly wanted: Algorithm | undefined;
}

/** Returns the algorithm to sign by with a key of this type; the service would sign by another one without a word. */
export function algorithmOfKey(type: string, { key, wanted }: Wish): Algorithm {
  const usual = usualFor(type);
  if (usual === undefined)
    throw new Failure(
      'config',
      'KEY_NOT_FOUND',
      `The key “${key.name}” is of the type ${type}, which cannot sign files.`,
      {
        hint: 'Give a key of the type ecdsa-p256, ecdsa-p384, ecdsa-p521, rsa-2048, rsa-3072, rsa-4096 or ed25519.',
      },
    );
  if (wanted === undefined) return usual;
  if (familyOf(wanted) === familyOf(usual)) return wanted;
  throw new Failure(
    'config',
    'KEY_NOT_FOUND',
    `The key “${key.name}” is of the type ${type}, which does not sign by signature-algorithm: ${wanted.name}.`,
    { hint: `Leave signature-algorithm at auto, which is ${usual.name} for this key, or give another signing-key.` },
  );
}

function usualFor(type: string): Algorithm | undefined {
  switch (type) {
    case 'ecdsa-p256':
      return algorithmOf('ecdsa-sha256');
    case 'ecdsa-p384':
      return algorithmOf('ecdsa-sha384');
    case 'ecdsa-p521':
      return algorithmOf('ecdsa-sha512');
    case 'ed25519':
      return algorithmOf('ed25519');
    default:
      return /^rsa-\d+$/.test(type) ? algorithmOf('rsa-pkcs1-sha256') : undefined;
  }
}

function familyOf({ scheme }: Algorithm): string {
  return scheme.startsWith('rsa') ? 'rsa' : scheme;
}
