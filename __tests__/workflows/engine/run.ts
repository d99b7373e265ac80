import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../../tools/json.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { applies, type Contexts, fill, fillAll } from './expression.ts';
import type { Hub, Settings } from './hub.ts';
import { runStep, type StepResult } from './step.ts';
import { type Job, type Mapping, readWorkflow, type Step } from './workflow-file.ts';

/** What a job came to; that of a matrix, what all of its jobs came to. */
interface JobResult {
  readonly result: 'success' | 'failure' | 'skipped';
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: readonly StepResult[];
  /** The single jobs of a matrix, in its order. */
  readonly matrix?: readonly JobResult[];
  /** The workflow that the job called. */
  readonly called?: WorkflowResult;
}

/** What a workflow came to. */
export interface WorkflowResult {
  readonly result: 'success' | 'failure';
  readonly outputs: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, JobResult>>;
  /** All logs, for the message of an assertion. */
  readonly log: string;
}

/** How a workflow is started. */
export interface Start {
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** What a caller passes on by name; without a caller the secrets of the repository count. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Jobs that are done already, with their outputs. */
  readonly done?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The attempt before, when its failed jobs, and those behind them, are run again. */
  readonly before?: WorkflowResult;
  /** Is told of each job before it starts. */
  readonly onJob?: (id: string) => void | Promise<void>;
}

const REUSABLE = /^(?:your-org\/mtls-release-signing|\$)\/(\.github\/workflows\/[\w-]+\.yml)(?:@\S+)?$/;
/** The runners of the organisation. */
const MOST_JOBS = 3;

/** What a job runs in. */
interface Frame {
  readonly hub: Hub;
  readonly contexts: Contexts;
  /** Names of the secrets that a caller passes; `undefined` when nobody calls. */
  readonly passed: readonly string[] | undefined;
  /** What the job came to in the attempt before. */
  readonly before: JobResult | undefined;
}

/** Runs a workflow file, its jobs in the order of the file, those of a matrix side by side. */
export async function runWorkflow(hub: Hub, path: string, start: Start = {}): Promise<WorkflowResult> {
  const workflow = readWorkflow(path);
  const defaults = Object.entries(workflow.inputs).map(([name, input]) => [name, input['default'] ?? '']);
  const base = {
    github: hub.github,
    inputs: { ...Object.fromEntries(defaults), ...start.inputs },
    vars: hub.settings.vars ?? {},
    secrets: start.secrets ?? hub.settings.secrets ?? {},
  };
  const jobs: Record<string, JobResult> = {};
  for (const [id, outputs] of Object.entries(start.done ?? {})) jobs[id] = { result: 'success', outputs, steps: [] };
  const kept = keptJobs(workflow.jobs, start.before);
  for (const job of workflow.jobs.filter(({ id }) => jobs[id] === undefined)) {
    const before = start.before?.jobs[job.id];
    if (before === undefined || !kept.has(job.id)) await start.onJob?.(job.id);
    const contexts = { ...base, needs: pick(jobs, job.needs) };
    const passed = start.secrets === undefined ? undefined : Object.keys(start.secrets);
    jobs[job.id] = before && kept.has(job.id) ? before : await runJob(job, { hub, contexts, passed, before });
  }
  const failed = Object.values(jobs).some(({ result }) => result === 'failure');
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  return {
    result: failed ? 'failure' : 'success',
    outputs: fillAll(workflow.outputs, { ...base, jobs }),
    jobs,
    log: steps.map(({ name, outcome, log }) => `=== ${name}: ${outcome}\n${log}`).join('\n'),
  };
}

/** Names the jobs that "Re-run failed jobs" leaves alone: those that were green and need no other. */
function keptJobs(jobs: readonly Job[], before: WorkflowResult | undefined): ReadonlySet<string> {
  const kept = new Set<string>();
  for (const { id, needs } of jobs) {
    if (before?.jobs[id]?.result === 'success' && needs.every((need) => kept.has(need))) kept.add(id);
  }
  return kept;
}

async function runJob(job: Job, frame: Frame): Promise<JobResult> {
  const { contexts, before } = frame;
  const needs = Object.values(isRecord(contexts['needs']) ? contexts['needs'] : {});
  const failed = needs.some((need) => isRecord(need) && need['result'] !== 'success');
  if (!applies(job.if, contexts, failed)) return { result: 'skipped', outputs: {}, steps: [] };
  if (job.uses !== undefined) return callWorkflow(job, frame);
  const combinations = toCombinations(job.matrix, contexts);
  const matrix: JobResult[] = [];
  for (let at = 0; at < combinations.length; at += MOST_JOBS) {
    const batch = combinations.slice(at, at + MOST_JOBS).map((combination, index) => {
      const earlier = before?.matrix?.[at + index];
      if (earlier?.result === 'success') return Promise.resolve(earlier);
      return runSteps(job, { ...frame, contexts: { ...contexts, matrix: combination } });
    });
    matrix.push(...(await Promise.all(batch)));
  }
  return {
    result: matrix.every(({ result }) => result === 'success') ? 'success' : 'failure',
    outputs: Object.assign({}, ...matrix.map(({ outputs }) => filled(outputs))),
    steps: matrix.flatMap(({ steps }) => steps),
    matrix,
  };
}

