import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The Python of Debian, which has its packages. */
const PYTHON = '/usr/bin/python3';

/** A file system that finds names without case and composition. */
interface FoldingFileSystem {
  readonly directory: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Mounts one, in a new directory when none is given; throws an error that says why that is not possible here. */
export async function mountFolding(place?: string): Promise<FoldingFileSystem> {
  const top = await mkdtemp(join(tmpdir(), 'folding-'));
  const [backing, directory] = [join(top, 'backing'), place ?? join(top, 'mounted')];
  for (const path of [backing, directory]) await mkdir(path, { recursive: true });
  const outside = statSync(directory).dev;
  const child = spawn(PYTHON, [join(import.meta.dirname, 'folding.py'), backing, directory], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  while (statSync(directory).dev === outside && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const isMounted = statSync(directory).dev !== outside;
  const unmount = (): Promise<void> => end(child, { top, directory: isMounted ? directory : undefined });
  if (isMounted) return { directory, [Symbol.asyncDispose]: unmount };
  await unmount();
  throw new Error(complaint.trim().split('\n').at(-1) ?? 'no reason given');
}

async function end(child: ChildProcess, { top, directory }: { top: string; directory: string | undefined }) {
  if (directory !== undefined) {
    const exited = once(child, 'exit');
    execFileSync('umount', [directory]);
    await exited;
  }
  await rm(top, { recursive: true, force: true });
}

/** Says why no such file system can be mounted here; `undefined` when it can. */
export async function whyNoFolding(): Promise<string | undefined> {
  if (!existsSync('/dev/fuse')) return 'there is no /dev/fuse';
  if (spawnSync(PYTHON, ['-c', 'import fusepy']).status !== 0) return 'python3-fusepy is not installed';
  try {
    await using _ = await mountFolding();
    return undefined;
  } catch (error) {
    return `no file system can be mounted: ${error instanceof Error ? error.message : String(error)}`;
  }
}
