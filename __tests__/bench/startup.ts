import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { readActionFile } from '../../tools/runner/action-file.ts';
import { type Client, type Prepared, prepareAction, REPOSITORY } from './clients.ts';
import { type Keyless, startKeyless } from './keyless.ts';
import { measure } from './measure.ts';
import type { Bench } from './rounds.ts';
import { SIGNATURE } from './service.ts';
import { median } from './statistics.ts';
import { makeTree } from './tree.ts';

/** Cold starts of one build with one small file; medians, in milliseconds from the start of the process. */
export interface Startup {
  readonly build: (typeof BUILDS)[number];
  /** The TLS handshake begins. */
  readonly firstByteMs: number;
  /** The service has the head of the request. */
  readonly firstRequestMs: number;
  readonly exitMs: number;
  readonly runs: number;
}

/** `keyless` is this build with a certificate that an authority issues for the run. */
const BUILDS = ['action', 'keyless', 'other-build'] as const;

interface Start {
  readonly firstByte: number;
  readonly firstRequest: number;
  readonly exit: number;
}

/** Starts every build again and again on one small file, in turn, so that a slow moment of the machine hits all alike. */
export async function measureStartup(bench: Bench, runs: number): Promise<Startup[]> {
  const directory = join(bench.directory, 'startup');
  const workspace = join(directory, 'workspace');
  mkdirSync(workspace, { recursive: true });
  const tree = makeTree(workspace, { files: 1, bytesPerFile: 1000, content: 'random' });
  const keyless = await startKeyless();
  const arrivals = await listen(bench, keyless);
  const { python, service } = bench;
  const task = { tree, serverUrl: arrivals.url, client: service.client, python: python.binary };
  const builds: { readonly build: Startup['build']; readonly client: Prepared; readonly starts: Start[] }[] = [];
  for (const build of BUILDS) {
    const own = join(directory, build);
    mkdirSync(own);
    const prepare = build === 'keyless' ? clientOf(keyless) : bench.clients[build];
    const client = await prepare?.({ ...task, directory: own });
    if (client) builds.push({ build, client, starts: [] });
  }
  for (let round = 0; round < runs; round++) {
    for (const { client, starts } of builds) {
      arrivals.reset();
      const run = await measure(await client.command(), { python: python.binary, log: join(directory, 'log') });
      client.collect();
      starts.push({
        firstByte: arrivals.connectionAt() - run.startedAtMs,
        firstRequest: arrivals.requestAt() - run.startedAtMs,
        exit: run.seconds * 1000,
      });
    }
  }
  await arrivals.close();
  await keyless.close();
  rmSync(directory, { recursive: true });
  return builds.map(({ build, starts }) => ({
    build,
    firstByteMs: median(starts.map(({ firstByte }) => firstByte)),
    firstRequestMs: median(starts.map(({ firstRequest }) => firstRequest)),
    exitMs: median(starts.map(({ exit }) => exit)),
    runs,
  }));
}

function clientOf({ difference }: Keyless): Client {
  return async (task) => prepareAction(await readActionFile(REPOSITORY), task, difference);
}

interface Arrivals {
  readonly url: string;
  reset(): void;
  connectionAt(): number;
  requestAt(): number;
  close(): Promise<void>;
}

/** A service in this process, which can tell when something arrives. */
async function listen({ service }: Bench, { root }: Keyless): Promise<Arrivals> {
  let [connection, request] = [0, 0];
  const now = (): number => performance.timeOrigin + performance.now();
  const server = createServer({
    cert: await readFile(service.server.cert),
    key: await readFile(service.server.key),
    ca: [await readFile(service.client.chain), root],
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on('connection', () => {
    connection ||= now();
  });
  server.on('request', (message, response) => {
    request ||= now();
    message.resume().on('end', () => response.end(JSON.stringify({ signData: SIGNATURE })));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `https://127.0.0.1:${port}`,
    reset: () => {
      [connection, request] = [0, 0];
    },
    connectionAt: () => connection,
    requestAt: () => request,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
