import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ActionError, codeOf, toActionError } from '../errors.ts';
import { HELD_SENTENCE, isHeldInOwnDirectory, repeatWhileHeld } from '../held.ts';
import type { Identity } from './identity.ts';
import { CREDENTIALS_FILES, CREDENTIALS_PREFIX, removeKeyFiles } from './key-files.ts';

/** Where the identity lies while a TLS context is built from it. */
export interface CredentialPaths {
  /** The client's certificates, leaf first: TLS option `cert`. */
  readonly certificates: string;
  /** Its private key: TLS option `key`. */
  readonly key: string;
  /** The only certificates that a server may chain to: TLS option `ca`. */
  readonly anchors: string;
  /** For an encrypted key: TLS option `passphrase`. */
  readonly passphrase: string | undefined;
}

/** The collaborators of {@link withCredentials}. */
interface CredentialOptions<Context> {
  /** An existing directory of the runner's own for temporary files. */
  readonly runnerTemp: string;
  /** Is told the directory's path before a first byte is written, so that a later process can remove it. */
  readonly announce: (directory: string) => void | Promise<void>;
  /** Builds the TLS context; must have read the files when it returns, because they are gone then. */
  readonly build: (paths: CredentialPaths) => Context;
}

/**
 * Puts the identity into files of mode 0600 in a 0700 directory, builds a TLS context from them, removes them, and only then runs `use`.
 *
 * Between the first write and the removal nothing else of this process can run. Throws an `ActionError` when the files cannot be written,
 * cannot be used or cannot be removed; errors of `use` pass through.
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

/** Removes the three known files and the directory; what is gone already is fine, and a file that is not ours stays. */
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
    // A virus scanner may have just opened the files that were written.
    return repeatHere(() => build(paths));
  } catch (cause) {
    throw toActionError(
      cause,
      'IDENTITY_REFUSED_BY_TLS',
      `TLS cannot use the client identity (${codeOf(cause) ?? 'no code'})`,
    );
  }
}

/** Repeats an act on files in the credentials directory, where no right can be missing. */
function repeatHere<T>(act: () => T): T {
  return repeatWhileHeld(act, { passes: isHeldInOwnDirectory });
}
