import type { Algorithm } from '../verifying/algorithm.ts';
import type { Verification } from '../verifying/check.ts';

/** Returns the shell command that checks one file, `FILE`, with OpenSSL and nothing else. */
export function verifyCommand({ verifier, encoding }: Verification, suffix: string): string {
  const decode =
    encoding === 'hex' ? `tr a-f A-F < FILE${suffix} | basenc --base16 -d` : `openssl base64 -d -A -in FILE${suffix}`;
  return `${decode} |\n  ${checkOf(verifier.algorithm)}`;
}

function checkOf(algorithm: Algorithm): string {
  if (algorithm.scheme === 'ed25519') {
    return 'openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in FILE -sigfile /dev/stdin';
  }
  const padding =
    algorithm.scheme === 'rsa-pss'
      ? `-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:${SALT_BYTES[algorithm.hash]} `
      : '';
  return `openssl dgst -${algorithm.hash} ${padding}-verify public-key.pem -signature /dev/stdin FILE`;
}

/** A salt as long as the hash is what the action demands too. */
const SALT_BYTES = { sha256: 32, sha384: 48, sha512: 64 };
