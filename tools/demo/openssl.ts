import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Rehearsal, SignedFile } from './rehearsal.ts';

/** Output of an `openssl` command, and whether it succeeded. */
interface CommandResult {
  /** The command as typed in a shell. */
  readonly command: string;
  readonly ok: boolean;
  readonly output: string;
}

/** Checks one signature as a customer does, with two commands: decode its base64, then verify it over the file. */
export async function checkByHand(
  { keyPath }: Rehearsal,
  file: SignedFile,
  directory: string,
): Promise<CommandResult[]> {
  const decoded = join(directory, 'signature.bin');
  return [
    await openssl(['base64', '-d', '-A', '-in', file.signaturePath, '-out', decoded]),
    await openssl(verify(keyPath, decoded, file)),
  ];
}

/** Verifies every signature with one start of `openssl` each; returns the names of the files that failed. */
export async function verifyAll({ files, keyPath }: Rehearsal, directory: string): Promise<string[]> {
  const failed: string[] = [];
  const queue = files.entries();
  const work = async (): Promise<void> => {
    for (const [index, file] of queue) {
      const decoded = join(directory, `${index}.sig`);
      const text = await readFile(file.signaturePath, 'latin1').catch(() => '');
      await writeFile(decoded, Buffer.from(text, 'base64'));
      const { ok } = await openssl(verify(keyPath, decoded, file));
      if (!ok) failed.push(file.name);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
  return failed.toSorted();
}

function verify(keyPath: string, decoded: string, file: SignedFile): string[] {
  return ['dgst', '-sha256', '-verify', keyPath, '-signature', decoded, file.path];
}

/** Runs `openssl`; a failure is a result, not an error. */
function openssl(args: readonly string[]): Promise<CommandResult> {
  const quote = (word: string) => (/^[\w./@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return new Promise((done) => {
    execFile('openssl', args, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim() || (error?.message ?? '');
      done({ command: ['openssl', ...args].map(quote).join(' '), ok: error === null, output });
    });
  });
}
