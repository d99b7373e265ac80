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

/** What to run, on what, and with what around it. */
export interface ActionOptions {
  /** Where `action.yml` is. */
  readonly actionDirectory: string;
  /** What a workflow has under `with:`. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** The checkout; also the working directory. */
  readonly workspace: string;
  /** `RUNNER_TEMP`; a fresh directory when absent. Either way it stays, and belongs to the caller. */
  readonly runnerTemp?: string;
  /** What `GITHUB_EVENT_PATH` holds. */
  readonly event?: Readonly<Record<string, unknown>>;
  /** What the runner itself sets over the standard variables, such as `GITHUB_EVENT_NAME` or `RUNNER_DEBUG`; `undefined` takes one away. */
  readonly env?: Environment;
  /** What a workflow has under `env:`. */
  readonly workflowEnv?: Readonly<Record<string, string>>;
  /** A results service that takes artifacts; without one the action has no such variables, as outside a job. */
  readonly results?: { readonly env: Readonly<Record<string, string>> };
  /** Secrets of the repository: masked before anything runs. */
  readonly secrets?: readonly string[];
  /** Arguments of Node ahead of the script. */
  readonly nodeArgs?: readonly string[];
  /** Presses the cancel button of the main step. The post step runs all the same. */
  readonly signal?: AbortSignal;
  /** The main step's process, for signals at chosen moments. */
  readonly onStart?: (child: StepProcess) => void;
  /** The main step's bytes as they arrive. */
  readonly onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
  /** Gets each line of the main step's log as it comes, masked. */
  readonly onLogLine?: (line: string) => void;
  /** Most time for each step, 120 seconds when absent; then the call rejects. */
  readonly timeoutMs?: number;
  /** Runs a script in another way than as a process of its own. */
  readonly runScript?: RunScript;
}

/** A whole run of an action: its main step, with its post step below. */
export interface ActionRun extends StepRun {
  /** `undefined` when the action has none, or its `post-if` said no. */
  readonly post: StepRun | undefined;
  /** Every masked value, in clear. */
  readonly masks: readonly string[];
  readonly runnerTemp: string;
}

const DEFAULT_TIMEOUT_MS = 120_000;

/**
 * Runs a JavaScript action as GitHub's runner does: main, then post with the state that main left, however main ended.
 *
 * Rejects with an `ToolError` when the action cannot be started or does not end: `ACTION_FILE_INVALID`, `NODE_TOO_OLD`, `STEP_TIMED_OUT`.
 *
 * @example
 * const run = await runAction({ actionDirectory: '.', workspace: '/some/checkout', inputs: { name: 'Mona' } });
 * console.log(run.log, run.exitCode, run.outputs);
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
