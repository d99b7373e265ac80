import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ActionFile, readActionFile } from '../../tools/runner/action-file.ts';
import { inputEnvironment, standardEnvironment } from '../../tools/runner/environment.ts';
import { createFileCommands, fileCommandEnvironment } from '../../tools/runner/file-commands.ts';
import { prepareCurl } from './curl.ts';
import type { Command } from './measure.ts';
import { type Service, SIGN_PATH, SIGNATURE } from './service.ts';
import { type Tree, takeSignatures } from './tree.ts';
import type { ClientName } from './workloads.ts';

/** What all clients are given. */
export interface Task {
  readonly tree: Tree;
  readonly serverUrl: string;
  readonly client: Service['client'];
  /** Python with aiohttp. */
  readonly python: string;
  /** Only for what the client itself needs; removed with everything else. */
  readonly directory: string;
}

/** A client that is ready to sign the files of its task, as often as is asked. */
export interface Prepared {
  /** Makes the command of one run. */
  command(): Promise<Command>;
  /** Throws unless the run brought every signature, and removes them. */
  collect(): void;
}

/** Does whatever is not to be measured. */
export type Client = (task: Task) => Promise<Prepared>;

const APP = { key: 'bench', secret: 'bench-secret-0123456789' };
/** The root of this repository, where `action.yml` is. */
export const REPOSITORY = join(import.meta.dirname, '..', '..');

/** Lists the clients that there are: HTTP/2 when the action has it, another build when its directory is given. */
export async function listClients(otherBuild: string | undefined): Promise<Partial<Record<ClientName, Client>>> {
  const action = await readActionFile(REPOSITORY);
  const other = otherBuild === undefined ? undefined : await readActionFile(otherBuild);
  return {
    action: (task) => prepareAction(action, task),
    ...('http2' in action.inputs
      ? { 'action-http2': (task: Task) => prepareAction(action, task, { inputs: { http2: 'true' } }) }
      : {}),
    ...(other ? { 'other-build': (task: Task) => prepareAction(other, task) } : {}),
    'all-at-once': (task) => preparePythonClient(task, 'all at once'),
    'one-at-a-time': (task) => preparePythonClient(task, 'one by one'),
    curl: prepareCurl,
  };
}

/** What differs from the ordinary run of the action. */
export interface Difference {
  readonly inputs: Readonly<Record<string, string>>;
  /** Variables of the job. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Prepares this build of the action, or another one. */
export async function prepareAction(
  action: ActionFile,
  task: Task,
  { inputs: more, env }: Difference = { inputs: {} },
): Promise<Prepared> {
  const { cert, key, chain } = task.client;
  const inputs = {
    files: 'dist/**',
    'server-url': task.serverUrl,
    cert: await readFile(cert, 'utf8'),
    key: await readFile(key, 'utf8'),
    chain: await readFile(chain, 'utf8'),
    'app-key': APP.key,
    'app-secret': APP.secret,
    upload: 'false',
    ...more,
  };
  return {
    command: () => actionCommand(action, { ...task, inputs, env }),
    collect: () => takeSignatures(task.tree, SIGNATURE),
  };
}

/** Makes the command that runs the committed bundle as the runner does. */
export async function actionCommand(
  action: ActionFile,
  {
    tree,
    directory,
    inputs,
    env = {},
  }: Pick<Task, 'directory'> & {
    readonly tree: Pick<Tree, 'workspace'>;
    readonly inputs: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>> | undefined;
  },
): Promise<Command> {
  const node = process.execPath;
  const runnerTemp = await mkdtemp(join(directory, 'runner-temp-'));
  const eventPath = join(runnerTemp, 'event.json');
  await writeFile(eventPath, '{}');
  const base = standardEnvironment({ workspace: tree.workspace, runnerTemp, eventPath, node });
  const given = inputEnvironment(action, inputs, base);
  if (given.warnings.length > 0) throw new Error(given.warnings.join('\n'));
  const files = await createFileCommands(runnerTemp);
  return {
    command: [node, action.main],
    cwd: tree.workspace,
    env: { ...base, ...fileCommandEnvironment(files), ...given.env, ...env },
  };
}

async function preparePythonClient(task: Task, order: 'all at once' | 'one by one'): Promise<Prepared> {
  const { tree, client, python, directory, serverUrl } = task;
  const path = join(directory, 'settings.json');
  const settings = {
    ...client,
    url: serverUrl + SIGN_PATH,
    signPath: SIGN_PATH,
    appKey: APP.key,
    appSecret: APP.secret,
    directory: tree.directory,
    oneByOne: order === 'one by one',
  };
  await writeFile(path, JSON.stringify(settings));
  const command = [python, join(import.meta.dirname, 'all-at-once.py'), path];
  return {
    command: async () => ({ command, cwd: directory, env: { PATH: dirname(python), LANG: 'C.UTF-8' } }),
    collect: () => takeSignatures(tree, SIGNATURE),
  };
}
