import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { codeOf } from '../../src/errors.ts';
import { show } from '../../src/files/names.ts';
import { resolvePath } from '../command-line.ts';
import { ToolError } from '../tool-error.ts';

/** Inputs of the action, by name. */
export type Inputs = Readonly<Record<string, string>>;

/** Reads the named inputs of the step or workflow call with this protocol from a workflow file. */
export async function readWorkflowInputs(path: string, protocol: string, names: readonly string[]): Promise<Inputs> {
  const file = resolvePath(path);
  const found = withs(await readYaml(file)).filter((each) => each['protocol'] === protocol);
  const [inputs] = found;
  if (inputs === undefined) throw invalid(`${file} has no step with protocol: ${protocol}.`);
  if (found.length > 1)
    throw invalid(
      `${file} has ${found.length} steps with protocol: ${protocol}.`,
      'Give the inputs of one of them by --with.',
    );
  const named = Object.entries(inputs).filter(([name]) => names.includes(name));
  // The values of secrets and variables are unknown here.
  return Object.fromEntries(named.filter(([, value]) => !value.includes('${{')));
}

async function readYaml(file: string): Promise<unknown> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const reason = codeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new ToolError('ARGUMENT_INVALID', `The workflow ${file} cannot be read (${reason}).`, { cause });
  }
}

/** Lists all objects under `with` in a value, with their string members. */
function withs(value: unknown): readonly Inputs[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => [...(name === 'with' ? [textsOf(each)] : []), ...withs(each)]);
}

function textsOf(value: unknown): Inputs {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Throws for an input that the service does not use. */
export function refuseForeign(given: Inputs, names: readonly string[]): void {
  const [foreign] = Object.keys(given).filter((name) => !names.includes(name));
  if (foreign !== undefined) throw invalid(`--with ${show(foreign)} means nothing here; give ${names.join(', ')}.`);
}

/** Reads an input that takes one of several words; `undefined` when it is not given. */
export function readChoice<Choice extends string>(
  name: string,
  given: Inputs,
  choices: readonly Choice[],
): Choice | undefined {
  const text = given[name];
  if (text === undefined) return undefined;
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw invalid(`The input ${name} must be one of ${choices.join(', ')}.`);
  return choice;
}

/** Builds the error for an invalid input. */
export function invalid(sentence: string, hint?: string): ToolError {
  return new ToolError('ARGUMENT_INVALID', sentence, hint === undefined ? {} : { hint });
}
