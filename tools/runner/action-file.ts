import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { codeOf } from '../../src/errors.ts';
import { isRecord } from '../json.ts';
import { ToolError } from '../tool-error.ts';

interface ActionInput {
  /** The default as written, including expressions; empty without one. */
  readonly default: string;
  /** Message for a workflow that still sets the input. */
  readonly deprecation: string | undefined;
}

/** What a JavaScript action declares in its `action.yml`. */
export interface ActionFile {
  readonly name: string;
  readonly inputs: Readonly<Record<string, ActionInput>>;
  readonly outputs: readonly string[];
  /** Absolute path of the script. */
  readonly main: string;
  readonly post: string | undefined;
  /** When the post step runs: one of the four status functions; `always()` by default. */
  readonly postIf: string;
  /** The major version in `runs.using`: 24 for `node24`. */
  readonly nodeMajor: number;
}

/** What was made of a text: a program that runs an action often reads its file each time, and parses it once. */
const parsed = new Map<string, unknown>();

/** Reads `action.yml` or `action.yaml` of a JavaScript action. Throws `ACTION_FILE_INVALID` for any other. */
export async function readActionFile(directory: string): Promise<ActionFile> {
  const yaml = await readEither(directory);
  const document = parsed.get(yaml) ?? parse(yaml);
  parsed.set(yaml, document);
  if (!isRecord(document) || !isRecord(document['runs'])) throw invalid(directory, 'it has no runs section');
  const { runs } = document;
  const using = /^node(\d+)$/.exec(text(runs['using']));
  if (using === null) throw invalid(directory, `runs.using is '${text(runs['using'])}', not a version of Node`);
  if (typeof runs['main'] !== 'string') throw invalid(directory, 'it has no runs.main');
  if (runs['pre'] !== undefined) throw invalid(directory, 'runs.pre is not supported here');
  return {
    name: text(document['name']),
    inputs: readInputs(document['inputs']),
    outputs: isRecord(document['outputs']) ? Object.keys(document['outputs']) : [],
    main: join(directory, runs['main']),
    post: typeof runs['post'] === 'string' ? join(directory, runs['post']) : undefined,
    postIf: text(runs['post-if']) || 'always()',
    nodeMajor: Number(using[1]),
  };
}

async function readEither(directory: string): Promise<string> {
  for (const name of ['action.yml', 'action.yaml']) {
    try {
      return await readFile(join(directory, name), 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  throw invalid(directory, 'there is none');
}

function readInputs(section: unknown): Record<string, ActionInput> {
  const inputs: Record<string, ActionInput> = {};
  if (!isRecord(section)) return inputs;
  for (const [name, input] of Object.entries(section)) {
    const facts = isRecord(input) ? input : {};
    const deprecation = text(facts['deprecationMessage']);
    inputs[name] = { default: text(facts['default']), deprecation: deprecation === '' ? undefined : deprecation };
  }
  return inputs;
}

/** YAML reads `default: true` as a boolean and `8` as a number; the runner passes both on as text. */
function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function invalid(directory: string, reason: string): ToolError {
  return new ToolError('ACTION_FILE_INVALID', `The action file in ${directory} cannot be run: ${reason}`);
}
