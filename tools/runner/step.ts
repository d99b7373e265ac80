import { codeOf } from '../../src/errors.ts';
import {
  createFileCommands,
  type FileCommands,
  fileCommandEnvironment,
  parseFileCommand,
  readFileCommands,
} from './file-commands.ts';
import type { Masks } from './log/masks.ts';
import { StepLog, type StepLogResult } from './log/step-log.ts';
import type { RunScript, Script, ScriptExit, Watchers } from './node-process.ts';

/** Result of a step (main or post), as the runner and its user see it. */
export interface StepRun extends ScriptExit, Omit<StepLogResult, 'failures'> {
  /** `failure` also when the exit code is 0 and a command or a file command was invalid. */
  readonly conclusion: 'success' | 'failure' | 'cancelled';
  /** The bytes of both outputs in order of arrival, unmasked. */
  readonly rawLog: Buffer;
  /** Names of outputs with a masked value, which GitHub drops as outputs of the job. */
  readonly secretOutputs: readonly string[];
  /** The job summary in Markdown, masked; empty when it exceeds GitHub's limit. */
  readonly summary: string;
  /** Variables and path entries for the steps that follow. */
  readonly exported: { readonly env: Readonly<Record<string, string>>; readonly path: readonly string[] };
}

/** A step to run. */
export interface StepOptions {
  readonly script: Script;
  readonly runScript: RunScript;
  readonly runnerTemp: string;
  readonly masks: Masks;
  /** Warnings of the runner before the step. */
  readonly warnings?: readonly string[];
  readonly watchers: Omit<Watchers, 'onLine'>;
  /** Receives each new line of the log, masked. */
  readonly onLogLine?: ((line: string) => void) | undefined;
}

const MOST_SUMMARY_KIB = 1024;

/** Runs a step: creates the command files, runs the script, handles its lines, and then reads the files. */
export async function runStep(options: StepOptions): Promise<StepRun> {
  const { script, masks, watchers } = options;
  const files = await createFileCommands(options.runnerTemp);
  const debug = script.env['RUNNER_DEBUG'] === '1' ? 'shown' : 'hidden';
  const log = new StepLog({ masks, debug, onLine: options.onLogLine });
  for (const warning of options.warnings ?? []) log.issue('warning', warning);
  const chunks: Buffer[] = [];
  const exit = await options.runScript(
    { ...script, env: { ...fileCommandEnvironment(files), ...script.env } },
    {
      ...watchers,
      onLine: (line) => log.accept(line),
      onOutput: (chunk, stream) => {
        chunks.push(chunk);
        watchers.onOutput?.(chunk, stream);
      },
    },
  );
  const results = readResults(await readFileCommands(files), log, masks);
  const { failures, ...said } = log.result;
  return {
    ...exit,
    ...said,
    ...results,
    outputs: { ...said.outputs, ...results.outputs },
    secretOutputs: secretNames({ ...said.outputs, ...results.outputs }, masks),
    state: { ...said.state, ...results.state },
    rawLog: Buffer.concat(chunks),
    conclusion: conclude(exit, failures, watchers.signal),
  };
}

function readResults(
  text: FileCommands,
  log: StepLog,
  masks: Masks,
): Pick<StepRun, 'outputs' | 'state' | 'summary' | 'exported'> {
  return {
    outputs: Object.fromEntries(parseOrFail('output', text, log)),
    state: Object.fromEntries(parseOrFail('state', text, log)),
    summary: readSummary(text.summary, log, masks),
    exported: {
      env: Object.fromEntries(parseOrFail('env', text, log).filter(([name]) => isAllowed(name, log))),
      path: lastOfEach(text.path.split(/\r\n|\r|\n/).filter((line) => line !== '')),
    },
  };
}

function parseOrFail(kind: 'output' | 'state' | 'env', text: FileCommands, log: StepLog): Array<[string, string]> {
  try {
    return parseFileCommand(text[kind]);
  } catch (error) {
    if (codeOf(error) !== 'FILE_COMMAND_INVALID' || !(error instanceof Error)) throw error;
    log.fail(`Unable to process file command '${kind}' successfully. ${error.message}`);
    return [];
  }
}

/** Removes duplicates; a path that is added again moves to the end of the list, which is the front of `PATH`. */
function lastOfEach(paths: readonly string[]): string[] {
  return paths.filter((path, index) => paths.indexOf(path, index + 1) < 0);
}

/** Refuses NODE_OPTIONS, as the runner does, because it would affect every later Node step. */
function isAllowed(name: string, log: StepLog): boolean {
  if (name.toUpperCase() !== 'NODE_OPTIONS') return true;
  log.issue('error', `Can't store ${name} output parameter using '$GITHUB_ENV' command.`);
  return false;
}

function readSummary(text: string, log: StepLog, masks: Masks): string {
  const sizeKib = Math.floor(Buffer.byteLength(text) / 1024);
  if (Buffer.byteLength(text) > MOST_SUMMARY_KIB * 1024) {
    log.issue(
      'error',
      `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${MOST_SUMMARY_KIB}k, got ${sizeKib}k.`,
    );
    return '';
  }
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => `${masks.mask(line)}\n`).join('');
}

function secretNames(outputs: Readonly<Record<string, string>>, masks: Masks): string[] {
  return Object.entries(outputs)
    .filter(([, value]) => masks.occursIn(value))
    .map(([name]) => name);
}

function conclude(
  exit: ScriptExit,
  failures: readonly string[],
  signal: AbortSignal | undefined,
): StepRun['conclusion'] {
  if (signal?.aborted === true) return 'cancelled';
  return exit.exitCode === 0 && failures.length === 0 ? 'success' : 'failure';
}
