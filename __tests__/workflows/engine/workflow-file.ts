import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { isRecord } from '../../../tools/json.ts';

/** A mapping of a workflow, its values as they stand. */
export type Mapping = Readonly<Record<string, unknown>>;

/** A step as it stands. */
export interface Step {
  readonly id: string | undefined;
  readonly name: string;
  readonly uses: string | undefined;
  readonly run: string | undefined;
  readonly if: unknown;
  readonly with: Mapping;
  readonly env: Mapping;
  /** Whether the job goes on, and stays green, when the step fails. */
  readonly continuesOnError: boolean;
}

/** A composite action as it stands. */
interface CompositeAction {
  /** Defaults of its inputs. */
  readonly defaults: Mapping;
  readonly outputs: Mapping;
  readonly steps: readonly Step[];
}

/** A job as it stands; one with `uses` calls another workflow and has no steps. */
export interface Job {
  readonly id: string;
  readonly needs: readonly string[];
  readonly if: unknown;
  readonly uses: string | undefined;
  readonly with: Mapping;
  readonly secrets: Mapping;
  readonly environment: unknown;
  readonly env: Mapping;
  readonly permissions: unknown;
  readonly matrix: Mapping;
  readonly outputs: Mapping;
  readonly steps: readonly Step[];
}

/** A workflow as it stands. */
export interface WorkflowFile {
  readonly jobs: readonly Job[];
  readonly permissions: unknown;
  /** Of `workflow_call`, when it can be called. */
  readonly inputs: Readonly<Record<string, Mapping>>;
  readonly secrets: readonly string[];
  readonly outputs: Mapping;
}

/** Reads a workflow file. */
export function readWorkflow(path: string): WorkflowFile {
  return toWorkflow(parse(readFileSync(path, 'utf8')));
}

/** Reads the file of a composite action. */
export function readComposite(path: string): CompositeAction {
  const action = mapping(parse(readFileSync(path, 'utf8')));
  const members = (name: string, member: string): Mapping =>
    Object.fromEntries(Object.entries(mapping(action[name])).map(([key, one]) => [key, mapping(one)[member]]));
  return {
    defaults: members('inputs', 'default'),
    outputs: members('outputs', 'value'),
    steps: toSteps(mapping(action['runs'])['steps']),
  };
}

/** Looks at a parsed workflow. */
export function toWorkflow(document: unknown): WorkflowFile {
  const root = mapping(document);
  const call = mapping(mapping(root['on'])['workflow_call']);
  const outputs = Object.entries(mapping(call['outputs'])).map(([name, one]) => [name, mapping(one)['value']]);
  return {
    permissions: root['permissions'],
    jobs: Object.entries(mapping(root['jobs'])).map(([id, job]) => toJob(id, mapping(job))),
    inputs: Object.fromEntries(Object.entries(mapping(call['inputs'])).map(([name, one]) => [name, mapping(one)])),
    secrets: Object.keys(mapping(call['secrets'])),
    outputs: Object.fromEntries(outputs),
  };
}

function toJob(id: string, job: Mapping): Job {
  const { needs } = job;
  return {
    id,
    needs: (Array.isArray(needs) ? needs : needs === undefined ? [] : [needs]).map(String),
    if: job['if'],
    uses: text(job['uses']),
    with: mapping(job['with']),
    secrets: mapping(job['secrets']),
    environment: job['environment'],
    env: mapping(job['env']),
    permissions: job['permissions'],
    matrix: mapping(mapping(job['strategy'])['matrix']),
    outputs: mapping(job['outputs']),
    steps: toSteps(job['steps']),
  };
}

function toSteps(steps: unknown): Step[] {
  return Array.isArray(steps) ? steps.map((step) => toStep(mapping(step))) : [];
}

function toStep(step: Mapping): Step {
  const [uses, run] = [text(step['uses']), text(step['run'])];
  return {
    id: text(step['id']),
    name: text(step['name']) ?? uses ?? run ?? '',
    uses,
    run,
    if: step['if'],
    with: mapping(step['with']),
    env: mapping(step['env']),
    continuesOnError: step['continue-on-error'] === true,
  };
}

function mapping(value: unknown): Mapping {
  return isRecord(value) ? value : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
