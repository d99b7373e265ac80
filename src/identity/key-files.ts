import { rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';
import { isHeldInOwnDirectory, repeatWhileHeld } from '../held.ts';

/** Prefix of the name of every credentials directory; files are removed from no other directory. */
export const CREDENTIALS_PREFIX = 'mtls-release-signing-credentials-';

/** Names of the files in a credentials directory; no others are written or removed there. */
export const CREDENTIALS_FILES = {
  certificates: 'client-cert.pem',
  key: 'client-key.pem',
  anchors: 'server-chain.pem',
} as const;

/**
 * Removes the known files of a credentials directory, then the directory; returns the first error of the system.
 *
 * Each removal is repeated for up to two seconds while another program, such as a virus scanner, has the file open.
 */
export function removeKeyFiles(directory: string): unknown {
  const files = Object.values(CREDENTIALS_FILES).map((name) => () => unlinkSync(join(directory, name)));
  const [failure] = [...files, () => rmdirSync(directory)].flatMap((remove) => {
    try {
      repeatWhileHeld(remove, { passes: isHeldInOwnDirectory });
      return [];
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? [] : [error];
    }
  });
  return failure;
}
