import { syncBuiltinESMExports } from 'node:module';
import tls from 'node:tls';

// Loaded ahead of the program with --import: kills it at the one moment at which its key lies on the disk.
tls.createSecureContext = () => {
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment, and nothing may happen after it.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error('unreachable');
};
syncBuiltinESMExports();
