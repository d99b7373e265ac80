import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ResultsOptions,
  type ResultsService,
  startResultsService,
} from '../../../tools/results/results-service.ts';
import { Artifacts } from './artifacts.ts';

/** Secrets and variables of a repository or an environment. */
export interface Settings {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
}

/** What GitHub is to one run of a workflow. */
export interface Hub {
  readonly results: ResultsService;
  readonly artifacts: Artifacts;
  /** Of the repository that the workflow belongs to. */
  readonly settings: Settings;
  readonly environments: Readonly<Record<string, Settings>>;
  /** The `github` context. */
  readonly github: Readonly<Record<string, unknown>>;
  readonly event: Readonly<Record<string, unknown>>;
  /** Variables over those that every step has. */
  readonly env: Readonly<Record<string, string>>;
  /** Inputs that lead the action to the service that stands in for the one of the workflow. */
  readonly service: Readonly<Record<string, string>>;
  /** What a checkout gives. */
  readonly repository: string;
  /** Directory, to be made, of commands that go before those of the system. */
  readonly path: string;
  /** Every run of this action, in order of its end. */
  readonly runs: {
    readonly inputs: Readonly<Record<string, string>>;
    readonly outputs: Readonly<Record<string, string>>;
  }[];
  /** Environments that were asked for, in order. */
  readonly asked: string[];
  /** Goes on to the next attempt, in which jobs are run again. */
  nextAttempt(): void;
  /** Inputs of all uses of `actions/attest`. */
  readonly attested: Readonly<Record<string, string>>[];
  readonly directory: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a hub starts from; everything else is an ordinary push to a branch. */
export type HubOptions = Partial<Pick<Hub, 'settings' | 'environments' | 'github' | 'event' | 'env' | 'service'>> & {
  /** How the results service behaves. */
  readonly results?: ResultsOptions;
};

/** Makes a hub for one run; dispose of it afterwards. */
export async function createHub(options: HubOptions = {}): Promise<Hub> {
  const directory = await mkdtemp(join(tmpdir(), 'hub-'));
  const repository = join(directory, 'repository');
  await mkdir(repository);
  const results = await startResultsService(options.results);
  const artifacts = new Artifacts(results);
  let attempt = 1;
  return {
    settings: options.settings ?? {},
    environments: options.environments ?? {},
    event: options.event ?? {},
    service: options.service ?? {},
    get github() {
      return {
        event_name: 'push',
        ref_name: 'main',
        run_attempt: String(attempt),
        token: 'a token',
        repository: options.env?.['GITHUB_REPOSITORY'] ?? 'octocat/hello-world',
        ...options.github,
      };
    },
    get env() {
      return { ...options.env, GITHUB_RUN_ATTEMPT: String(attempt) };
    },
    nextAttempt() {
      attempt += 1;
      results.store.nextAttempt();
    },
    results,
    artifacts,
    repository,
    path: join(directory, 'commands'),
    runs: [],
    asked: [],
    attested: [],
    directory,
    async [Symbol.asyncDispose]() {
      await artifacts.close();
      await results.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Puts a command in place that does nothing but note how it was called. */
export async function addCommand({ path }: Hub, name: string): Promise<void> {
  await mkdir(path, { recursive: true });
  const script = `#!/bin/sh\nprintf '%s\\n' "$(basename "$0") $*" >> "$(dirname "$0")/calls"\n`;
  await writeFile(join(path, name), script, { mode: 0o755 });
}

/** Puts a `gh` in place that keeps what `gh release create` would publish, by its base names as assets have them. */
export async function addGh(hub: Hub): Promise<void> {
  await addCommand(hub, 'gh');
  const keep = `[ "$1 $2" = 'release create' ] || exit 0
mkdir -p '${hub.directory}/published'
shift 3
for argument; do [ ! -f "$argument" ] || cp "$argument" '${hub.directory}/published/'; done
`;
  await appendFile(join(hub.path, 'gh'), keep);
}

/** Returns what `gh release create` published, by names. */
export async function publishedIn({ directory }: Hub): Promise<Map<string, Buffer>> {
  const place = join(directory, 'published');
  const entries = (await readdir(place)).map(async (name) => [name, await readFile(join(place, name))] as const);
  return new Map(await Promise.all(entries));
}

/** Lists the calls of such commands, in order. */
export async function callsOf({ path }: Hub): Promise<string[]> {
  return (await readFile(join(path, 'calls'), 'utf8')).trim().split('\n');
}
