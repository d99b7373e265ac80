import { type ActionError, unexpected } from '../../errors.ts';
import { show } from '../../files/names.ts';
import type { FileOutcome } from '../../files/release-file.ts';
import { findChanged, type Sealed, sealable } from '../../files/seal.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import type { FileInputs, UploadInputs } from '../../inputs/inputs.ts';
import { type Artifact, isGreen, type Report, type ReportBuilder, type ReportPart } from '../../report/report.ts';
import { plural } from '../../report/summary/units.ts';
import { orAborted, sleep } from '../../signing/schedule/clock.ts';
import { removeArtifact, uploadFiles } from '../../upload.ts';
import { compareInWorker } from '../../worker/writer.ts';
import { annotate, type Context } from '../context.ts';
import { findAppeared } from './appeared.ts';
import { removeIfPossible, takeBack } from './own/whole-release.ts';
import { placeReceipt, type Receipt, writeReceipt } from './receipt.ts';
import type { Release } from './release.ts';

/** What a mode that works on files writes, and where. */
interface Delivery {
  readonly mode: 'sign' | 'rehearse' | 'verify';
  readonly files: FileInputs;
  /** `undefined` when nothing is uploaded. */
  readonly upload: UploadInputs | undefined;
  readonly output: OutputTree;
  readonly report: ReportBuilder;
}

/** Results of a mode, complete or not. */
export interface Done {
  /** `undefined` before the files are listed. */
  readonly release: Release | undefined;
  readonly outcomes: readonly FileOutcome[];
  /** Files about the whole release that were written or checked, such as checksums and manifest. */
  readonly own: readonly Sealed[];
  /** Why the mode ended early. */
  readonly ending?: ActionError;
}

/**
 * Runs a mode's work and always finishes it: checks everything again, writes the manifest, and uploads what is complete.
 *
 * `work` gets the place of the manifest, and returns its results even when files failed.
 */
export async function deliver(
  context: Context,
  delivery: Delivery,
  work: (receipt: Receipt) => Promise<Done>,
): Promise<void> {
  const { files, report } = delivery;
  const receipt = await placeReceipt(context, delivery.mode, delivery);
  report.add({ suffix: files.suffix, shard: files.shard });
  let done: Done = { release: undefined, outcomes: [], own: [] };
  try {
    done = await work(receipt);
    if (done.ending) report.add({ failure: done.ending });
    // A cancelled run has no time left for a second check.
    if (!context.signal.aborted) await seal(context, delivery, done);
    report.add({ durationMs: context.clock.now() - context.startedAt });
    const isWritten = receipt.isDelivered && done.own.some(({ file }) => file.path === receipt.path);
    if (!isWritten) await writeReceipt(context, receipt, report.build());
    if (isGreen(report.build())) report.add(await upload(context, delivery, done));
  } catch (error) {
    report.add({ failure: unexpected(error) });
  }
  report.add({ manifest: receipt.tree.locate(receipt.path) });
  if (isGreen(report.build())) return report.add(locateChecksums(delivery, done));
  await takeBack(context, report.build());
  // A failed run keeps its manifest, which says why.
  report.add({ written: { tree: delivery.output, paths: [] } });
  if (report.build().durationMs === 0) report.add({ durationMs: context.clock.now() - context.startedAt });
  await writeReceipt(context, receipt, report.build());
}

function locateChecksums({ files: { checksums }, output }: Delivery, { own }: Done): ReportPart {
  return own.some(({ file }) => file.path === checksums) ? { checksums: output.locate(checksums ?? '') } : {};
}

/** Checks everything again; a changed file fails, and its signature is removed unless this is a verification. */
async function seal(context: Context, delivery: Delivery, done: Done): Promise<void> {
  const { signal, worker, patience } = context;
  const { mode, output, files, report } = delivery;
  const options = { output, suffix: files.suffix, signal, patience, compareElsewhere: compareInWorker(worker) };
  // The search uses this thread while another thread reads signatures. An error of the search is thrown after the check has reported.
  const searching = done.release && findAppeared(context, files, done.release, done.own);
  searching?.catch(() => {});
  const changed = await findChanged(sealable(done.release?.files ?? [], done.outcomes), options);
  const failed = done.outcomes.filter(({ file }) => changed.has(file.path));
  report.add({ outcomes: failed.map((each) => ({ ...each, status: 'failed', error: changed.get(each.file.path) })) });
  if (searching) report.add(await searching);
  for (const failure of (await findChanged(done.own, options)).values()) report.add({ failure });
  const signatures = Array.from(changed.keys(), (path) => path + files.suffix);
  if (mode !== 'verify') await removeIfPossible(context, output, signatures);
}

