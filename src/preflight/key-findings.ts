import { ActionError } from '../errors.ts';
import type { ServiceKey } from '../protocols/protocol.ts';
import type { Verification } from '../verifying/check.ts';
import { readVerifyKey } from '../verifying/key.ts';
import { type Finding, failed, passed, warned } from './finding.ts';

/** Describes the key that the service signs with, and compares it with `verify-key`. */
export function describeKey({ facts, publicKey }: ServiceKey, verification: Verification | undefined): Finding[] {
  const known = passed('signing key', facts.join('; '));
  if (publicKey === undefined) return [known];
  const { spkiSha256 } = readVerifyKey(publicKey);
  if (verification === undefined) {
    const what = `verify-key is empty; the public key of the service has the SHA-256 ${spkiSha256}`;
    return [
      known,
      warned('verify-key', what, 'Store the public key, which the log of this step shows, as verify-key.'),
    ];
  }
  const own = verification.verifier.key.spkiSha256;
  if (own === spkiSha256) return [known, passed('verify-key', `is the key of the service: SHA-256 ${spkiSha256}`)];
  const message = `verify-key has the SHA-256 ${own}, but the key of the service has ${spkiSha256}`;
  const hint = 'Store the public key of the version that signs; after a rotation each version has a key of its own.';
  return [known, failed('verify-key', new ActionError('SIGNATURE_INVALID', message, { hint }))];
}
