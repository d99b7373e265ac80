import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const AIOHTTP = 'aiohttp==3.14.5';
const REPORT = 'import aiohttp, sys; print(f"Python {sys.version.split()[0]}, aiohttp {aiohttp.__version__}")';

/** A Python that has aiohttp. */
export interface Python {
  /** Absolute path. */
  readonly binary: string;
  /** Versions, for the report. */
  readonly version: string;
}

/** Finds the Python of the path, without wrappers in between. */
async function findPython(): Promise<string> {
  const { stdout } = await run('python3', ['-c', 'import sys; print(sys.executable)']);
  return stdout.trim();
}

/** Finds a Python with aiohttp, or makes one below `directory` from the package index. */
export async function preparePython(directory: string): Promise<Python> {
  const system = await describe(await findPython());
  if (system) return system;
  const environment = join(directory, 'python');
  await run('python3', ['-m', 'venv', environment]);
  const binary = join(environment, 'bin', 'python3');
  await run(binary, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', AIOHTTP]).catch((cause) => {
    throw new Error('The bench needs aiohttp: apt-get install python3-aiohttp, or access to the package index', {
      cause,
    });
  });
  const made = await describe(binary);
  if (made) return made;
  throw new Error('aiohttp was installed but cannot be imported');
}

async function describe(binary: string): Promise<Python | undefined> {
  try {
    const { stdout } = await run(binary, ['-c', REPORT]);
    return { binary, version: stdout.trim() };
  } catch {
    return undefined;
  }
}