/** Of the outputs of a matrix, the last text counts that is not empty. */
function filled(outputs: JobResult['outputs']): JobResult['outputs'] {
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== ''));
}

async function callWorkflow(job: Job, { hub, contexts, before }: Frame): Promise<JobResult> {
  const [, path] = REUSABLE.exec(job.uses ?? '') ?? [];
  if (path === undefined) throw new Error(`nothing stands in for ${job.uses}`);
  const inputs = Object.fromEntries(Object.entries(job.with).map(([name, value]) => [name, fill(value, contexts)]));
  const start = { inputs, secrets: fillAll(job.secrets, contexts), ...(before?.called && { before: before.called }) };
  const called = await runWorkflow(hub, join(ACTION_DIRECTORY, path), start);
  const { result, outputs, jobs } = called;
  return { result, outputs, steps: Object.values(jobs).flatMap((one) => one.steps), called };
}

/** Runs the steps of one job on a machine that is new. */
async function runSteps(job: Job, frame: Frame): Promise<JobResult> {
  const { hub, contexts } = frame;
  const machine = await mkdtemp(join(hub.directory, 'machine-'));
  const [workspace, temporary] = [join(machine, 'workspace'), join(machine, 'temporary')];
  await Promise.all([mkdir(workspace), mkdir(temporary)]);
  const known: Contexts = { ...contexts, ...settingsOf(job, frame), runner: { temp: temporary, os: 'Linux' } };
  const env = fillAll(job.env, known);
  const steps: StepResult[] = [];
  const byId: Record<string, { outputs: StepResult['outputs']; outcome: string }> = {};
  for (const step of job.steps) {
    const result = await runOrSkip(step, steps, {
      hub,
      workspace,
      temporary,
      env,
      contexts: { ...known, steps: byId },
    });
    steps.push(result);
    if (step.id !== undefined) byId[step.id] = { outputs: result.outputs, outcome: result.outcome };
  }
  const result = hasFailed(steps) ? 'failure' : 'success';
  return { result, outputs: fillAll(job.outputs, { ...known, steps: byId }), steps };
}

function runOrSkip(
  step: Step,
  before: readonly StepResult[],
  place: Parameters<typeof runStep>[1],
): Promise<StepResult> {
  if (applies(step.if, place.contexts, hasFailed(before))) return runStep(step, place);
  return Promise.resolve({ name: step.name, outcome: 'skipped', outputs: {}, log: '' });
}

function hasFailed(steps: readonly StepResult[]): boolean {
  return steps.some(({ outcome, isForgiven }) => outcome === 'failure' && isForgiven !== true);
}

/**
 * An environment's secrets and variables come before those that a caller or the repository has. In a called workflow its
 * secrets reach the job only under names that the caller passes: the environment gives the value, the caller the permission.
 */
function settingsOf({ environment }: Job, { hub, contexts, passed }: Frame): Contexts {
  const name = fill(isRecord(environment) ? environment['name'] : environment, contexts);
  if (typeof name !== 'string' || name === '') return {};
  hub.asked.push(name);
  const { secrets = {}, vars = {} }: Settings = hub.environments[name] ?? {};
  const known = (context: string): object => (isRecord(contexts[context]) ? contexts[context] : {});
  const visible = Object.entries(secrets).filter(([secret]) => passed?.includes(secret) ?? true);
  return { secrets: { ...known('secrets'), ...Object.fromEntries(visible) }, vars: { ...known('vars'), ...vars } };
}

function toCombinations(matrix: Mapping, contexts: Contexts): Record<string, unknown>[] {
  let combinations: Record<string, unknown>[] = [{}];
  for (const [name, raw] of Object.entries(matrix)) {
    const values = fill(raw, contexts);
    if (!Array.isArray(values)) throw new Error(`matrix ${name} is no list`);
    combinations = combinations.flatMap((one) => values.map((value: unknown) => ({ ...one, [name]: value })));
  }
  return combinations;
}

function pick(jobs: Readonly<Record<string, JobResult>>, names: readonly string[]): Record<string, object> {
  const known = names.flatMap((name) => (jobs[name] ? [[name, jobs[name]] as const] : []));
  return Object.fromEntries(known.map(([name, { result, outputs }]) => [name, { result, outputs }]));
}
