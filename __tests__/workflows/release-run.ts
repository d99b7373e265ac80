import { join } from 'node:path';
import { expect } from 'vitest';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { type Service, startService } from '../rehearsal/faulty-service.ts';
import { problemsOf } from '../report/schema.ts';
import { createHub, type Hub, type HubOptions, type Settings } from './engine/hub.ts';
import { runWorkflow, type Start, type WorkflowResult } from './engine/run.ts';

/** The reusable workflow that signs. */
export const SIGN_RELEASE = join(ACTION_DIRECTORY, '.github/workflows/sign-release.yml');

/** Sizes from nothing to 300 KiB, in directories of different depth, some hidden. */
export const BUILD: Readonly<Record<string, Buffer>> = Object.fromEntries(
  Array.from({ length: 23 }, (_, at) => [
    `${'deep/'.repeat(at % 4)}${at % 5 === 0 ? '.' : ''}file-${at}.bin`,
    Buffer.alloc(at === 7 ? 300 * 1024 : at ** 3, `content ${at}`),
  ]),
);

/** Bytes of the whole build. */
export const BYTES: number = Object.values(BUILD).reduce((sum, { length }) => sum + length, 0);

/** A repository whose build is done. */
interface Release {
  readonly hub: Hub;
  readonly service: Service;
  /** Id of the artifact that holds the build. */
  readonly buildId: string;
  /** What the workflow is called with. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Calls the workflow with the id of the build, and passes the secrets by name. */
  sign(inputs?: Readonly<Record<string, unknown>>, start?: Pick<Start, 'before' | 'onJob'>): Promise<WorkflowResult>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where the credentials are kept, and how the results service behaves. */
interface ReleaseOptions extends Pick<HubOptions, 'results'> {
  readonly kept?: 'repository' | 'environment' | 'nowhere';
  readonly build?: Readonly<Record<string, string | Buffer>>;
}

/** Opens a repository with a build, a signing service of its own, and the credentials for it. */
export async function createRelease(options: ReleaseOptions = {}): Promise<Release> {
  const { kept = 'repository', build = BUILD, ...hubOptions } = options;
  const service = await startService();
  const { credentials } = service;
  const settings: Settings = {
    secrets: { SIGNING_KEY: credentials.key, SIGNING_APP_SECRET: credentials.appSecret },
    vars: { SIGNING_CERT: credentials.cert, SIGNING_CHAIN: credentials.chain, SIGNING_APP_KEY: credentials.appKey },
  };
  const hub = await createHub({
    ...hubOptions,
    settings: kept === 'repository' ? settings : {},
    environments: kept === 'environment' ? { release: settings } : {},
  });
  const buildId = hub.artifacts.add('build', build);
  const { SIGNING_KEY = '', SIGNING_APP_SECRET = '' } = hub.settings.secrets ?? {};
  const base = {
    'artifact-id': buildId,
    files: '**',
    'server-url': service.url,
    'sign-path': service.signPath,
    'verify-key': credentials.verifyKeyPem,
  };
  return {
    hub,
    service,
    buildId,
    inputs: base,
    sign: (inputs = {}, start = {}) =>
      runWorkflow(hub, SIGN_RELEASE, {
        inputs: { ...base, ...inputs },
        secrets: { SIGNING_KEY, SIGNING_APP_SECRET },
        ...start,
      }),
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await service.close();
    },
  };
}

/** Lists the paths in the newest artifact of a name, sorted, but for the signatures of the shards' manifests. */
export async function pathsOf(hub: Hub, name: string): Promise<string[]> {
  const paths = (await hub.artifacts.files(name)).map(({ path }) => path);
  return paths.filter((path) => !/^signing-manifest.*\.json\.sign$/.test(path)).sort();
}

/** What the tests look at in a manifest. */
interface Manifest {
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly totals: Readonly<Record<string, number>>;
}

/** Reads a manifest from the newest artifact of a name; it must follow the schema. */
export async function manifestOf(hub: Hub, artifact: string, name: string): Promise<Manifest> {
  const file = (await hub.artifacts.files(artifact)).find(({ path }) => path === name);
  const manifest = JSON.parse(file?.bytes.toString() ?? 'null');
  expect(problemsOf(manifest)).toEqual([]);
  return manifest;
}
