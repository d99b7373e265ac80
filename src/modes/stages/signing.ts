import { unexpected } from '../../errors.ts';
import type { FileOutcome, ReleaseFile } from '../../files/release-file.ts';
import type { Sealed } from '../../files/seal.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import type { EffortInputs } from '../../inputs/inputs.ts';
import { startProgress, watchSigning } from '../../report/progress.ts';
import type { ReportBuilder } from '../../report/report.ts';
import { plural } from '../../report/summary/units.ts';
import { deadlinePassed } from '../../signing/policy/failure.ts';
import { loadAtLeisure } from '../../signing/schedule/clock.ts';
import { type SignOptions, type SignResult, signFiles } from '../../signing/sign.ts';
import { loadClient } from '../../upload.ts';
import { hashInWorker } from '../../worker/hasher.ts';
import { writeInWorker } from '../../worker/writer.ts';
import type { Context } from '../context.ts';
import type { Done } from './delivery.ts';
import { writeChecksums } from './own/checksums.ts';
import { writeKit } from './own/kit.ts';
import { prepareStamp, stampChecksums, writeStamp } from './own/timestamp.ts';
import { describeWritten, listRelease, removeOwn, removeReleasePaths } from './own/whole-release.ts';
import type { Plan } from './planned-writes.ts';
import { writeReceipt } from './receipt.ts';
import type { OpenService } from './service.ts';
import {
  describeBlindRepeats,
  describeOutcome,
  describeUnasked,
  noteBadNode,
  printEvents,
  Repeats,
  warnOfWhiteSpace,
} from './signing-notes.ts';

interface ReleaseTask {
  readonly plan: Plan;
  readonly effort: EffortInputs;
  readonly service: OpenService;
  /** Outcomes of the files whose signatures are kept. */
  readonly kept?: readonly FileOutcome[];
  /** Signatures of earlier runs, to be removed first. */
  readonly outdated?: readonly string[];
  readonly reuse: boolean;
  readonly report: ReportBuilder;
}

/** Signs the files, and then the files about the whole release; adds the results to the report. */
export async function signRelease(context: Context, task: ReleaseTask): Promise<Done> {
  const { plan, kept = [], outdated = [], report, service } = task;
  const { files, release, wanted, output, receipt } = plan;
  const startedAt = context.clock.now();
  report.add(await prepareStamp(context, plan));
  for (const path of outdated) await removeOwn(context, output, path);
  // Complete and signed files stay, so that a repeated run needs no request.
  if (wanted.length > 0 || release.refused.length > 0) await removeReleasePaths(context, files, output);
  report.add(describeWritten(files, output, receipt.isDelivered ? receipt.path : undefined));
  try {
    const { outcomes, ending }: SignResult = wanted.length > 0 ? await runSigning(context, task) : { outcomes: [] };
    report.add({ outcomes, ...describeBlindRepeats(context, outcomes) });
    const known = [...kept, ...outcomes];
    if (ending) return { release, outcomes: known, own: [], ending };
    const isComplete = known.length === release.files.length && known.every(({ error }) => error === undefined);
    if (!isComplete || release.refused.length > 0) return { release, outcomes: known, own: [] };
    try {
      const own = await signOwn(context, { task, known, startedAt });
      report.add(describeUnasked(context, kept, service.transport.requests()));
      return { release, outcomes: known, own };
    } catch (error) {
      return { release, outcomes: known, own: [], ending: unexpected(error) };
    }
  } finally {
    report.add({ requests: service.transport.requests() });
  }
}

interface OwnTask {
  readonly task: ReleaseTask;
  /** Outcomes of all files of this slice. */
  readonly known: readonly FileOutcome[];
  /** Start of the signing; the deadline applies to everything together. */
  readonly startedAt: number;
}

/** Writes and signs the files about the whole release, the manifest last. */
async function signOwn(context: Context, { task, known, startedAt }: OwnTask): Promise<Sealed[]> {
  const { plan, reuse, report, service } = task;
  const { mode, files: inputs, output, verification, release, receipt } = plan;
  const sign = (file: ReleaseFile): Promise<string> => signOwnFile(context, task, { file, startedAt });
  const entries = await listRelease(context, inputs, { allFiles: release.allFiles, known });
  const { suffix } = inputs;
  const own = { output, suffix, verification, reuse, entries, sign, isRehearsal: mode === 'rehearse' };
  // The stamp is requested first, because nothing else is signed without it.
  const stamp = await stampChecksums(context, inputs, own);
  const sealed = await writeChecksums(context, inputs, own);
  sealed.push(...(await writeStamp(context, stamp, own)));
  sealed.push(...(await writeKit(context, inputs, { ...own, written: sealed })));
  report.add({ timestamp: stamp });
  if (!receipt.isDelivered) return sealed;
  report.add({ requests: service.transport.requests(), durationMs: context.clock.now() - context.startedAt });
  const manifest = await writeReceipt(context, receipt, report.build());
  return [...sealed, { ...manifest, signatureSha256: await sign(manifest.file) }];
}

