import { constants } from 'node:buffer';
import { hash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { codeOf } from '../../../errors.ts';
import { hashFile } from '../../../files/reading/open-file.ts';
import { readSmallFile } from '../../../files/reading/read-small.ts';
import { type FileOutcome, notTried, type ReleaseFile } from '../../../files/release-file.ts';
import type { Sealed } from '../../../files/seal.ts';
import type { OutputTree } from '../../../files/writing/output-tree.ts';
import type { FileInputs } from '../../../inputs/inputs.ts';
import type { HashedFile } from '../../../kit/kit.ts';
import type { Report, ReportPart } from '../../../report/report.ts';
import type { Verification } from '../../../verifying/check.ts';
import { type VerifyOptions, verifyFiles } from '../../../verifying/verify.ts';
import type { Context } from '../../context.ts';

/** What is needed to write and sign this action's own files. */
export interface OwnFileTask {
  readonly output: OutputTree;
  readonly suffix: string;
  readonly verification: Verification | undefined;
  readonly reuse: boolean;
  /** The files of all slices. */
  readonly entries: readonly HashedFile[];
  /** Whether the key was generated for this run, so that no other machine may be asked. */
  readonly isRehearsal: boolean;
  /** Signs a file of this action; returns the SHA-256 of its signature as base64url. */
  readonly sign: (file: ReleaseFile) => Promise<string>;
}

/** Lists the signed files that the first slice writes about the whole release: checksums, time stamp and kit. */
export function releasePaths({ checksums, timestamp, kit, shard }: FileInputs): string[] {
  if (shard.index !== 1) return [];
  const stamp = timestamp ? [timestamp.path] : [];
  return [...(checksums === undefined ? [] : [checksums]), ...stamp, ...(kit ? [kit.page, kit.guide] : [])];
}

/** Removes an earlier run's files about the whole release, so that they are not taken for those of a failed run. */
export async function removeReleasePaths(context: Context, inputs: FileInputs, output: OutputTree): Promise<void> {
  for (const path of releasePaths(inputs)) {
    await removeOwn(context, output, path + inputs.suffix);
    await removeOwn(context, output, path);
  }
}

/** Removes a file that this action wrote, if it exists. */
export function removeOwn({ patience }: Pick<Context, 'patience'>, output: OutputTree, path: string): Promise<void> {
  return patience.remove(path, () => output.remove(path));
}

/** Lists the files about the whole release, manifest included, that must be removed if the run fails. */
export function describeWritten(inputs: FileInputs, output: OutputTree, manifest: string | undefined): ReportPart {
  const paths = [...releasePaths(inputs), ...(manifest === undefined ? [] : [manifest])];
  return { written: { tree: output, paths: paths.flatMap((path) => [path + inputs.suffix, path]) } };
}

/** Removes a failed run's files about the whole release, so that they are not taken for those of a successful run. */
export async function takeBack(context: Context, { written }: Report): Promise<void> {
  if (written) await removeIfPossible(context, written.tree, written.paths);
}

/** Removes files in a run that has already failed; errors are ignored, because the first failure matters more. */
export async function removeIfPossible(context: Context, output: OutputTree, paths: Iterable<string>): Promise<void> {
  for (const path of paths) {
    try {
      await removeOwn(context, output, path);
    } catch {
      // The directory was moved, or cannot be written any more.
    }
  }
}

/** Returns the SHA-256 of the files of all slices, from the outcomes or by reading; empty if nothing is written about them. */
export async function listRelease(
  { signal, patience }: Context,
  inputs: FileInputs,
  { allFiles, known: outcomes }: { readonly allFiles: readonly ReleaseFile[]; readonly known: readonly FileOutcome[] },
): Promise<readonly HashedFile[]> {
  if (releasePaths(inputs).length === 0) return [];
  const known = new Map(outcomes.map(({ file, sha256 }) => [file.path, sha256]));
  const entries: HashedFile[] = [];
  for (const file of allFiles) {
    signal.throwIfAborted();
    const { path, size } = file;
    entries.push({ path, size, sha256: known.get(path) ?? (await patience.read(path, () => hashFile(file))) });
  }
  return entries;
}

/** Writes and signs a file of this action, unless the same file with a valid signature exists. */
export async function writeOwnFile(
  context: Context,
  { path, content }: { readonly path: string; readonly content: string | Buffer },
  task: OwnFileTask,
): Promise<Sealed> {
  const { output, suffix, verification, reuse } = task;
  const location = output.realPathOf(path);
  const bytes = Buffer.from(content);
  const file = { path, location, size: bytes.length };
  const sha256 = hash('sha256', bytes, 'hex');
  if (reuse && verification && readIfThere(location)?.equals(bytes)) {
    const { status, signatureSha256 } = await checkOne(context, file, { output, suffix, verification });
    if (status === 'verified') return { file, sha256, signatureSha256 };
  }
  // The signature of other content must not be next to this file, not even for a moment.
  await removeOwn(context, output, path + suffix);
  await context.patience.write(path, () => output.write(path, content));
  return { file, sha256, signatureSha256: await task.sign(file) };
}

/** Returns the content of a file of this action, or `undefined` when it cannot be read. */
export function readIfThere(location: string): Buffer | undefined {
  const options = { maxBytes: constants.MAX_STRING_LENGTH, longer: 'refused', links: 'refused' } as const;
  return readSmallFile(location, options)?.bytes;
}

/** Finds a file of this action; `undefined` when the path holds no regular file. */
export function findOwn(output: OutputTree, path: string): ReleaseFile | undefined {
  const location = output.realPathOf(path);
  try {
    const stat = lstatSync(location, { throwIfNoEntry: false });
    return stat?.isFile() ? { path, location, size: stat.size } : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Where this action's own files are, and how to verify their signatures. */
export type OwnCheck = Pick<VerifyOptions, 'output' | 'suffix' | 'verification'>;

/** Checks the signature of a file of this action; throws the reason when it is not valid. */
export async function checkOwn(context: Context, file: ReleaseFile, check: OwnCheck): Promise<Sealed> {
  const { error, sha256 = '', signatureSha256 } = await checkOne(context, file, check);
  if (error) throw error;
  return { file, sha256, signatureSha256 };
}

/** Checks signatures of existing files at own paths, such as manifests, which could be taken for part of the release. */
export async function checkOthers(context: Context, paths: readonly string[], check: OwnCheck): Promise<Sealed[]> {
  const sealed: Sealed[] = [];
  for (const path of new Set(paths)) {
    const file = findOwn(check.output, path);
    if (file) sealed.push(await checkOwn(context, file, check));
  }
  return sealed;
}

/** Checks the signature of one file. */
export async function checkOne(
  { signal, patience }: Context,
  file: ReleaseFile,
  { output, suffix, verification }: OwnCheck,
): Promise<FileOutcome> {
  const options = { output, suffix, verification, signal, patience, explain: 'name', onOutcome: () => {} } as const;
  const [outcome] = await verifyFiles({ ...options, files: [file] });
  return outcome ?? notTried(file);
}
