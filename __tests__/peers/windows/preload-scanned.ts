import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';

// Loaded ahead of the program with --import: waits until the scanner has opened a file, because a filter of Windows does
// that while the file is being made, and this one comes by only now and then.
const { SCANNED = '' } = process.env;
const { renameSync, readFileSync } = fs;

fs.renameSync = (from, to) => {
  waitFor(String(from));
  renameSync(from, to);
};
fs.readFileSync = new Proxy(readFileSync, {
  apply(target, self, [path, ...rest]) {
    if (String(path).endsWith('.pem')) waitFor(String(path));
    return Reflect.apply(target, self, [path, ...rest]);
  },
});
syncBuiltinESMExports();

function waitFor(path: string): void {
  const mark = join(SCANNED, basename(path));
  for (let waitedMs = 0; waitedMs < 1000 && !fs.existsSync(mark); waitedMs += 5) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}
