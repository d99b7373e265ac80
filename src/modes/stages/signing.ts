import type { ActionError } from '../../errors.ts';
import { show } from '../../files/names.ts';
import type { FileOutcome, ReleaseFile } from '../../files/release-file.ts';
import type { OutputTree } from '../../files/writing/output-tree.ts';
import { mayStand } from '../../files/writing/standing.ts';
import type { EffortInputs, FileInputs, UploadInputs } from '../../inputs/inputs.ts';
import { startProgress } from '../../report/progress.ts';
import { totalsOf } from '../../report/report.ts';
import { formatCount, formatMs, plural, sentence } from '../../report/summary/units.ts';
import { watchSigner } from '../../report/watched-signer.ts';
import { deadlinePassed } from '../../signing/policy/failure.ts';
import type { PolicyEvent } from '../../signing/policy/policy.ts';
import type { Clock } from '../../signing/schedule/clock.ts';
import { signFiles } from '../../signing/sign.ts';
import { loadClient } from '../../upload.ts';
import type { Verification } from '../../verifying/check.ts';
import { hashInWorker } from '../../worker/hasher.ts';
import { writeInWorker } from '../../worker/writer.ts';
import type { Context } from '../context.ts';
import { removeChecksums, writeChecksums } from './checksums.ts';
import type { Release } from './release.ts';
import type { OpenService } from './service.ts';

/** Files that need a signature and how to get it. */
export interface SigningTask {
  readonly files: readonly ReleaseFile[];
  readonly output: OutputTree;
  readonly effort: EffortInputs;
  readonly verification: Verification | undefined;
  readonly service: OpenService;
  /** What will be done with the signatures. */
  readonly upload?: UploadInputs | undefined;
}

/** Signs the files, shows how it goes and notes the outcomes; returns why the run ended early, if it did. */
export async function runSigning(context: Context, task: SigningTask): Promise<ActionError | undefined> {
  const { runner, report, clock } = context;
  const { files, output } = task;
  runner.openGroup('Signing');
  for (const path of mayStand(output.directory, signaturePaths(files, report.suffix))) output.remove(path);
  const swept = output.sweep(files.map(({ path }) => path));
  if (swept > 0) runner.line(`Removed ${plural(swept, 'temporary file')} of a run that was killed`);
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const progress = startProgress({ files: files.length, bytes }, clock, runner.line);
  // Should that fail, the upload will say why.
  const load = task.upload ? (): void => void loadClient().catch(() => {}) : () => {};
  const stopLoading = loadAtLeisure({ clock, isLastUnderWay: () => progress.isLastUnderWay(), load });
  const result = await signFiles({
    ...settings(context, task),
    signer: watchSigner(task.service.signer, progress),
    onOutcome: (outcome) => {
      progress.add(outcome.file.size);
      if (runner.facts.isDebug) runner.debug(describe(outcome));
    },
  }).finally(() => {
    progress.stop();
    stopLoading();
  });
  report.outcomes = mergeOutcomes(report.outcomes, result.outcomes);
  if (task.verification) report.verified += result.outcomes.filter(({ status }) => status === 'signed').length;
  runner.line(`${plural(task.service.requests(), 'request')} for ${plural(files.length, 'file')}`);
  tellBlindRepeats(context, result.outcomes);
  runner.closeGroup();
  return result.ending;
}

/** Whoever reads the service's own log must know why it holds more signatures than the release. */
function tellBlindRepeats({ runner, report }: Context, outcomes: readonly FileOutcome[]): void {
  const repeats = outcomes.reduce((sum, { blindRepeats = 0 }) => sum + blindRepeats, 0);
  if (repeats === 0) return;
  const text = `${plural(repeats, 'request')} ${repeats === 1 ? 'was' : 'were'} sent whole, got no answer and had to be repeated: the service may have signed twice. The signature of the last answer was kept.`;
  runner.line(text);
  report.notes.push(text);
}

function describe({ file, status, attempts, elapsedMs }: FileOutcome): string {
  return `${show(file.path)}: ${status} after ${attempts === 1 ? '1 try' : `${formatCount(attempts)} tries`}, ${formatMs(elapsedMs)}`;
}

