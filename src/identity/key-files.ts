import { rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';
import { isHeldInOwnDirectory, repeatWhileHeld } from '../held.ts';

/** How the name of every credentials directory begins; nothing removes files from any other. */
export const CREDENTIALS_PREFIX = 'mtls-release-signing-credentials-';

/** The names of the files in a credentials directory: all that is ever written there, and all that is ever removed. */
export const CREDENTIALS_FILES = {
  certificates: 'client-cert.pem',
  key: 'client-key.pem',
  anchors: 'server-chain.pem',
} as const;

/**
 * Removes the known files of a credentials directory, then the directory; returns the first error of the system, after every
 * removal was tried.
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
