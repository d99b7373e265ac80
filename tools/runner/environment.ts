import { arch, homedir, platform } from 'node:os';
import { delimiter, dirname } from 'node:path';
import type { ActionFile } from './action-file.ts';

/** Variables of a process; `undefined` removes one that a lower layer has set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Directories and files for the standard variables. */
interface Places {
  readonly workspace: string;
  readonly runnerTemp: string;
  readonly eventPath: string;
  /** The Node binary that runs the action; its directory comes first on `PATH`. */
  readonly node: string;
}

const SYSTEMS: Readonly<Record<string, string>> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'X64', arm64: 'ARM64', ia32: 'X86', arm: 'ARM' };

const SHA = '0123456789abcdef0123456789abcdef01234567';

/** A push to `main` of an invented repository. */
const PUSH = {
  CI: 'true',
  GITHUB_ACTION: '__self',
  GITHUB_ACTIONS: 'true',
  GITHUB_ACTION_REF: '',
  GITHUB_ACTION_REPOSITORY: '',
  GITHUB_ACTOR: 'octocat',
  GITHUB_ACTOR_ID: '583231',
  GITHUB_API_URL: 'https://api.github.com',
  GITHUB_BASE_REF: '',
  GITHUB_EVENT_NAME: 'push',
  GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
  GITHUB_HEAD_REF: '',
  GITHUB_JOB: 'local',
  GITHUB_REF: 'refs/heads/main',
  GITHUB_REF_NAME: 'main',
  GITHUB_REF_PROTECTED: 'false',
  GITHUB_REF_TYPE: 'branch',
  GITHUB_REPOSITORY: 'octocat/hello-world',
  GITHUB_REPOSITORY_ID: '1296269',
  GITHUB_REPOSITORY_OWNER: 'octocat',
  GITHUB_REPOSITORY_OWNER_ID: '583231',
  GITHUB_RETENTION_DAYS: '90',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_RUN_ID: '1',
  GITHUB_RUN_NUMBER: '1',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_SHA: SHA,
  GITHUB_TRIGGERING_ACTOR: 'octocat',
  GITHUB_WORKFLOW: 'local',
  GITHUB_WORKFLOW_REF: 'octocat/hello-world/.github/workflows/local.yml@refs/heads/main',
  GITHUB_WORKFLOW_SHA: SHA,
  RUNNER_ENVIRONMENT: 'self-hosted',
  RUNNER_NAME: 'local',
};

/**
 * The variables that GitHub's runner gives to every step, for a push to `main` of an invented repository.
 *
 * Of the caller's environment, only `PATH`, `HOME` and, on Windows, the variables that every process needs are passed
 * on.
 */
export function standardEnvironment(places: Places): Record<string, string> {
  return {
    ...inheritedEnvironment(places.node),
    ...PUSH,
    GITHUB_EVENT_PATH: places.eventPath,
    GITHUB_WORKSPACE: places.workspace,
    RUNNER_ARCH: ARCHITECTURES[arch()] ?? arch().toUpperCase(),
    RUNNER_OS: SYSTEMS[platform()] ?? platform(),
    RUNNER_TEMP: places.runnerTemp,
    RUNNER_TOOL_CACHE: places.runnerTemp,
    RUNNER_WORKSPACE: dirname(places.workspace),
  };
}

function inheritedEnvironment(node: string): Record<string, string> {
  const { PATH = '', SystemRoot } = process.env;
  return {
    PATH: `${dirname(node)}${delimiter}${PATH}`,
    HOME: homedir(),
    LANG: 'C.UTF-8',
    ...(SystemRoot === undefined ? {} : { SystemRoot }),
  };
}

/** The `INPUT_*` variables of a step, and the runner's warnings about its inputs. */
interface InputEnvironment {
  readonly env: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/**
 * Turns inputs into `INPUT_*` variables: upper case, blanks to underscores, dashes kept; absent inputs get their
 * defaults.
 *
 * A given empty text overrides a default. As on GitHub, undeclared inputs are passed on with a warning, and missing
 * required ones are ignored. In a default, `${{ context.name }}` becomes the variable `CONTEXT_NAME` of `env`, and is
 * empty when there is none.
 */
export function inputEnvironment(
  action: ActionFile,
  given: Readonly<Record<string, string>>,
  env: Environment,
): InputEnvironment {
  const declared = new Map(Object.entries(action.inputs).map(([name, input]) => [name.toLowerCase(), input]));
  const values: Record<string, string> = {};
  const warnings: string[] = [];
  for (const [name, input] of Object.entries(action.inputs)) {
    values[inputVariable(name)] = evaluateDefault(input.default, env);
  }
  for (const [name, value] of Object.entries(given)) {
    const deprecation = declared.get(name.toLowerCase())?.deprecation;
    if (deprecation !== undefined) warnings.push(`Input '${name}' has been deprecated with message: ${deprecation}`);
    values[inputVariable(name)] = value;
  }
  const unexpected = Object.keys(given).filter((name) => !declared.has(name.toLowerCase()));
  if (unexpected.length > 0) {
    const valid = quote(Object.keys(action.inputs));
    warnings.push(`Unexpected input(s) ${quote(unexpected)}, valid inputs are [${valid}]`);
  }
  return { env: values, warnings };
}

/** Returns the name of an input's variable. */
function inputVariable(name: string): string {
  return `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`;
}

/**
 * Returns the variables that a workflow's `env:`, or an earlier step through `GITHUB_ENV`, can set.
 *
 * The runner always overrides `GITHUB_*`, `RUNNER_*` and its own URLs and tokens.
 */
export function workflowEnvironment(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(?:GITHUB|RUNNER|ACTIONS_(?:RUNTIME|RESULTS|CACHE|ID_TOKEN))_/.test(name),
    ),
  );
}

/** Merges environments; later ones override earlier ones, and `undefined` removes a variable. */
export function mergeEnvironments(...layers: readonly Environment[]): Record<string, string> {
  const merged: Environment = Object.assign({}, ...layers);
  const entries = Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

function evaluateDefault(text: string, env: Environment): string {
  return text.replace(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, path: string) => {
    return env[path.replaceAll('.', '_').toUpperCase()] ?? '';
  });
}

function quote(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
