import { discoverOrphans } from '../files/finding/orphans.ts';
import type { FileOutcome } from '../files/release-file.ts';
import type { FileInputs, VerifyInputs } from '../inputs/inputs.ts';
import { startProgress } from '../report/progress.ts';
import { orphaned, verifyFiles } from '../verifying/verify.ts';
import type { Context } from './context.ts';
import { checkChecksums } from './stages/checksums.ts';
import { finish } from './stages/receipt.ts';
import { checkMatched, findRelease, type Release } from './stages/release.ts';
import { mergeOutcomes } from './stages/signing.ts';

/** Checks that every file has a valid signature and every signature its file, without network or secret. */
export async function verify(context: Context, inputs: VerifyInputs): Promise<void> {
  const { runner, report, signal, clock } = context;
  const { files, verification } = inputs;
  report.checked = true;
  report.verifyKeySha256 = verification.verifier.key.spkiSha256;
  const release = await findRelease(context, files, files.outputDirectory ?? files.root);
  await finish(context, { ...inputs, upload: undefined }, release, async () => {
    checkMatched(context, files, release);
    runner.openGroup('Checking');
    const bytes = release.files.reduce((sum, file) => sum + file.size, 0);
    const progress = startProgress({ files: release.files.length, bytes }, clock, runner.line);
    const known: FileOutcome[] = [];
    const onOutcome = (outcome: FileOutcome): void => {
      progress.add(outcome.file.size);
      known.push(outcome);
    };
    const task = { ...release, suffix: files.suffix, verification, signal };
    const outcomes = await verifyFiles({ ...task, explain: 'name', onOutcome }).finally(() => {
      progress.stop();
      // A run that ends early keeps what it knows.
      report.outcomes = mergeOutcomes(report.outcomes, known);
      report.verified = known.filter(({ status }) => status === 'verified').length;
    });
    report.outcomes = [...report.outcomes, ...findOrphans(context, files, release)];
    runner.closeGroup();
    return checkChecksums(context, files, { ...release, verification, outcomes });
  });
}

/** Every slice sees them, but one failure is enough. */
function findOrphans({ runner }: Context, files: FileInputs, { output }: Release): FileOutcome[] {
  if (files.shard.index !== 1) return [];
  const own = files.ownPaths.map((path) => output.locate(path + files.suffix));
  const { workspace, temporaryDirectory } = runner.facts;
  const options = { ...files, workspace, never: [temporaryDirectory, ...own] };
  return discoverOrphans(options, output.directory).map((path) => orphaned(path, files.suffix));
}
