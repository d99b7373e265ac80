import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isHeldInOwnDirectory, repeatWhileHeld } from './held.ts';

// Runs after the job, also when the main step was killed: removes the key files that it may have left. It imports
// next to nothing, so that it starts in milliseconds, and it repeats these names for that reason; a test compares them.
const PREFIX = 'mtls-release-signing-credentials-';
const FILES = ['client-cert.pem', 'client-key.pem', 'server-chain.pem'];

const { STATE_credentials: state = '', RUNNER_TEMP: temporary = '' } = process.env;

// An earlier step can forge the state: only a real directory of ours, directly below RUNNER_TEMP, is touched. The path is
// resolved first, because a slash or a dot at its end would make lstat follow a link.
const directory = resolve(state);
const isOurs = state !== '' && temporary !== '' && dirname(directory) === resolve(temporary);
if (isOurs && basename(directory).startsWith(PREFIX) && isDirectory(directory)) remove();

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false;
  }
}

function remove(): void {
  for (const name of FILES) attempt(() => unlinkSync(join(directory, name)));
  attempt(() => rmdirSync(directory));
}

/** Waits up to two seconds for a program that has a file open, such as a virus scanner. */
function attempt(act: () => void): void {
  try {
    repeatWhileHeld(act, { passes: isHeldInOwnDirectory });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code !== 'ENOENT')
      process.stdout.write(
        `::warning title=Key files::A directory with key files below RUNNER_TEMP could not be removed (${code.replace(/\W/g, '')}).\n`,
      );
  }
}
