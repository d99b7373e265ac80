import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ActionError, codeOf, toActionError } from '../errors.ts';
import { HELD_SENTENCE, isHeldInOwnDirectory, repeatWhileHeld } from '../held.ts';
import type { Identity } from './identity.ts';
import { CREDENTIALS_FILES, CREDENTIALS_PREFIX, removeKeyFiles } from './key-files.ts';

/** Paths of the identity's files while a TLS context is built from them. */
export interface CredentialPaths {
  /** The client's certificates, leaf first: TLS option `cert`. */
  readonly certificates: string;
  /** Its private key: TLS option `key`. */
  readonly key: string;
  /** The only certificates that a server may chain to: TLS option `ca`. */
  readonly anchors: string;
  /** Passphrase of an encrypted key: TLS option `passphrase`. */
  readonly passphrase: string | undefined;
}

/** Options of {@link withCredentials}. */
interface CredentialOptions<Context> {
  /** The runner's directory for temporary files; must exist. */
  readonly runnerTemp: string;
  /** Receives the directory's path before anything is written, so that a later process can remove it. */
  readonly announce: (directory: string) => void | Promise<void>;
  /** Builds the TLS context; must read the files before it returns, because they are removed then. */
  readonly build: (paths: CredentialPaths) => Context;
}

/**
 * Writes the identity to files (mode 0600, directory 0700), builds a TLS context, removes the files, and then runs `use`.
 *
 * Nothing else in this process runs in between. Throws an `ActionError` if the files cannot be written, used or removed.
 */
export async function withCredentials<Context, Result>(
  identity: Identity,
  { runnerTemp, announce, build }: CredentialOptions<Context>,
  use: (context: Context) => Result | Promise<Result>,
): Promise<Result> {
  const directory = makeDirectory(runnerTemp);
  try {
    await announce(directory);
    const paths = writeFiles(directory, identity);
    const context = buildContext(paths, build);
    removeCredentials(directory);
    return await use(context);
  } finally {
    removeCredentials(directory);
  }
}

/** Removes the three known files and the directory; missing files are no error, and foreign files are kept. */
export function removeCredentials(directory: string): void {
  const cause = removeKeyFiles(directory);
  if (cause === undefined || ['ENOTEMPTY', 'EEXIST'].includes(codeOf(cause) ?? '')) return;
  const why = isHeldInOwnDirectory(cause) ? `, because ${HELD_SENTENCE}` : '';
  throw new ActionError(
    'CREDENTIALS_NOT_REMOVED',
    `the private key may still lie in ${directory}: it cannot be removed${why}`,
    { hint: 'Remove the directory by hand, and look for what holds or protects it on this runner.', cause },
  );
}

function makeDirectory(runnerTemp: string): string {
  try {
    return mkdtempSync(join(runnerTemp, CREDENTIALS_PREFIX));
  } catch (cause) {
    throw new ActionError('CREDENTIALS_DIRECTORY', `no directory for the credentials can be made in ${runnerTemp}`, {
      hint: 'RUNNER_TEMP must be a directory that this step may write to, with space left.',
      cause,
    });
  }
}

function writeFiles(directory: string, identity: Identity): CredentialPaths {
  const write = (name: string, text: string) => {
    const path = join(directory, name);
    repeatHere(() => writeFileSync(path, text, { flag: 'wx', mode: 0o600 }));
    return path;
  };
  try {
    return {
      certificates: write(CREDENTIALS_FILES.certificates, identity.certificatesPem),
      key: write(CREDENTIALS_FILES.key, identity.keyPem),
      anchors: write(CREDENTIALS_FILES.anchors, identity.anchorsPem),
      passphrase: identity.passphrase,
    };
  } catch (cause) {
    throw toActionError(cause, 'CREDENTIALS_NOT_WRITTEN', `the credentials cannot be written to ${directory}`);
  }
}

function buildContext<Context>(paths: CredentialPaths, build: (paths: CredentialPaths) => Context): Context {
  try {
    // A virus scanner may have the new files open.
    return repeatHere(() => build(paths));
  } catch (cause) {
    throw toActionError(
      cause,
      'IDENTITY_REFUSED_BY_TLS',
      `TLS cannot use the client identity (${codeOf(cause) ?? 'no code'})`,
    );
  }
}

/** Repeats an operation in the credentials directory, where no permission can be missing. */
function repeatHere<T>(act: () => T): T {
  return repeatWhileHeld(act, { passes: isHeldInOwnDirectory });
}
