import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type ResultsService, startResultsService } from '../../../tools/results/results-service.ts';
import { readDocument, shellBlocksOf } from '../../docs/document.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { type Service, startService } from '../../rehearsal/faulty-service.ts';

/** What a run of `act` came to. */
interface ActRun {
  readonly exitCode: number;
  /** Its log, with the lines of all steps. */
  readonly log: string;
}

/** A repository with a release, a service that signs it, and `act` to run its workflows on this machine, without containers. */
interface ActWorld {
  readonly repository: string;
  readonly service: Service;
  readonly results: ResultsService;
  /** Runs a workflow on an event, with what the service handed out stored as secrets and variables. */
  run(event: string, workflow: string, artifactService?: Readonly<Record<string, string>>): Promise<ActRun>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Actions of other repositories cannot be had everywhere; this one does nothing in the place of the real one. */
const DOWNLOAD = 'actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c';
const STAND_IN = 'name: stand-in\nruns: { using: composite, steps: [] }\n';

/** The reason why `act` cannot be run here, or `undefined`. */
export const NO_ACT = spawnSync('act', ['--version']).status === 0 ? undefined : 'act is not on the path';

/** Makes a repository with `release/app.bin` and a `build.sh`; dispose of it afterwards. */
export async function createActWorld(): Promise<ActWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'act-'));
  const [repository, action] = [join(directory, 'repository'), join(directory, 'action')];
  await Promise.all([
    put(join(repository, 'release/app.bin'), 'the application'),
    put(
      join(repository, 'build.sh'),
      '#!/bin/sh\nmkdir -p dist/lib && echo app > dist/app.bin && echo core > dist/lib/core.so\n',
      0o755,
    ),
    put(join(directory, 'commands/gh'), '#!/bin/sh\necho "gh was called: $*"\n', 0o755),
    put(join(action, 'action.yml'), await readFile(join(ACTION_DIRECTORY, 'action.yml'), 'utf8')),
    cp(
      join(ACTION_DIRECTORY, '.github/workflows/sign-release.yml'),
      join(action, '.github/workflows/sign-release.yml'),
    ),
    cp(join(ACTION_DIRECTORY, 'dist'), join(action, 'dist'), { recursive: true }),
  ]);
  const service = await startService();
  const results = await startResultsService();
  await store(directory, service);
  await put(join(directory, 'download/action.yml'), STAND_IN);
  return {
    repository,
    service,
    results,
    async run(event, workflow, artifactService = results.env) {
      await put(
        join(repository, '.github/workflows/workflow.yml'),
        workflow.replaceAll('https://sign.example.com', service.url),
      );
      commitAll(repository);
      return act(directory, event, artifactService);
    },
    async [Symbol.asyncDispose]() {
      await results.close();
      await service.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function put(path: string, content: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode });
}

function commitAll(repository: string): void {
  const git = (...args: string[]) =>
    spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: repository });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'release');
  git('tag', '-f', 'v1.2.3');
}

/** Writes values as a file of variables of the environment, as `act` reads secrets and variables. */
function asVariables(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${value.replaceAll('\n', '\\n')}"\n`)
    .join('');
}

/** Stores what the service handed out under the names of the examples. */
async function store(directory: string, { credentials }: Service): Promise<void> {
  const { appKey, appSecret, cert, key, chain, verifyKeyPem } = credentials;
  await put(join(directory, 'secrets.env'), asVariables({ SIGNING_APP_SECRET: appSecret, SIGNING_KEY: key }));
  await put(
    join(directory, 'variables.env'),
    asVariables({
      SIGNING_APP_KEY: appKey,
      SIGNING_CERT: cert,
      SIGNING_CHAIN: chain,
      SIGNING_PUBLIC_KEY: verifyKeyPem,
    }),
  );
}

/** Returns the arguments that docs/runners.md gives `act`, for the files of this world; the event comes first. */
function documentedArguments(directory: string): string[] {
  const [block = ''] = shellBlocksOf(readDocument('docs/runners.md'), 'act');
  const command = /^act (push .*)$/m.exec(block.replaceAll('\\\n', ' '))?.[1] ?? '';
  return command
    .replaceAll('../mtls-release-signing', join(directory, 'action'))
    .replaceAll(/(?:secrets|variables)\.env/g, (name) => join(directory, name))
    .split(/\s+/);
}

function act(directory: string, event: string, env: Readonly<Record<string, string>>): Promise<ActRun> {
  const given = (option: string, values: readonly string[]): string[] => values.flatMap((value) => [option, value]);
  const args = [
    event,
    ...documentedArguments(directory).slice(1),
    ...given('-P', ['self-hosted=-self-hosted', 'signing=-self-hosted']),
    ...given('--local-repository', [`${DOWNLOAD}=${join(directory, 'download')}`]),
    ...given(
      '--env',
      Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ),
    '--no-cache-server',
    '--action-offline-mode',
  ];
  const PATH = [join(directory, 'commands'), dirname(process.execPath), process.env['PATH']].join(delimiter);
  return new Promise((resolve) => {
    const options = { cwd: join(directory, 'repository'), env: { PATH, HOME: directory }, maxBuffer: 2 ** 26 };
    execFile('act', args, options, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), log: stdout + stderr });
    });
  });
}
