import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ToolError } from '../tool-error.ts';

/**
 * Finds a Node binary for an action that says `node<major>`: that of this process if new enough, otherwise the nearest
 * new enough `node_modules/.bin/node`.
 *
 * Throws `NODE_TOO_OLD` when there is neither.
 */
export async function findNode(major: number): Promise<string> {
  if (majorOf(process.version) >= major) return process.execPath;
  for (let directory = import.meta.dirname; directory !== dirname(directory); directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', '.bin', 'node');
    if ((await askMajor(candidate)) >= major) return candidate;
  }
  throw new ToolError('NODE_TOO_OLD', `The action needs Node ${major}; this is ${process.version}`);
}

async function askMajor(binary: string): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)(binary, ['--version']);
    return majorOf(stdout);
  } catch {
    return 0;
  }
}

function majorOf(version: string): number {
  return Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
}
