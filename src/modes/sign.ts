import { ActionError, unexpected } from '../errors.ts';
import { show } from '../files/names.ts';
import type { ReleaseFile } from '../files/release-file.ts';
import type { SignInputs } from '../inputs/inputs.ts';
import { formatCount, plural } from '../report/summary/units.ts';
import { checkSize } from '../verifying/verifier.ts';
import { verifyFiles } from '../verifying/verify.ts';
import type { Context } from './context.ts';
import { checkUploadable, finish } from './stages/receipt.ts';
import { checkMatched, findRelease, type Release } from './stages/release.ts';
import { checkIdentity, withService } from './stages/service.ts';
import { mergeOutcomes, signRelease } from './stages/signing.ts';

/** Signs a release: everything that can be wrong is found before the first request. */
export async function sign(context: Context, inputs: SignInputs): Promise<void> {
  const { files, service } = inputs;
  noteVerification(context, inputs);
  const release = await findRelease(context, files, files.outputDirectory ?? files.root);
  await finish(context, inputs, release, async () => {
    checkMatched(context, files, release);
    checkUploadable(context, files, inputs.upload);
    checkSizes(inputs, release.files);
    const identity = checkIdentity(context, service);
    const wanted = inputs.reuse ? await withoutValid(context, inputs, release) : release.files;
    checkBudget(wanted, files.maxFiles);
    return withService(context, { inputs: service, identity, proxied: 'as the environment says' }, (open) =>
      signRelease(context, files, { ...inputs, release, files: wanted, output: release.output, service: open }),
    );
  });
}

function noteVerification({ runner, report }: Context, { verification }: SignInputs): void {
  report.checked = verification !== undefined;
  report.verification = verification;
  report.verifyKeySha256 = verification?.verifier.key.spkiSha256;
  if (verification?.verifier.key.certificate) {
    report.notes.push('verify-key is a certificate: its public key was used, its dates and issuer were not checked.');
  }
  if (verification) return;
  const text =
    'Signatures were not checked, because verify-key is empty. Give the public key of the service to have each one checked before it appears.';
  runner.annotate('notice', 'Signatures not checked', text);
  report.notes.push(text);
}

function checkSizes({ verification }: SignInputs, files: readonly ReleaseFile[]): void {
  if (verification === undefined) return;
  for (const { path, size } of files) {
    try {
      checkSize(verification.verifier.algorithm, size);
    } catch (error) {
      const known = unexpected(error);
      throw new ActionError(known.code, `${show(path)}: ${known.message}`, { hint: known.hint ?? '', cause: error });
    }
  }
}

/** Keeps signatures that are valid for the files as they are now; returns the files that need a new one. */
async function withoutValid(
  context: Context,
  { verification, files }: SignInputs,
  release: Release,
): Promise<readonly ReleaseFile[]> {
  if (verification === undefined) return release.files;
  const { runner, report, signal } = context;
  const task = { ...release, suffix: files.suffix, verification, signal };
  const checked = await verifyFiles({ ...task, explain: 'count', onOutcome: () => {} });
  const reused = checked
    .filter(({ status }) => status === 'verified')
    .map((outcome) => ({ ...outcome, status: 'reused' }) as const);
  report.outcomes = mergeOutcomes(report.outcomes, reused);
  report.verified += reused.length;
  if (reused.length > 0) runner.line(`${plural(reused.length, 'file')} with a valid signature kept`);
  return release.files.filter((_, at) => checked[at]?.status !== 'verified');
}

function checkBudget(wanted: readonly ReleaseFile[], maxFiles: number): void {
  if (maxFiles === 0 || wanted.length <= maxFiles) return;
  throw new ActionError(
    'TOO_MANY_FILES',
    `${plural(wanted.length, 'file')} need a signature, but max-files allows ${formatCount(maxFiles)}.`,
    { hint: 'Look at the list of files in the log: if all of them are meant, raise max-files.' },
  );
}