/** Signs the files and logs the progress. */
async function runSigning(context: Context, task: ReleaseTask): Promise<SignResult> {
  const { runner, clock } = context;
  const { service, report } = task;
  const { wanted, output, isUploaded } = task.plan;
  runner.openGroup('Signing');
  const swept = output.sweep(wanted.map(({ path }) => path));
  if (swept > 0) runner.line(`Removed ${plural(swept, 'temporary file')} of a run that was killed`);
  const bytes = wanted.reduce((sum, file) => sum + file.size, 0);
  const progress = startProgress({ files: wanted.length, bytes }, clock, runner.line);
  // The upload reports a failure to load.
  const load = isUploaded ? (): void => void loadClient().catch(() => {}) : () => {};
  const stopLoading = loadAtLeisure({ clock, isLastUnderWay: () => progress.isLastUnderWay(), load });
  const repeats = new Repeats();
  const usual = signOptions(context, task, wanted);
  const options = {
    ...usual,
    onEvent: repeats.watching(usual.onEvent),
    onWhiteSpace: warnOfWhiteSpace(context, report),
    onOutcome: (outcome: FileOutcome) => {
      if (runner.facts.isDebug) runner.debug(describeOutcome(outcome));
    },
  };
  const result = await signTidily(context, output, watchSigning(options, progress)).finally(() => {
    progress.stop();
    stopLoading();
  });
  report.add(repeats.tell(context, { requests: service.transport.requests(), files: wanted.length, ...result }));
  runner.closeGroup();
  return result;
}

/** Fewest files for which starting the worker is cheaper than writing in this thread. */
const WORKER_FILES = 256;

/** Signs files; removes temporary files of writes that another program blocked. */
async function signTidily({ patience }: Context, tree: OutputTree, options: SignOptions): Promise<SignResult> {
  const result = await signFiles(options);
  if (patience.hasWaited) tree.sweep(options.files.map(({ path }) => path));
  return result;
}

function signOptions(context: Context, task: ReleaseTask, files: readonly ReleaseFile[]): SignOptions {
  const { signal, clock, random, worker, patience, runner } = context;
  const { plan, effort, service, report } = task;
  const { output, verification } = plan;
  const onBadNode = noteBadNode(context, report);
  const print = printEvents(context, files);
  return {
    files,
    signer: service.signer,
    output: files.length < WORKER_FILES ? output : writeInWorker(worker, output),
    patience,
    hashElsewhere: hashInWorker(worker),
    suffix: plan.files.suffix,
    verification,
    clientKeySha256: service.clientKeySha256,
    holdsSecret: runner.holdsSecret,
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
    onEvent: (event) => {
      // The next file needs their descriptors.
      if (event.type === 'shortage') service.transport.dropIdle();
      if (event.type === 'bad-node') onBadNode(event.failure);
      print(event);
    },
  };
}

/** Signs a file of this action, not counted, within the remaining deadline; returns the SHA-256 of its signature. */
async function signOwnFile(
  context: Context,
  task: ReleaseTask,
  { file, startedAt }: Pick<OwnTask, 'startedAt'> & { readonly file: ReleaseFile },
): Promise<string> {
  const { effort, report, plan } = task;
  await removeOwn(context, plan.output, file.path + plan.files.suffix);
  const deadlineMs = effort.deadlineMs && Math.max(1, effort.deadlineMs - (context.clock.now() - startedAt));
  const options = { ...signOptions(context, task, [file]), deadlineMs };
  const { outcomes, ending } = await signTidily(context, plan.output, options);
  report.add(describeBlindRepeats(context, outcomes));
  if (ending?.code === 'DEADLINE') throw deadlinePassed(effort.deadlineMs, ending.cause, ending.facts.open);
  const error = ending ?? outcomes[0]?.error;
  if (error) throw error;
  return outcomes[0]?.signatureSha256 ?? '';
}
