import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readActionFile } from '../../../tools/runner/action-file.ts';
import { inputEnvironment, mergeEnvironments, standardEnvironment } from '../../../tools/runner/environment.ts';
import {
  createFileCommands,
  fileCommandEnvironment,
  parseFileCommand,
  readFileCommands,
} from '../../../tools/runner/file-commands.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { type Drive, makeDrive, startNode, toWindows, type WindowsExit, type WindowsProcess } from './wine.ts';

/** What a step under Windows' Node came to. */
interface StepResult extends WindowsExit {
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** A step that runs. */
interface RunningStep extends Pick<WindowsProcess, 'child' | 'readLog'> {
  readonly result: Promise<StepResult>;
}

/** A job of a Windows runner: a workspace and RUNNER_TEMP on drive D:, and steps that run the committed bundle. */
export interface Job {
  readonly workspace: string;
  readonly runnerTemp: string;
  readonly drive: Drive;
  start(inputs: Readonly<Record<string, string>>, env?: Readonly<Record<string, string>>): Promise<RunningStep>;
  run(inputs: Readonly<Record<string, string>>, env?: Readonly<Record<string, string>>): Promise<StepResult>;
  /** Runs the post step with the state of a main step. */
  post(state: Readonly<Record<string, string>>): Promise<StepResult>;
  /** Lists all files of the workspace, sorted. */
  list(): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Prepares a job whose workspace holds these files. */
export async function createJob(files: Readonly<Record<string, string>>): Promise<Job> {
  const drive = await makeDrive();
  const [workspace, runnerTemp] = [join(drive.directory, 'a/repo/repo'), join(drive.directory, 'a/_temp')];
  for (const path of [workspace, runnerTemp]) await mkdir(path, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, name)), { recursive: true });
    await writeFile(join(workspace, name), content);
  }

  async function start(script: string, env: Readonly<Record<string, string>>): Promise<RunningStep> {
    const places = {
      workspace: toWindows(workspace),
      runnerTemp: toWindows(runnerTemp),
      eventPath: toWindows(join(runnerTemp, 'event.json')),
      node: '/usr/bin/node',
    };
    await writeFile(join(runnerTemp, 'event.json'), '{}');
    const commands = await createFileCommands(runnerTemp);
    const step = await startNode([toWindows(join(ACTION_DIRECTORY, script))], {
      cwd: workspace,
      outputs: drive.directory,
      env: mergeEnvironments(
        standardEnvironment(places),
        { RUNNER_OS: 'Windows', GITHUB_WORKSPACE: places.workspace },
        Object.fromEntries(
          Object.entries(fileCommandEnvironment(commands)).map(([name, path]) => [name, toWindows(path)]),
        ),
        env,
      ),
    });
    const result = step.exit.then(async (exit): Promise<StepResult> => {
      const texts = await readFileCommands(commands);
      const parse = (kind: 'output' | 'state') => Object.fromEntries(parseFileCommand(texts[kind], 'win32'));
      return { ...exit, outputs: parse('output'), state: parse('state'), summary: texts.summary };
    });
    return { ...step, result };
  }

  const startMain: Job['start'] = async (inputs, env = {}) => {
    const action = await readActionFile(ACTION_DIRECTORY);
    return start('dist/index.js', { ...inputEnvironment(action, inputs, {}).env, ...env });
  };

  return {
    workspace,
    runnerTemp,
    drive,
    start: startMain,
    run: async (inputs, env) => (await startMain(inputs, env)).result,
    async post(state) {
      const env = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
      return (await start('dist/post/index.js', env)).result;
    },
    async list() {
      const entries = await readdir(workspace, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(workspace.length + 1))
        .sort();
    },
    [Symbol.asyncDispose]: () => drive[Symbol.asyncDispose](),
  };
}

/** Waits until a text of a file, or of the output of a step, says something. */
export async function waitFor(read: () => Promise<boolean>, what: string): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; ) {
    if (await read()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Nothing came of ${what} within a minute`);
}

/** Tells whether a file is there. */
export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
