import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ActionError } from '../../../errors.ts';
import { show } from '../../../files/names.ts';
import { readSignatureFile } from '../../../files/reading/read-small.ts';
import type { Sealed } from '../../../files/seal.ts';
import type { FileInputs, KitPaths } from '../../../inputs/inputs.ts';
import { decodeSignature } from '../../../verifying/encoding.ts';
import { formOf } from '../../../verifying/layout.ts';
import type { Context } from '../../context.ts';
import {
  checkOne,
  checkOwn,
  findOwn,
  type OwnCheck,
  type OwnFileTask,
  readIfThere,
  writeOwnFile,
} from './whole-release.ts';

/** Writes and signs the kit that lets anyone check the release; only the first slice does. `written` are its lists. */
export async function writeKit(
  context: Context,
  inputs: FileInputs,
  task: OwnFileTask & { readonly written: readonly Sealed[] },
): Promise<Sealed[]> {
  const { kit, shard } = inputs;
  const { verification, output } = task;
  // Inputs with a kit but without a key were refused earlier.
  if (kit === undefined || verification === undefined || shard.index !== 1) return [];
  const { renderKit } = await import('../../../kit/kit.ts');
  const { repository, refName, commit } = context.runner.facts;
  const template = readFileSync(context.pageTemplate, 'utf8');
  const timestamp = task.isRehearsal ? undefined : inputs.timestamp?.path;
  const release = {
    project: repository,
    ref: refName,
    commit,
    isRehearsal: task.isRehearsal,
    key: verification.verifier.key,
    algorithm: verification.verifier.algorithm.name,
    encoding: verification.encoding,
    layout: await layoutOf(context, inputs, task),
    suffix: inputs.suffix,
    files: task.entries,
    lists: task.written.map(({ file: { path, size }, sha256 }) => ({ path, size, sha256 })),
    companions: inputs.ownPaths.filter((path) => timestamp !== undefined || path !== `${inputs.checksums}.tsr`),
    checksums: inputs.checksums,
    timestamp,
    pageName: basename(kit.page),
  };
  const createdAt = new Date(context.now()).toISOString();
  const earlier = await readEarlier(context, kit, { suffix: inputs.suffix, output, verification });
  const texts = renderKit(template, { ...release, createdAt: earlier?.createdAt ?? createdAt });
  // A kit with the same content stays as it is, so that a repeated run needs no request.
  const isSame = earlier?.page === texts.page && earlier.guide === texts.guide;
  const { page, guide } = isSame ? texts : renderKit(template, { ...release, createdAt });
  const ofPage = await writeOwnFile(context, { path: kit.page, content: page }, task);
  return [ofPage, await writeOwnFile(context, { path: kit.guide, content: guide }, task)];
}

/** Reads an existing kit; `undefined` unless its page is signed, because anybody may have chosen its date. */
async function readEarlier(
  context: Context,
  kit: KitPaths,
  check: OwnCheck,
): Promise<{ page: string; guide: string; createdAt: string } | undefined> {
  const file = findOwn(check.output, kit.page);
  if (file === undefined || (await checkOne(context, file, check)).status !== 'verified') return undefined;
  const [page, guide] = [kit.page, kit.guide].map((path) => readIfThere(check.output.realPathOf(path))?.toString());
  const [, createdAt] = /"createdAt":"(\d{4}-\d\d-\d\dT[\d:.]{1,15}Z)"/.exec(page ?? '') ?? [];
  return page && guide && createdAt ? { page, guide, createdAt } : undefined;
}

/** Finds the layout of ECDSA signatures from one of them, because OpenSSL and PowerShell have to know it. */
async function layoutOf(
  { patience }: Context,
  { suffix, checksums }: FileInputs,
  { entries, output, verification }: OwnFileTask,
): Promise<'der' | 'ieee-p1363' | undefined> {
  if (verification === undefined) return undefined;
  const { verifier, encoding } = verification;
  if (verifier.algorithm.scheme !== 'ecdsa') return undefined;
  for (const path of [...(checksums === undefined ? [] : [checksums]), ...entries.map((entry) => entry.path)]) {
    const text = await patience.readAgain(path + suffix, () => readSignatureFile(output.realPathOf(path + suffix)));
    const form = text === undefined ? undefined : formOf(verifier.key, decodeSignature(text, encoding));
    if (form !== undefined && form !== 'plain') return form;
  }
  return 'der';
}

/** Checks the signatures of the kit. */
export async function checkKit(context: Context, { kit }: FileInputs, check: OwnCheck): Promise<Sealed[]> {
  const sealed: Sealed[] = [];
  for (const path of kit ? [kit.page, kit.guide] : []) {
    const file = findOwn(check.output, path);
    if (file === undefined)
      throw new ActionError('KIT_MISSING', `${show(path)} of the verification kit is not there.`, {
        hint: 'Restore it from the release, or leave verification-kit empty.',
      });
    sealed.push(await checkOwn(context, file, check));
  }
  return sealed;
}
