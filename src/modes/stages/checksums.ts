import { lstatSync, readFileSync } from 'node:fs';
import { ActionError } from '../../errors.ts';
import { readInto, startHash } from '../../files/hashing/file-hash.ts';
import { show } from '../../files/names.ts';
import { openFile } from '../../files/reading/open-file.ts';
import type { FileOutcome, ReleaseFile } from '../../files/release-file.ts';
import { parseChecksums, renderChecksums } from '../../files/writing/checksums.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import type { FileInputs } from '../../inputs/inputs.ts';
import { showList } from '../../report/summary/units.ts';
import type { Verification } from '../../verifying/check.ts';
import { verifyFiles } from '../../verifying/verify.ts';
import type { Context } from '../context.ts';
import type { Release } from './release.ts';
import { type SigningTask, signQuietly } from './signing.ts';

/** Writes the checksums of all files and signs them; only the first slice does. Returns the failure, if any. */
export async function writeChecksums(
  context: Context,
  inputs: FileInputs,
  task: SigningTask & { readonly release: Release; readonly reuse: boolean; readonly startedAt: number },
): Promise<ActionError | undefined> {
  const { report } = context;
  if (inputs.checksums === undefined || inputs.shard.index !== 1) return undefined;
  const { output, allFiles } = task.release;
  const known = new Map(report.outcomes.map(({ file, sha256 }) => [file.path, sha256]));
  const entries: { path: string; sha256: string }[] = [];
  for (const file of allFiles) {
    context.signal.throwIfAborted();
    entries.push({ path: file.path, sha256: known.get(file.path) ?? (await hashFile(file)) });
  }
  const text = renderChecksums(entries);
  report.checksums = output.locate(inputs.checksums);
  // The signature of another text must not stand beside this one, not even for a moment.
  if (!holds(report.checksums, text)) output.remove(inputs.checksums + report.suffix);
  output.write(inputs.checksums, text);
  const file = { path: inputs.checksums, location: report.checksums, size: Buffer.byteLength(text) };
  if (await isStillSigned(context, file, task)) return undefined;
  return signQuietly(context, { ...task, files: [file] });
}

/** Removes earlier checksums and their signature, so that they cannot pass for those of a run that fails; only the first slice does. */
export function removeChecksums({ report }: Context, { checksums, shard }: FileInputs, output: OutputTree): void {
  if (checksums === undefined || shard.index !== 1) return;
  output.remove(checksums + report.suffix);
  output.remove(checksums);
}

function holds(location: string, text: string): boolean {
  try {
    return readFileSync(location, 'utf8') === text;
  } catch {
    return false;
  }
}

async function hashFile(file: ReleaseFile): Promise<string> {
  const open = openFile(file);
  try {
    const hash = startHash({ algorithm: 'sha256' });
    await readInto(open.read(), [hash]);
    open.checkUnchanged();
    return hash.digest().toString('hex');
  } finally {
    open.close();
  }
}

async function isStillSigned(
  context: Context,
  file: ReleaseFile,
  { output, verification, reuse }: SigningTask & { readonly reuse: boolean },
): Promise<boolean> {
  if (verification === undefined || !reuse) return false;
  const [outcome] = await check(context, { files: [file], output, verification });
  return outcome?.status === 'verified';
}

interface CheckTask {
  readonly files: readonly ReleaseFile[];
  readonly output: OutputTree;
  readonly verification: Verification;
}

function check({ report, signal }: Context, task: CheckTask): Promise<FileOutcome[]> {
  return verifyFiles({ ...task, suffix: report.suffix, explain: 'name', signal, onOutcome: () => {} });
}

/** Checks the signature of the checksums file and every line of it against the files; returns the failure, if any. */
export async function checkChecksums(
  context: Context,
  inputs: FileInputs,
  task: CheckTask & Pick<Release, 'allFiles'> & { readonly outcomes: readonly FileOutcome[] },
): Promise<ActionError | undefined> {
  const { checksums } = inputs;
  if (checksums === undefined) return undefined;
  const file = statChecksums(task.output, checksums);
  context.report.checksums = file.location;
  const [outcome] = await check(context, { ...task, files: [file] });
  if (outcome?.error) return outcome.error;
  const lines = parseChecksums(await readWhole(file));
  const wrong: string[] = [];
  for (const { file, sha256 } of task.outcomes) {
    if (sha256 !== undefined && lines.get(file.path) !== sha256) wrong.push(file.path);
  }
  for (const { path } of task.allFiles) lines.delete(path);
  wrong.push(...lines.keys());
  if (wrong.length === 0) return undefined;
  return new ActionError(
    'CHECKSUMS_DIFFER',
    `${show(checksums)} does not agree with the files: ${showList(wrong, 5)}.`,
    {
      hint: 'A file was changed, added or removed since the release was signed, or the patterns are not those of the signing run.',
    },
  );
}

function statChecksums(output: OutputTree, path: string): ReleaseFile {
  const location = output.locate(path);
  const stat = lstatSync(location, { throwIfNoEntry: false });
  if (stat?.isFile()) return { path, location, size: stat.size };
  throw new ActionError('CHECKSUMS_MISSING', `The checksums file ${show(path)} is not there.`, {
    hint: 'Restore it from the release, or leave checksums empty.',
  });
}

async function readWhole(file: ReleaseFile): Promise<string> {
  const open = openFile(file);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of open.read()) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    open.close();
  }
}
