import { unexpected } from '../errors.ts';
import type { FileOutcome, ReleaseFile } from '../files/release-file.ts';
import { OutputTree } from '../files/writing/output-tree.ts';
import type { VerifyInputs } from '../inputs/inputs.ts';
import { startProgress } from '../report/progress.ts';
import type { ReportBuilder } from '../report/report.ts';
import { verifyFiles } from '../verifying/verify.ts';
import type { Context } from './context.ts';
import { judgeOwnPlaces, judgeUncovered, tellLeftOut } from './stages/coverage.ts';
import { type Done, deliver } from './stages/delivery.ts';
import { checkChecksums } from './stages/own/checksums.ts';
import { checkKit } from './stages/own/kit.ts';
import { checkKitOfRelease, checkReceiptsOfRelease } from './stages/own/this-release.ts';
import { checkReleaseStamp } from './stages/own/timestamp.ts';
import { checkOthers } from './stages/own/whole-release.ts';
import { refuseForeignManifest } from './stages/planned-writes.ts';
import { withShardReceipts } from './stages/receipt.ts';
import { checkMatched, describeRelease, findRelease } from './stages/release.ts';

/** Checks that every file has a valid signature and every signature its file, without network or secret. */
export async function verify(context: Context, inputs: VerifyInputs, report: ReportBuilder): Promise<void> {
  const { mode, verification, isPartial } = inputs;
  report.add({ verification });
  const output = new OutputTree(inputs.files.outputDirectory ?? inputs.files.root, context.processId);
  const files = await withShardReceipts(context, inputs.files, output);
  await deliver(context, { mode, files, upload: undefined, output, report }, async (receipt) => {
    refuseForeignManifest(receipt);
    const release = await findRelease(context, files);
    report.add(describeRelease(release));
    report.add(tellLeftOut(context, files, release.coverage));
    report.add(await checkMatched(context, files, release));
    const { outcomes, ending } = await checkFiles(context, inputs, { files: release.files, output });
    report.add({ outcomes });
    if (ending) throw ending;
    report.add(judgeUncovered(context, files, release.coverage));
    const { allFiles } = release;
    const check = { output, suffix: files.suffix, verification };
    const checksums = await checkChecksums(context, files, check, { allFiles, outcomes, isPartial });
    const sha256 = checksums[0]?.sha256;
    const { sealed: stamp, part } = await checkReleaseStamp(context, files, { ...check, sha256 });
    report.add(part);
    const kit = await checkKit(context, files, check);
    const lists = [...checksums, ...stamp];
    const directories = [files.root, output.directory];
    const thisRelease = { outcomes, lists, allFiles, directories, isPartial };
    if (files.kit) checkKitOfRelease(files.kit, kit, thisRelease);
    const known = [...lists, ...kit].map(({ file }) => file.path);
    if (receipt.isDelivered) known.push(receipt.path);
    const unknown = files.ownPaths.filter((path) => !known.includes(path));
    const others = await checkOthers(context, unknown, check);
    const receipts = files.ownPaths.filter((path) => !inputs.files.ownPaths.includes(path));
    report.add(checkReceiptsOfRelease(context, others, { ...thisRelease, receipts }));
    const own = [...lists, ...kit, ...others];
    report.add(judgeOwnPlaces(files, release.coverage, own));
    return { release, outcomes, own };
  });
}

async function checkFiles(
  { runner, signal, clock, patience }: Context,
  { files: { suffix }, verification }: VerifyInputs,
  { files, output }: { readonly files: readonly ReleaseFile[]; readonly output: OutputTree },
): Promise<Pick<Done, 'outcomes' | 'ending'>> {
  runner.openGroup('Checking');
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const progress = startProgress({ files: files.length, bytes }, clock, runner.line);
  const outcomes: FileOutcome[] = [];
  const onOutcome = (outcome: FileOutcome): void => {
    progress.add(outcome.file.size);
    outcomes.push(outcome);
  };
  try {
    await verifyFiles({ files, output, suffix, verification, explain: 'name', signal, patience, onOutcome });
    return { outcomes };
  } catch (error) {
    return { outcomes, ending: unexpected(error) };
  } finally {
    progress.stop();
    runner.closeGroup();
  }
}
