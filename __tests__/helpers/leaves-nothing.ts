import { afterAll, expect } from 'vitest';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException', 'unhandledRejection'];
const STREAMS = [process.stdout, process.stderr];
const environment = { ...process.env };

/** What the test files of a process share. Of the environment only names: a log has no business with values. */
function shared(): Record<string, unknown> {
  const names = Object.keys({ ...environment, ...process.env });
  return {
    directory: process.cwd(),
    changedVariables: names.filter((name) => process.env[name] !== environment[name]),
    umask: process.umask(),
    exitCode: process.exitCode,
    listeners: SIGNALS.map((signal) => [signal, process.listenerCount(signal)]),
    ownWriters: STREAMS.map((stream) => Object.hasOwn(stream, 'write')),
  };
}

// Test files share one process: a file that leaves its directory or its environment behind makes a later file fail, at random.
const before = shared();
afterAll(() => expect(shared(), 'what this file leaves behind in the process').toEqual(before));