/** Uploads all signatures as one artifact, and deletes it if a second check finds that files changed meanwhile. */
async function upload(context: Context, delivery: Delivery, done: Done): Promise<ReportPart> {
  const paths = pathsOf(delivery.files, done);
  if (delivery.upload === undefined || paths.length === 0) return {};
  context.runner.openGroup('Upload');
  try {
    const artifact = await uploadPaths(context, { ...delivery, upload: delivery.upload }, paths);
    if (artifact === undefined) return tellNoService(context, delivery);
    context.runner.line(`Artifact ${artifact.name}: ${plural(paths.length, 'file')}, id ${artifact.id}`);
    await seal(context, delivery, done).catch((error: unknown) => delivery.report.add({ failure: unexpected(error) }));
    if (isGreen(delivery.report.build())) return { artifact };
    return { notes: await withdraw(context, artifact) };
  } finally {
    context.runner.closeGroup();
  }
}

function pathsOf({ suffix }: FileInputs, { release, own }: Done): string[] {
  const ofOwn = own.flatMap(({ file }) => [file.path, file.path + suffix]);
  return [...(release?.files ?? []).map(({ path }) => path + suffix), ...ofOwn];
}

async function uploadPaths(
  { runner, clock, signal }: Context,
  delivery: Delivery & { readonly upload: UploadInputs },
  paths: readonly string[],
): Promise<Artifact | undefined> {
  const { retentionDays, overwrite } = delivery.upload;
  const uploading = uploadFiles({
    name: nameArtifact(delivery),
    paths,
    directory: delivery.output.directory,
    retentionDays,
    replaces: overwrite === 'true',
    runAttempt: runner.facts.runAttempt,
    host: runner.facts.pages.artifactHost,
    warn: (text) => runner.annotate('warning', 'Upload', text),
    scrub: runner.scrub,
    sleep: (ms) => sleep(clock, ms),
  });
  // The client cannot be stopped, so a cancelled run does not wait for it.
  return orAborted(uploading, signal).catch(async (error: unknown) => {
    if (signal.aborted) await tellLate({ runner, clock }, uploading);
    throw error;
  });
}

/** How long a cancelled run waits for its upload, in milliseconds; the process ends 800 ms after the signal. */
const LATE_UPLOAD_MS = 400;

/** Warns about an artifact that a cancelled run left at GitHub, so that nobody takes it for a release. */
async function tellLate(
  { runner, clock }: Pick<Context, 'runner' | 'clock'>,
  uploading: Promise<Artifact | undefined>,
): Promise<void> {
  const artifact = await Promise.race([uploading.catch(() => undefined), sleep(clock, LATE_UPLOAD_MS)]);
  if (!artifact) return;
  const what = `Artifact ${artifact.name}, id ${artifact.id}, was complete when the run was cancelled`;
  runner.annotate('warning', 'Upload', `${what}. Delete it, or do not use it.`);
}

function nameArtifact({ mode, files, upload }: Delivery & { readonly upload: UploadInputs }): string {
  const { index, count } = files.shard;
  const name = `${upload.artifactName}${count > 1 ? `-${index}-of-${count}` : ''}`;
  return mode === 'rehearse' ? `rehearsal-${name}` : name;
}

function tellNoService(context: Context, { mode }: Delivery): ReportPart {
  const where = mode === 'rehearse' ? '' : ' The signatures are where this step wrote them.';
  const text = `This GitHub server has no artifact service that the action could use: nothing was uploaded.${where}`;
  return annotate(context, ['notice', 'No upload'], text);
}

/** Deletes the artifact of a run that failed after its upload; returns notes for the summary. */
async function withdraw({ runner, signal }: Context, artifact: Artifact): Promise<string[]> {
  const { name, id } = artifact;
  const what = `Artifact ${show(name)}, id ${id}, was uploaded before the run failed`;
  // A cancelled run has no time to wait for an answer.
  const failure = signal.aborted ? 'the run was cancelled' : await whyNot(removeArtifact(artifact));
  const text = failure
    ? `${what}, and was not deleted (${failure}): delete it, and do not use anything from it.`
    : `${what}, and was deleted.`;
  runner.line(text);
  return [text];
}

async function whyNot(work: Promise<void>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return unexpected(error).message;
  }
}

/** Removes what a failed run wrote about the whole release, and its artifact; returns the report without them. */
export async function withdrawFrom(context: Context, report: Report): Promise<Report> {
  if (isGreen(report)) return report;
  await takeBack(context, report);
  const { artifact, ...others } = report;
  if (artifact === undefined) return report;
  return { ...others, artifact: undefined, notes: [...report.notes, ...(await withdraw(context, artifact))] };
}
