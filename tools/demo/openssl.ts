import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rehearsal, SignedFile } from './manifest.ts';

/** A command line, ready to run and to show. */
export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
}

/** What a command printed, and whether it ended well. */
export interface CommandResult {
  readonly ok: boolean;
  readonly output: string;
}

/** The two commands that check a signature by hand: decode its base64, then verify it over the file. */
export function checkByHand(keyPath: string, file: SignedFile, decodedPath: string): CommandLine[] {
  const decode = ['base64', '-d', '-A', '-in', file.signaturePath, '-out', decodedPath];
  const verify = ['dgst', '-sha256', '-verify', keyPath, '-signature', decodedPath, file.path];
  return [
    { file: 'openssl', args: decode },
    { file: 'openssl', args: verify },
  ];
}

/** Writes a command as a person would type it into a shell. */
export function showCommand({ file, args }: CommandLine): string {
  const quote = (word: string) => (/^[\w./@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return [file, ...args].map(quote).join(' ');
}

/** Runs a command; a failure is a result, not an error. */
export function runCommand({ file, args }: CommandLine): Promise<CommandResult> {
  return new Promise((done) => {
    execFile(file, args, (error, stdout, stderr) => {
      done({ ok: error === null, output: `${stdout}${stderr}`.trim() || (error?.message ?? '') });
    });
  });
}

/** Checks every signature with openssl and returns the names of the files that failed. */
export async function verifyAll(rehearsal: Rehearsal): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'decoded-signatures-'));
  const failed: string[] = [];
  const queue = rehearsal.files.entries();
  const work = async () => {
    for (const [index, file] of queue) {
      const commands = checkByHand(rehearsal.keyPath, file, join(directory, `${index}.sig`));
      if (!(await runsWell(commands))) failed.push(file.name);
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
  } finally {
    await rm(directory, { recursive: true });
  }
  return failed.toSorted();
}

async function runsWell(commands: readonly CommandLine[]): Promise<boolean> {
  for (const command of commands) {
    const result = await runCommand(command);
    if (!result.ok) return false;
  }
  return true;
}
