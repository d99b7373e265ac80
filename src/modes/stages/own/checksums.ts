import { ActionError } from '../../../errors.ts';
import { compareBytewise, show } from '../../../files/names.ts';
import { openFile } from '../../../files/reading/open-file.ts';
import type { ReleaseFile } from '../../../files/release-file.ts';
import type { Sealed } from '../../../files/seal.ts';
import { parseChecksums, renderChecksums } from '../../../files/writing/checksums.ts';
import type { FileInputs } from '../../../inputs/inputs.ts';
import { showList } from '../../../report/summary/units.ts';
import type { Context } from '../../context.ts';
import type { ThisRelease } from './this-release.ts';
import { checkOwn, findOwn, type OwnCheck, type OwnFileTask, writeOwnFile } from './whole-release.ts';

/** Writes the checksums of all files and signs them; only the first slice does. */
export async function writeChecksums(
  context: Context,
  { checksums: path, shard }: FileInputs,
  task: OwnFileTask,
): Promise<Sealed[]> {
  if (path === undefined || shard.index !== 1) return [];
  return [await writeOwnFile(context, { path, content: renderChecksums(task.entries) }, task)];
}

/** Checks the signature of the checksums file, and that it lists exactly the files of all slices. */
export async function checkChecksums(
  context: Context,
  { checksums }: FileInputs,
  check: OwnCheck,
  { allFiles, outcomes, isPartial }: Pick<ThisRelease, 'allFiles' | 'outcomes' | 'isPartial'>,
): Promise<Sealed[]> {
  if (checksums === undefined) return [];
  const file = findOwn(check.output, checksums);
  if (file === undefined)
    throw new ActionError('CHECKSUMS_MISSING', `The checksums file ${show(checksums)} is not there.`, {
      hint: 'Restore it from the release, or leave checksums empty.',
    });
  const sealed = await checkOwn(context, file, check);
  const lines = parseChecksums(await context.patience.readAgain(checksums, () => readWhole(file)));
  const differing = outcomes.filter(({ file: { path }, sha256 }) => sha256 !== undefined && lines.get(path) !== sha256);
  for (const { path } of allFiles) lines.delete(path);
  const changed = differing.map(({ file: { path } }) => path).sort(compareBytewise);
  const wrong = [...changed, ...(isPartial ? [] : lines.keys())];
  if (wrong.length === 0) return [sealed];
  throw new ActionError(
    'CHECKSUMS_DIFFER',
    `${show(checksums)} does not agree with the files: ${showList(wrong, 5)}.`,
    {
      hint: 'A file was changed, added or removed since the release was signed, or the patterns are not those of the signing run.',
    },
  );
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
