import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// Loaded ahead of the program with --import: a system on which another program looks at every file that is made,
// replaced, removed or read, so that the first try of each act fails.
const seen = new Set<string>();

function holdOnce(
  name: 'renameSync' | 'unlinkSync' | 'openSync',
  code: string,
  isOurs: (args: unknown[]) => boolean,
): void {
  const real = fs[name];
  Reflect.set(fs, name, (...args: unknown[]) => {
    // Directories are reached by descriptors, whose numbers say nothing.
    const key = `${name} ${String(args.at(name === 'renameSync' ? 1 : 0)).replace(/^.*\//, '')}`;
    if (isOurs(args) && !seen.has(key)) {
      seen.add(key);
      throw Object.assign(new Error(`${code}: ${key}`), { code });
    }
    return Reflect.apply(real, fs, args);
  });
}

const isReading = ([path, flags]: unknown[]): boolean => {
  const isDirectory = typeof flags === 'number' && (flags & fs.constants.O_DIRECTORY) !== 0;
  return flags !== 'wx' && !isDirectory && /\/(?:[ab](?:\.sign)?|sums\S*|receipt\S*)$/.test(String(path));
};
holdOnce('renameSync', 'EBUSY', () => true);
holdOnce('unlinkSync', 'EPERM', ([path]) => !String(path).endsWith('.tmp'));
holdOnce('openSync', 'EBUSY', isReading);
syncBuiltinESMExports();
