import { ActionError, unexpected } from '../errors.ts';
import { show } from '../files/names.ts';
import type { FileOutcome, ReleaseFile } from '../files/release-file.ts';
import { OutputTree } from '../files/writing/output-tree.ts';
import type { SignInputs } from '../inputs/inputs.ts';
import type { ReportBuilder, ReportPart } from '../report/report.ts';
import { formatCount, plural } from '../report/summary/units.ts';
import type { Verification } from '../verifying/check.ts';
import { checkSize } from '../verifying/verifier.ts';
import { verifyFiles } from '../verifying/verify.ts';
import { annotate, type Context } from './context.ts';
import { sweepTemporaries, tellLeftOut, warnOfUncovered } from './stages/coverage.ts';
import { deliver } from './stages/delivery.ts';
import { planWrites, refuseHidingManifest } from './stages/planned-writes.ts';
import { checkMatched, describeRelease, findRelease } from './stages/release.ts';
import { checkIdentity, withService } from './stages/service.ts';
import { signRelease } from './stages/signing.ts';

/** Signs a release; detectable problems are found before the first request. */
export async function sign(context: Context, inputs: SignInputs, report: ReportBuilder): Promise<void> {
  const { mode, files, service, protocol, effort, verification, upload, reuse } = inputs;
  report.add(describeVerification(context, verification));
  const output = new OutputTree(files.outputDirectory ?? files.root, context.processId);
  await deliver(context, { mode, files, upload, output, report }, async (receipt) => {
    const release = await findRelease(context, files);
    report.add(describeRelease(release));
    report.add(tellLeftOut(context, files, release.coverage));
    report.add(warnOfUncovered(context, files, sweepTemporaries(output, files, release.coverage)));
    refuseHidingManifest(receipt, release);
    report.add(await checkMatched(context, files, release));
    checkFiles(inputs, release.files);
    const identity = checkIdentity(context, service, report);
    const kept = await findValid(context, inputs, release.files, output);
    const done = new Set(kept.map(({ file }) => file.path));
    const wanted = release.files.filter(({ path }) => !done.has(path));
    checkBudget(wanted, files.maxFiles);
    report.add({ outcomes: kept });
    const isUploaded = upload !== undefined;
    const plan = { mode, files, output, release, wanted, verification, receipt, isUploaded } as const;
    const outdated = await planWrites(context, plan);
    const isNeeded = wanted.length > 0;
    const proxied = 'as the environment says';
    const task = {
      inputs: service,
      protocol,
      identity,
      proxied,
      requestMs: effort.timeoutMs,
      isNeeded,
      report,
    } as const;
    return withService(context, task, (open) =>
      signRelease(context, { plan, kept, outdated, effort, reuse, service: open, report }),
    );
  });
}

function describeVerification(context: Context, verification: Verification | undefined): ReportPart {
  if (verification?.verifier.key.certificate) {
    const text = 'verify-key is a certificate: its public key was used, its dates and issuer were not checked.';
    return { verification, notes: [text] };
  }
  if (verification) return { verification };
  const text =
    'Signatures were not checked, because verify-key is empty. Give the public key of the service to have each one checked before it appears.';
  return annotate(context, ['notice', 'Signatures not checked'], text);
}

/** Checks that every file can be sent and verified. */
function checkFiles({ protocol, verification }: SignInputs, files: readonly ReleaseFile[]): void {
  for (const file of files) protocol.checkFile?.(file);
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

/** Finds existing signatures to keep, which are valid for the current files, without a request. */
async function findValid(
  { runner, signal, patience }: Context,
  { files: { suffix }, verification, reuse }: SignInputs,
  files: readonly ReleaseFile[],
  output: OutputTree,
): Promise<FileOutcome[]> {
  if (!reuse || verification === undefined) return [];
  const onOutcome = (): void => {};
  const checked = await verifyFiles({
    files,
    output,
    suffix,
    verification,
    explain: 'count',
    signal,
    patience,
    onOutcome,
  });
  const valid = checked.filter(({ status }) => status === 'verified');
  if (valid.length > 0) runner.line(`${plural(valid.length, 'file')} with a valid signature kept`);
  return valid.map((outcome) => ({ ...outcome, status: 'reused' }));
}

function checkBudget(wanted: readonly ReleaseFile[], maxFiles: number): void {
  if (maxFiles === 0 || wanted.length <= maxFiles) return;
  throw new ActionError(
    'TOO_MANY_FILES',
    `${plural(wanted.length, 'file')} need a signature, but max-files allows ${formatCount(maxFiles)}.`,
    { hint: 'Look at the list of files in the log: if all of them are to be signed, raise max-files.' },
  );
}
