import { closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

// Opens each new file of some directories, and of the credentials directory in one of them, without sharing it, as virus
// scanners do: node scanner.ts <directory for marks> <fewest ms> <most ms> <directory>... It makes the directory for marks
// once it looks, puts the name of each file that it holds there, and ends when `stop` stands there.
const [marks = '', fewest = '', most = '', ...directories] = process.argv.slice(2);
const [first, last] = [Number(fewest), Number(most)];

/** Node takes this flag for `CreateFile` with a share mode of zero: UV_FS_O_EXLOCK. */
const SHARE_NOTHING = 0x10000000;
const seen = new Set<string>();

mkdirSync(marks);
while (!existsSync(join(marks, 'stop'))) {
  for (const directory of directories) look(directory);
  await delay(2);
}

function look(directory: string): void {
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    if (name.startsWith('mtls-release-signing-credentials-')) look(path);
    else if (/\.tmp$|\.pem$/.test(name) && !seen.has(path)) hold(path);
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Not there yet, or not any more.
    return [];
  }
}

function hold(path: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, SHARE_NOTHING | constants.O_RDONLY);
  } catch {
    // Renamed already, or open for writing: a scanner comes again.
    return;
  }
  const ms = first + ((seen.size * 97) % (last - first + 1));
  seen.add(path);
  writeFileSync(join(marks, basename(path)), '');
  setTimeout(() => closeSync(descriptor), ms);
}
