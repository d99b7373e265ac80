import type { FileOutcome, ReleaseFile } from '../../files/release-file.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import { retryWrites } from '../../files/writing/retry-writes.ts';
import { mayStand } from '../../files/writing/standing.ts';
import type { EffortInputs, FileInputs } from '../../inputs/inputs.ts';
import { startProgress, watchSigner } from '../../report/progress.ts';
import type { ReportBuilder, ReportPart } from '../../report/report.ts';
import { plural } from '../../report/summary/units.ts';
import { deadlinePassed } from '../../signing/policy/failure.ts';
import { type SignOptions, type SignResult, signFiles } from '../../signing/sign.ts';
import { loadAtLeisure, loadClient } from '../../upload.ts';
import type { Verification } from '../../verifying/check.ts';
import { hashInWorker } from '../../worker/hasher.ts';
import { writeInWorker } from '../../worker/writer.ts';
import type { Context } from '../context.ts';
import { writeChecksums } from './checksums.ts';
import { writeKit } from './kit.ts';
import type { Release } from './release.ts';
import type { OpenService } from './service.ts';
import { describeBlindRepeats, describeOutcome, printEvent, warnOfWhiteSpace } from './signing-notes.ts';
import { listRelease, removeReleasePaths } from './whole-release.ts';

/** How signatures are made, and where they go. */
export interface SigningTask {
  readonly output: OutputTree;
  readonly suffix: string;
  readonly effort: EffortInputs;
  readonly verification: Verification | undefined;
  readonly service: OpenService;
}

/** A release to be signed. */
export interface ReleaseTask extends SigningTask {
  readonly release: Release;
  /** The files that need a signature. */
  readonly wanted: readonly ReleaseFile[];
  /** Outcomes of the files whose signatures are kept. */
  readonly kept: readonly FileOutcome[];
  readonly reuse: boolean;
  readonly isUploaded: boolean;
  readonly isRehearsal?: boolean;
}

/**
 * Signs what needs a signature and, once every file has one, what is written about the whole release; adds to the
 * report what became of them.
 *
 * @throws ActionError that ended the run early
 */
export async function signRelease(
  context: Context,
  inputs: FileInputs,
  task: ReleaseTask & { readonly report: ReportBuilder },
): Promise<void> {
  const { release, wanted, kept, report, service } = task;
  const startedAt = context.clock.now();
  // What is complete and signed already stays, so that a repeated run costs no request.
  if (wanted.length > 0 || release.refused.length > 0) removeReleasePaths(inputs, task.output);
  try {
    const { outcomes, ending } = wanted.length > 0 ? await runSigning(context, task) : NOTHING_SIGNED;
    report.add({ outcomes, ...describeBlindRepeats(context, outcomes) });
    if (ending) throw ending;
    const isComplete = outcomes.length === wanted.length && outcomes.every(({ status }) => status === 'signed');
    if (!isComplete || release.refused.length > 0) return;
    const sign = (file: ReleaseFile): Promise<ReportPart> => signOwnFile(context, task, { file, startedAt });
    const known = [...kept, ...outcomes];
    const entries = await listRelease(context, inputs, { allFiles: release.allFiles, known });
    const checksums = await writeChecksums(context, inputs, { ...task, entries, sign });
    const kit = checksums.failure ? {} : await writeKit(context, inputs, { ...task, entries, sign });
    // What a red run says about the whole release must not pass for that of a green one.
    if (checksums.failure || kit.failure) removeReleasePaths(inputs, task.output);
    report.add(checksums);
    report.add(kit);
  } finally {
    report.add({ requests: service.transport.requests() });
  }
}

const NOTHING_SIGNED: SignResult = { outcomes: [] };

/** Signs the files and shows how it goes. */
async function runSigning(
  context: Context,
  task: ReleaseTask & { readonly report: ReportBuilder },
): Promise<SignResult> {
  const { runner, clock } = context;
  const { wanted, output, suffix, service, isUploaded } = task;
  runner.openGroup('Signing');
  const signatures = wanted.map(({ path }) => path + suffix);
  for (const path of mayStand(output.directory, signatures)) output.remove(path);
  const swept = output.sweep(wanted.map(({ path }) => path));
  if (swept > 0) runner.line(`Removed ${plural(swept, 'temporary file')} of a run that was killed`);
  const bytes = wanted.reduce((sum, file) => sum + file.size, 0);
  const progress = startProgress({ files: wanted.length, bytes }, clock, runner.line);
  // Should that fail, the upload will say why.
  const load = isUploaded ? (): void => void loadClient().catch(() => {}) : () => {};
  const stopLoading = loadAtLeisure({ clock, isLastUnderWay: () => progress.isLastUnderWay(), load });
  const result = await signFiles({
    ...signOptions(context, task, wanted),
    onWhiteSpace: warnOfWhiteSpace(context, task.report),
    signer: watchSigner(service.signer, progress),
    onOutcome: (outcome) => {
      progress.add(outcome.file.size);
      if (runner.facts.isDebug) runner.debug(describeOutcome(outcome));
    },
  }).finally(() => {
    progress.stop();
    stopLoading();
  });
  runner.line(`${plural(service.transport.requests(), 'request')} for ${plural(wanted.length, 'file')}`);
  runner.closeGroup();
  return result;
}

/** Fewer files than this are written by this thread: starting the worker would cost more. */
const WORKER_FILES = 256;

function signOptions(context: Context, task: SigningTask, files: readonly ReleaseFile[]): SignOptions {
  const { signal, clock, random } = context;
  const { output, suffix, verification, effort, service } = task;
  return {
    files,
    signer: service.signer,
    output: retryWrites(files.length < WORKER_FILES ? output : writeInWorker(service.worker, output), context.clock),
    hashElsewhere: hashInWorker(service.worker),
    suffix,
    verification,
    clientKeySha256: service.clientKeySha256,
    concurrency: effort.concurrency,
    attempts: effort.attempts,
    timeoutMs: effort.timeoutMs,
    deadlineMs: effort.deadlineMs,
    onFailure: effort.onFailure,
    firstConnection: service.transport.firstConnection,
    prepare: (connections, until) => service.transport.prepare(connections, until),
    maxBytesInFlight: service.maxBytesInFlight,
    signal,
    clock,
    random,
    onOutcome: () => {},
    onEvent: (event) => printEvent(context, event, files),
  };
}

/** Signs a file of our own making, which is in no count, in what is left of the deadline; returns notes, and the failure if any. */
async function signOwnFile(
  context: Context,
  task: SigningTask,
  { file, startedAt }: { readonly file: ReleaseFile; readonly startedAt: number },
): Promise<ReportPart> {
  const { effort } = task;
  task.output.remove(file.path + task.suffix);
  const left = Math.max(1, effort.deadlineMs - (context.clock.now() - startedAt));
  const deadlineMs = effort.deadlineMs && left;
  const { outcomes, ending } = await signFiles({ ...signOptions(context, task, [file]), deadlineMs });
  const { notes = [] } = describeBlindRepeats(context, outcomes);
  const failure = ending?.code === 'DEADLINE' ? deadlinePassed(effort.deadlineMs) : (ending ?? outcomes[0]?.error);
  return { notes, ...(failure ? { failure } : {}) };
}
