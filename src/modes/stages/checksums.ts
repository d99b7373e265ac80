import { lstatSync, readFileSync } from 'node:fs';
import { ActionError } from '../../errors.ts';
import { show } from '../../files/names.ts';
import { hashFile, openFile } from '../../files/reading/open-file.ts';
import { type FileOutcome, notTried, type ReleaseFile } from '../../files/release-file.ts';
import { parseChecksums, renderChecksums } from '../../files/writing/checksums.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import type { FileInputs } from '../../inputs/inputs.ts';
import type { ReportPart } from '../../report/report.ts';
import { showList } from '../../report/summary/units.ts';
import type { Verification } from '../../verifying/check.ts';
import { type VerifyOptions, verifyFiles } from '../../verifying/verify.ts';
import type { Context } from '../context.ts';

/** What the checksums are made of and signed with. */
export interface ChecksumsTask {
  readonly output: OutputTree;
  /** Files of all slices. */
  readonly allFiles: readonly ReleaseFile[];
  /** Outcomes that say the SHA-256 of files of this slice. */
  readonly known: readonly FileOutcome[];
  readonly verification: Verification | undefined;
  readonly reuse: boolean;
  /** Signs a file of our own making; returns the failure, if any. */
  readonly sign: (file: ReleaseFile) => Promise<ReportPart>;
}

/** Writes the checksums of all files and signs them; only the first slice does. */
export async function writeChecksums(
  context: Context,
  { checksums, shard, suffix }: FileInputs,
  task: ChecksumsTask,
): Promise<ReportPart> {
  if (checksums === undefined || shard.index !== 1) return {};
  const { output, allFiles, verification, reuse } = task;
  const known = new Map(task.known.map(({ file, sha256 }) => [file.path, sha256]));
  const entries: { path: string; sha256: string }[] = [];
  for (const file of allFiles) {
    context.signal.throwIfAborted();
    entries.push({ path: file.path, sha256: known.get(file.path) ?? (await hashFile(file)) });
  }
  const text = renderChecksums(entries);
  const location = output.locate(checksums);
  // The signature of another text must not stand beside this one, not even for a moment.
  if (!holds(location, text)) output.remove(checksums + suffix);
  output.write(checksums, text);
  const file = { path: checksums, location, size: Buffer.byteLength(text) };
  const isKept =
    reuse && verification && (await checkOne(context, file, { output, suffix, verification })).status === 'verified';
  if (isKept) return { checksums: location };
  const { notes = [], failure } = await task.sign(file);
  return { checksums: location, notes, ...(failure ? { failure } : {}) };
}

/** Removes earlier checksums and their signature, so that they cannot pass for those of a run that fails; only the first slice does. */
export function removeChecksums({ checksums, shard, suffix }: FileInputs, output: OutputTree): void {
  if (checksums === undefined || shard.index !== 1) return;
  output.remove(checksums + suffix);
  output.remove(checksums);
}

function holds(location: string, text: string): boolean {
  try {
    return readFileSync(location, 'utf8') === text;
  } catch {
    return false;
  }
}

async function checkOne(
  { signal }: Context,
  file: ReleaseFile,
  { output, suffix, verification }: Pick<VerifyOptions, 'output' | 'suffix' | 'verification'>,
): Promise<FileOutcome> {
  const [outcome] = await verifyFiles({
    files: [file],
    output,
    suffix,
    verification,
    explain: 'name',
    signal,
    onOutcome: () => {},
  });
  return outcome ?? notTried(file);
}

/** What the checksums are checked against. */
export interface ChecksumsCheck {
  readonly output: OutputTree;
  readonly verification: Verification;
  /** Files of all slices: the checksums name these and no others. */
  readonly allFiles: readonly ReleaseFile[];
  /** Outcomes of the files of this slice. */
  readonly outcomes: readonly FileOutcome[];
}

/** Checks the signature of the checksums file and every line of it against the files. */
export async function checkChecksums(
  context: Context,
  { checksums, suffix }: FileInputs,
  { output, verification, allFiles, outcomes }: ChecksumsCheck,
): Promise<ReportPart> {
  if (checksums === undefined) return {};
  const file = statChecksums(output, checksums);
  const found = { checksums: file.location };
  const { error } = await checkOne(context, file, { output, suffix, verification });
  if (error) return { ...found, failure: error };
  const lines = parseChecksums(await readWhole(file));
  const wrong: string[] = [];
  for (const { file: each, sha256 } of outcomes) {
    if (sha256 !== undefined && lines.get(each.path) !== sha256) wrong.push(each.path);
  }
  for (const { path } of allFiles) lines.delete(path);
  wrong.push(...lines.keys());
  if (wrong.length === 0) return found;
  const failure = new ActionError(
    'CHECKSUMS_DIFFER',
    `${show(checksums)} does not agree with the files: ${showList(wrong, 5)}.`,
    {
      hint: 'A file was changed, added or removed since the release was signed, or the patterns are not those of the signing run.',
    },
  );
  return { ...found, failure };
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
