import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ToolError } from '../tool-error.ts';
import { type ActionFile, readActionFile } from './action-file.ts';
import {
  type Environment,
  inputEnvironment,
  mergeEnvironments,
  standardEnvironment,
  workflowEnvironment,
} from './environment.ts';
import { Masks } from './log/masks.ts';
import { findNode } from './node-binary.ts';
import { type RunScript, runScript, type Script, type StepProcess } from './node-process.ts';
import { runStep, type StepOptions, type StepRun } from './step.ts';

/** An action to run, with its inputs and environment. */
export interface ActionOptions {
  /** Directory of `action.yml`. */
  readonly actionDirectory: string;
  /** Inputs under `with:` in a workflow. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** The checkout; also the working directory. */
  readonly workspace: string;
  /** `RUNNER_TEMP`; a fresh directory when absent. The caller has to remove it. */
  readonly runnerTemp?: string;
  /** Content of the file of `GITHUB_EVENT_PATH`. */
  readonly event?: Readonly<Record<string, unknown>>;
  /** Overrides of the runner's standard variables, such as `GITHUB_EVENT_NAME`; `undefined` removes one. */
  readonly env?: Environment;
  /** Variables under `env:` in a workflow. */
  readonly workflowEnv?: Readonly<Record<string, string>>;
  /** A results service for artifacts; without one, the action has no variables for it, as outside a job. */
  readonly results?: { readonly env: Readonly<Record<string, string>> };
  /** Secrets of the repository: masked before anything runs. */
  readonly secrets?: readonly string[];
  /** Arguments of Node before the script. */
  readonly nodeArgs?: readonly string[];
  /** Cancels the main step; the post step still runs. */
  readonly signal?: AbortSignal;
  /** Receives the main step's process, for sending signals to it. */
  readonly onStart?: (child: StepProcess) => void;
  /** Receives the main step's output as it arrives. */
  readonly onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
  /** Receives each new line of the main step's log, masked. */
  readonly onLogLine?: (line: string) => void;
  /** Longest time for each step in milliseconds, after which the call rejects; default: 120 seconds. */
  readonly timeoutMs?: number;
  /** Replaces running a script as a separate process. */
  readonly runScript?: RunScript;
}

/** A complete run of an action: its main step, and its post step in `post`. */
export interface ActionRun extends StepRun {
  /** `undefined` when the action has no post step, or its `post-if` was false. */
  readonly post: StepRun | undefined;
  /** Every masked value in plain text. */
  readonly masks: readonly string[];
  readonly runnerTemp: string;
}

const DEFAULT_TIMEOUT_MS = 120_000;

/**
 * Runs a JavaScript action as GitHub's runner does: main, then always post with the state of main.
 *
 * Rejects with a `ToolError` when the action cannot be started or does not end: `ACTION_FILE_INVALID`, `NODE_TOO_OLD`,
 * `STEP_TIMED_OUT`.
 *
 * @example const run = await runAction({ actionDirectory: '.', workspace: '/some/checkout', inputs: { name: 'Mona' }
 * }); console.log(run.log, run.exitCode, run.outputs);
 */
export async function runAction(options: ActionOptions): Promise<ActionRun> {
  const action = await readActionFile(options.actionDirectory);
  const node = await findNode(action.nodeMajor);
  const workspace = await realpath(options.workspace);
  const runnerTemp = await realpath(options.runnerTemp ?? (await mkdtemp(join(tmpdir(), 'runner-temp-'))));
  const eventPath = await writeEvent(runnerTemp, options.event ?? {});
  const base = mergeEnvironments(
    standardEnvironment({ workspace, runnerTemp, eventPath, node }),
    options.results?.env ?? {},
    options.env ?? {},
    workflowEnvironment(options.workflowEnv ?? {}),
  );
  const inputs = inputEnvironment(action, options.inputs ?? {}, base);
  const masks = createMasks(options.secrets ?? [], base);
  const { nodeArgs = [], timeoutMs = DEFAULT_TIMEOUT_MS, signal, onStart, onOutput, onLogLine } = options;
  const start = (path: string, env: Script['env'], of: Partial<StepOptions> = {}): Promise<StepRun> => {
    const script = { node, nodeArgs, path, cwd: workspace, env };
    const watchers = { ...of.watchers, timeoutMs };
    return runStep({ ...of, script, runnerTemp, masks, watchers, runScript: options.runScript ?? runScript });
  };
  const watchers = { signal, onStart, onOutput, timeoutMs };
  const main = await start(action.main, { ...base, ...inputs.env }, { warnings: inputs.warnings, watchers, onLogLine });
  const path = [...main.exported.path.toReversed(), base['PATH']].join(delimiter);
  const exported = workflowEnvironment(main.exported.env);
  const env = mergeEnvironments(base, exported, { PATH: path }, inputs.env, stateEnvironment(main.state));
  const post = action.post !== undefined && postRuns(action, main) ? await start(action.post, env) : undefined;
  return { ...main, post, masks: masks.values, runnerTemp };
}

async function writeEvent(runnerTemp: string, event: Readonly<Record<string, unknown>>): Promise<string> {
  const directory = join(runnerTemp, '_github_workflow');
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'event.json');
  await writeFile(path, JSON.stringify(event));
  return path;
}

function createMasks(secrets: readonly string[], env: Environment): Masks {
  const masks = new Masks();
  for (const secret of secrets) masks.addSecret(secret);
  masks.addSecret(env['ACTIONS_RUNTIME_TOKEN'] ?? '');
  return masks;
}

function stateEnvironment(state: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
}

function postRuns(action: ActionFile, main: StepRun): boolean {
  switch (action.postIf.replace(/\s|\$\{\{|\}\}/g, '')) {
    case 'always()':
      return true;
    case 'success()':
      return main.conclusion === 'success';
    case 'failure()':
      return main.conclusion === 'failure';
    case 'cancelled()':
      return main.conclusion === 'cancelled';
    default:
      throw new ToolError('ACTION_FILE_INVALID', `The action's runs.post-if is not supported here: ${action.postIf}`);
  }
}
