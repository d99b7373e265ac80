import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Workload } from './workloads.ts';

/** Files of one workload below `<workspace>/dist`. */
export interface Tree {
  readonly workspace: string;
  readonly directory: string;
  readonly files: readonly string[];
}

const FILES_PER_DIRECTORY = 500;
const PIECE_BYTES = 1024 * 1024;

/** Makes the files of a workload. */
export function makeTree(workspace: string, workload: Pick<Workload, 'files' | 'bytesPerFile' | 'content'>): Tree {
  const directory = join(workspace, 'dist');
  const files: string[] = [];
  for (let i = 0; i < workload.files; i++) {
    const below = join(directory, `part-${Math.floor(i / FILES_PER_DIRECTORY)}`);
    if (i % FILES_PER_DIRECTORY === 0) mkdirSync(below, { recursive: true });
    const path = join(below, `file-${i}.bin`);
    fill(path, workload);
    files.push(path);
  }
  return { workspace, directory, files };
}

function fill(path: string, { bytesPerFile, content }: Pick<Workload, 'bytesPerFile' | 'content'>): void {
  const descriptor = openSync(path, 'wx');
  if (content === 'sparse') ftruncateSync(descriptor, bytesPerFile);
  else {
    for (let at = 0; at < bytesPerFile; at += PIECE_BYTES) {
      writeSync(descriptor, randomFillSync(Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytesPerFile - at))));
    }
  }
  closeSync(descriptor);
}

/** Removes the signatures of a run, after seeing that every file has one and that it is what the service answered. */
export function takeSignatures({ directory, files }: Tree, expected: string): void {
  const found = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sign'));
  if (found.length !== files.length) throw new Error(`${found.length} signatures for ${files.length} files`);
  for (const name of found) {
    const path = join(directory, name);
    if (readFileSync(path, 'utf8') !== expected) throw new Error(`${path} is not what the service answered`);
    unlinkSync(path);
  }
}