function* signaturePaths(files: readonly ReleaseFile[], suffix: string): Generator<string> {
  for (const { path } of files) yield path + suffix;
}

/** Fewer files than this are written by this thread: starting the worker would cost more. */
const WORKER_FILES = 256;

type Settings = Omit<Parameters<typeof signFiles>[0], 'onOutcome'>;

function settings(context: Context, task: SigningTask): Settings {
  const { files, output, verification, effort, service } = task;
  return {
    ...context,
    ...effort,
    ...service,
    files,
    output: files.length < WORKER_FILES ? output : writeInWorker(service.worker, output),
    hashElsewhere: hashInWorker(service.worker),
    verification,
    suffix: context.report.suffix,
    onEvent: (event) => tell(context, event, files),
  };
}

/** Signs files that are of our own making, so that they are among no files; returns the failure, if any. */
export async function signQuietly(
  context: Context,
  task: SigningTask & { readonly startedAt: number },
): Promise<ActionError | undefined> {
  const { effort, startedAt } = task;
  for (const { path } of task.files) task.output.remove(path + context.report.suffix);
  const left = Math.max(1, effort.deadlineMs - (context.clock.now() - startedAt));
  const deadlineMs = effort.deadlineMs && left;
  const { outcomes, ending } = await signFiles({ ...settings(context, task), deadlineMs, onOutcome: () => {} });
  tellBlindRepeats(context, outcomes);
  if (ending?.code === 'DEADLINE') return deadlinePassed(effort.deadlineMs);
  return ending ?? outcomes.find(({ error }) => error !== undefined)?.error;
}

function tell({ runner }: Context, event: PolicyEvent, files: readonly ReleaseFile[]): void {
  if (event.type === 'recovery') runner.line('The service is back.');
  else if (event.type === 'outage') {
    const { code, message } = event.failure;
    runner.line(`The service is in trouble (${code}: ${sentence(message)}) Waiting for it with single requests.`);
  } else {
    const { code, message } = event.failure;
    runner.debug(`${show(files[event.job]?.path ?? '')}: ${code}, again in ${formatMs(event.delayMs)}: ${message}`);
  }
}

/** Puts what is known now in place of what was known before; the order stays. */
export function mergeOutcomes(before: readonly FileOutcome[], now: readonly FileOutcome[]): FileOutcome[] {
  const byPath = new Map(now.map((outcome) => [outcome.file.path, outcome]));
  return before.map((outcome) => byPath.get(outcome.file.path) ?? outcome);
}

/** Signs what needs a signature and, once every file has one, the checksums; returns why the run failed as a whole. */
export async function signRelease(
  context: Context,
  inputs: FileInputs,
  task: SigningTask & { readonly release: Release; readonly reuse: boolean },
): Promise<ActionError | undefined> {
  const { report, clock } = context;
  const startedAt = clock.now();
  const isRefused = totalsOf(report).failed > 0;
  // What is complete and signed already stays, so that a repeated run costs no request.
  if (task.files.length > 0 || isRefused) removeChecksums(context, inputs, task.output);
  try {
    const ending = task.files.length > 0 ? await runSigning(context, task) : undefined;
    const { failed, notTried } = totalsOf(report);
    if (ending || failed + notTried > 0) return ending;
    return await writeChecksums(context, inputs, { ...task, startedAt });
  } finally {
    report.requests = task.service.requests();
  }
}

/** Often enough to use a wait of a few hundred milliseconds, seldom enough to cost nothing. */
const LOOK_MS = 20;

/** What decides whether there is time. */
export interface Leisure {
  readonly clock: Clock;
  /** Whether everything that is left is under way. */
  readonly isLastUnderWay: () => boolean;
  /** Is called once at most. */
  readonly load: () => void;
}

/**
 * Loads something that is needed after the work, while this process only waits for the last answers; returns how to stop.
 *
 * Loading takes the thread for a tenth of a second: while there is something to send, that would hold it up.
 */
export function loadAtLeisure({ clock, isLastUnderWay, load }: Leisure): () => void {
  let cancel = clock.after(LOOK_MS, look);

  function look(): void {
    const isIdle = clock.idleShare() > 0.8;
    if (isLastUnderWay() && isIdle) load();
    else cancel = clock.after(LOOK_MS, look);
  }

  return () => cancel();
}
