import { lstatSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { environment } from './environment.ts';
import { codeOf } from './errors.ts';
import { CREDENTIALS_PREFIX, removeKeyFiles } from './identity/key-files.ts';

// Runs after the job, also when the main step was killed: removes key files that the main step may have left. A
// separate bundle with almost no imports, so that it starts in milliseconds.
const { STATE_credentials: state = '', RUNNER_TEMP: temporary = '' } = environment;

// An earlier step can forge the state: only a real directory of this action, directly below RUNNER_TEMP, is touched.
// The path is resolved first, because lstat follows a link when the path ends in a slash or a dot.
const directory = resolve(state);
const isOurs = state !== '' && temporary !== '' && dirname(directory) === resolve(temporary);
if (isOurs && basename(directory).startsWith(CREDENTIALS_PREFIX) && isDirectory(directory)) {
  const failure = removeKeyFiles(directory);
  const code = (codeOf(failure) ?? '').replace(/\W/g, '');
  if (failure !== undefined)
    process.stdout.write(
      `::warning title=Key files::A directory with key files below RUNNER_TEMP could not be removed (${code}).\n`,
    );
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false;
  }
}
