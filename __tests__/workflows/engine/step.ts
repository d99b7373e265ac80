import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createFileCommands,
  fileCommandEnvironment,
  parseFileCommand,
  readFileCommands,
} from '../../../tools/runner/file-commands.ts';
import { runAction } from '../../../tools/runner/runner.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { type Contexts, fillAll } from './expression.ts';
import type { Hub } from './hub.ts';
import { readComposite, type Step } from './workflow-file.ts';

/** What a step came to. */
export interface StepResult {
  readonly name: string;
  readonly outcome: 'success' | 'failure' | 'skipped';
  readonly outputs: Readonly<Record<string, string>>;
  readonly log: string;
  readonly summary?: string;
  /** A failure that does not count, by `continue-on-error`. */
  readonly isForgiven?: boolean;
}

/** Where a step runs. */
interface Place {
  readonly hub: Hub;
  readonly workspace: string;
  readonly temporary: string;
  /** Variables of the job. */
  readonly env: Readonly<Record<string, string>>;
  readonly contexts: Contexts;
}

/** The names by which workflows call this action. */
const OWN_COMPOSITE = /^\$\/(\.github\/actions\/[\w-]+)$/;
const THIS_ACTION = /^(\$\/|\.\/|your-org\/mtls-release-signing@\S+)$/;

/** Runs one step as a runner would: scripts with bash, this action from its bundle, those for artifacts against the hub. */
export async function runStep(step: Step, place: Place): Promise<StepResult> {
  const result = await perform(step, place);
  return step.continuesOnError ? { ...result, isForgiven: true } : result;
}

async function perform(step: Step, place: Place): Promise<StepResult> {
  const env = fillAll(step.env, place.contexts);
  if (step.run !== undefined) return runScript(step, place, env);
  const inputs = fillAll(step.with, place.contexts);
  const [, composite] = OWN_COMPOSITE.exec(step.uses ?? '') ?? [];
  if (composite !== undefined) return runComposite(step, place, join(ACTION_DIRECTORY, composite));
  if (THIS_ACTION.test(step.uses ?? '')) return runThisAction(step, place, inputs);
  try {
    const outputs = await runKnownAction(step, place, inputs);
    return { name: step.name, outcome: 'success', outputs, log: '' };
  } catch (error) {
    return { name: step.name, outcome: 'failure', outputs: {}, log: String(error) };
  }
}

/** Runs the scripts of a composite action in the workspace of the job. */
async function runComposite(step: Step, place: Place, directory: string): Promise<StepResult> {
  const action = readComposite(join(directory, 'action.yml'));
  const inputs = { ...fillAll(action.defaults, place.contexts), ...fillAll(step.with, place.contexts) };
  const steps: Record<string, StepResult> = {};
  for (const inner of action.steps) {
    const env = { GITHUB_ACTION_PATH: directory, ...fillAll(inner.env, { ...place.contexts, inputs }) };
    const result = await runScript(inner, place, env);
    steps[inner.id ?? inner.name] = result;
    if (result.outcome === 'failure') break;
  }
  const results = Object.values(steps);
  return {
    name: step.name,
    outcome: results.some(({ outcome }) => outcome === 'failure') ? 'failure' : 'success',
    outputs: fillAll(action.outputs, { ...place.contexts, inputs, steps }),
    log: results.map(({ log }) => log).join(''),
    summary: results.map(({ summary = '' }) => summary).join(''),
  };
}

async function runThisAction(step: Step, place: Place, given: Readonly<Record<string, string>>): Promise<StepResult> {
  const { hub, workspace, temporary } = place;
  // What stands in for a service has an address and a certificate of its own, which no file can know.
  const inputs = given['mode'] === 'rehearse' || given['mode'] === 'verify' ? given : { ...given, ...hub.service };
  const run = await runAction({
    actionDirectory: ACTION_DIRECTORY,
    workspace,
    runnerTemp: temporary,
    inputs,
    results: hub.results,
    event: hub.event,
    env: hub.env,
    workflowEnv: place.env,
  });
  const { outputs, log, summary } = run;
  hub.runs.push({ inputs, outputs });
  return { name: step.name, outcome: run.conclusion === 'success' ? 'success' : 'failure', outputs, log, summary };
}

async function runKnownAction(
  step: Step,
  { hub, workspace }: Place,
  inputs: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const [action] = (step.uses ?? '').split('@');
  switch (action) {
    case 'actions/download-artifact':
      return hub.artifacts.download(inputs, workspace);
    case 'actions/upload-artifact':
      return hub.artifacts.upload(inputs, workspace);
    case 'actions/checkout':
      await cp(hub.repository, workspace, { recursive: true });
      return {};
    case 'actions/setup-node':
      return {};
    case 'actions/attest':
      hub.attested.push(inputs);
      return {};
    default:
      throw new Error(`nothing stands in for ${step.uses}`);
  }
}

async function runScript(step: Step, place: Place, env: Readonly<Record<string, string>>): Promise<StepResult> {
  const { hub, workspace, temporary } = place;
  const files = await createFileCommands(temporary);
  const { PATH = '' } = process.env;
  const whole = {
    PATH: `${hub.path}:${PATH}`,
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: temporary,
    ...fileCommandEnvironment(files),
    ...hub.env,
    ...place.env,
    ...env,
  };
  // The flags are those of a runner for `shell: bash`.
  const args = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run ?? ''];
  const { failed, log } = await new Promise<{ failed: boolean; log: string }>((resolve) => {
    execFile('bash', args, { cwd: workspace, env: whole }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, log: stdout + stderr }),
    );
  });
  const { output, summary } = await readFileCommands(files);
  const outputs = Object.fromEntries(parseFileCommand(output));
  return { name: step.name, outcome: failed ? 'failure' : 'success', outputs, log, summary };
}
