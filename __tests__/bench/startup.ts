import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { measure } from './measure.ts';
import type { Bench } from './rounds.ts';
import { SIGNATURE } from './service.ts';
import { median } from './statistics.ts';
import { makeTree } from './tree.ts';

/** A cold start with one small file; medians, in milliseconds from the start of the process. */
export interface Startup {
  /** The TLS handshake begins. */
  readonly firstByteMs: number;
  /** The service has the head of the request. */
  readonly firstRequestMs: number;
  readonly exitMs: number;
  readonly runs: number;
}

/** Starts the action again and again on one small file. */
export async function measureStartup(bench: Bench, runs: number): Promise<Startup> {
  const prepare = bench.clients.action;
  if (prepare === undefined) throw new Error('the action is not among the clients');
  const directory = join(bench.directory, 'startup');
  const workspace = join(directory, 'workspace');
  mkdirSync(workspace, { recursive: true });
  const tree = makeTree(workspace, { files: 1, bytesPerFile: 1000, content: 'random' });
  const arrivals = await listen(bench);
  const { python, service } = bench;
  const client = await prepare({
    tree,
    directory,
    serverUrl: arrivals.url,
    client: service.client,
    python: python.binary,
  });
  const times: { firstByte: number; firstRequest: number; exit: number }[] = [];
  for (let i = 0; i < runs; i++) {
    arrivals.reset();
    const run = await measure(await client.command(), { python: python.binary, log: join(directory, 'log') });
    client.collect();
    const [firstByte, firstRequest] = [arrivals.connectionAt(), arrivals.requestAt()].map((at) => at - run.startedAtMs);
    times.push({ firstByte: firstByte ?? 0, firstRequest: firstRequest ?? 0, exit: run.seconds * 1000 });
  }
  await arrivals.close();
  rmSync(directory, { recursive: true });
  return {
    firstByteMs: median(times.map(({ firstByte }) => firstByte)),
    firstRequestMs: median(times.map(({ firstRequest }) => firstRequest)),
    exitMs: median(times.map(({ exit }) => exit)),
    runs,
  };
}

interface Arrivals {
  readonly url: string;
  reset(): void;
  connectionAt(): number;
  requestAt(): number;
  close(): Promise<void>;
}

/** A service in this process, which can tell when something arrives. */
async function listen({ service }: Bench): Promise<Arrivals> {
  let [connection, request] = [0, 0];
  const now = (): number => performance.timeOrigin + performance.now();
  const server = createServer({
    cert: await readFile(service.server.cert),
    key: await readFile(service.server.key),
    ca: await readFile(service.client.chain),
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
