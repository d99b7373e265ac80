import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// Loaded into the processes of the tests, by way of NODE_OPTIONS, which the tests must not see: Wine says that it made a symbolic link, and makes none. A test that
// needs one fails with this error, in place of whatever it would find.
const { symlinkSync } = fs;
const { symlink } = fs.promises;

function check(path: fs.PathLike): void {
  if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined)
    throw Object.assign(new Error('Wine makes no symbolic links'), { code: 'EPERM' });
}
fs.symlinkSync = (target, path, type) => {
  symlinkSync(target, path, type);
  check(path);
};
fs.promises.symlink = async (target, path, type) => {
  await symlink(target, path, type);
  check(path);
};
syncBuiltinESMExports();
if (!process.argv[1]?.endsWith('vitest.mjs')) delete process.env['NODE_OPTIONS'];
