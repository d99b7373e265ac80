import { Failure } from '../../signing/policy/failure.ts';
import { type Algorithm, algorithmOf } from '../../verifying/algorithm.ts';
import type { TransitKey } from './paths.ts';

/** Returns the algorithm that `signature-algorithm: auto` stands for with a key of this type. */
export function algorithmOfKey(type: string, { name }: TransitKey): Algorithm {
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
      if (/^rsa-\d+$/.test(type)) return algorithmOf('rsa-pkcs1-sha256');
      throw new Failure(
        'config',
        'KEY_NOT_FOUND',
        `The key “${name}” is of the type ${type}, which cannot sign files.`,
        {
          hint: 'Give a key of the type ecdsa-p256, ecdsa-p384, ecdsa-p521, rsa-2048, rsa-3072, rsa-4096 or ed25519.',
        },
      );
  }
}
