import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { createResultsAccess, type ResultsAccess } from './access.ts';
import { type ArtifactApi, callMethod, type Method } from './artifact-api.ts';
import { type Artifact, ArtifactStore, isRefusal, type NameScope } from './artifact-store.ts';
import { type BlobResponse, blobOperation, serveBlob } from './blob-api.ts';
import { type Fault, type FaultPoint, planFaults } from './faults.ts';

/** A running results service. */
export interface ResultsService {
  /** Environment variables with the service's URL and token. */
  readonly env: Readonly<Record<string, string>>;
  /** The run's artifacts, for changes by other jobs of the run. */
  readonly store: ArtifactStore;
  /** The finished artifacts so far. */
  readonly artifacts: readonly Artifact[];
  /** Names of unfinished uploads. */
  readonly pending: readonly string[];
  /** All requested steps of the protocol in order, including failed ones. */
  readonly calls: readonly FaultPoint[];
  /** Stops the service and cuts its connections; the artifacts stay readable. */
  close(): Promise<void>;
}

/** Options of a results service. */
export interface ResultsOptions {
  /** Faults to simulate; none when absent. */
  readonly faults?: readonly Fault[];
  /** How long a name stays taken; default: for an attempt. */
  readonly names?: NameScope;
  /** Called before each step of the protocol, so that another job can act at that moment. */
  readonly onCall?: (point: FaultPoint) => void;
}

const PREFIX = '/twirp/github.actions.results.api.v1.ArtifactService/';
const POINTS: Readonly<Record<Method, FaultPoint>> = {
  CreateArtifact: 'create',
  FinalizeArtifact: 'finalize',
  ListArtifacts: 'list',
  GetSignedArtifactURL: 'sign-url',
  DeleteArtifact: 'delete',
};

/**
 * Starts GitHub's artifact service, version 4, on a free port of 127.0.0.1: Twirp in JSON, with block blobs for the
 * content.
 *
 * The real `@actions/artifact` client works against it unchanged. The service keeps everything in memory, and several
 * runs of the action can share it, as in a workflow run.
 *
 * @example const results = await startResultsService(); const run = await runAction({ actionDirectory: '.', workspace,
 * results }); for (const entry of await entriesOf(results.artifacts[0].zip)) console.log(entry.path); await
 * results.close();
 */
export async function startResultsService(options: ResultsOptions = {}): Promise<ResultsService> {
  const state: State = {
    access: createResultsAccess(),
    store: new ArtifactStore(options.names),
    onCall: options.onCall,
    nextFault: planFaults(options.faults ?? []),
    calls: [],
    closing: new AbortController(),
  };
  const server = createServer((request, response) => {
    serve(state, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = toAddress(server.address());
  return {
    env: { ACTIONS_RUNTIME_TOKEN: state.access.token, ACTIONS_RESULTS_URL: `http://127.0.0.1:${port}/` },
    store: state.store,
    get artifacts() {
      return state.store.artifacts;
    },
    get pending() {
      return state.store.pending;
    },
    get calls() {
      return [...state.calls];
    },
    async close() {
      state.closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface State {
  readonly access: ResultsAccess;
  readonly store: ArtifactStore;
  readonly onCall: ((point: FaultPoint) => void) | undefined;
  readonly nextFault: (point: FaultPoint) => Fault | undefined;
  readonly calls: FaultPoint[];
  readonly closing: AbortController;
}

function toAddress(address: AddressInfo | string | null): AddressInfo {
  if (typeof address !== 'object' || address === null) throw new TypeError('the server has no port');
  return address;
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
  const method = toMethod(url);
  const operation = blobOperation(request.method ?? '', url);
  const point = method === undefined ? operation : POINTS[method];
  if (point === undefined) return send(response, refusal(404, 'bad_route', 'no such route'));
  state.calls.push(point);
  const body = await buffer(request);
  state.onCall?.(point);
  if ((await suffer(state, point, response)) === 'answered') return;
  if (method !== undefined) return send(response, answerCall(state, method, { request, url, body }));
  if (!state.access.isSigned(url)) return send(response, { status: 403, headers: {}, body: '' });
  send(response, serveBlob(state.store, { method: request.method ?? '', url, headers: request.headers, body }));
}

function toMethod(url: URL): Method | undefined {
  const name = url.pathname.startsWith(PREFIX) ? url.pathname.slice(PREFIX.length) : '';
  return isMethod(name) ? name : undefined;
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(POINTS, name);
}

/** Performs the current fault; the caller continues only if no answer was sent. */
async function suffer(state: State, point: FaultPoint, response: ServerResponse): Promise<'answered' | 'open'> {
  const fault = state.nextFault(point);
  switch (fault?.kind) {
    case undefined:
      return 'open';
    case 'drop':
      response.destroy();
      return 'answered';
    case 'lose-answer':
      // Writing to a closed connection has no effect.
      response.destroy();
      return 'open';
    case 'stall':
      await delay(fault.ms, undefined, { signal: state.closing.signal, ref: false });
      return response.destroyed ? 'answered' : 'open';
    case 'status': {
      const failed = refusal(fault.status, 'internal', fault.message ?? 'a fault on request');
      send(response, fault.status < 400 ? json(fault.status, { ok: false }) : failed);
      return 'answered';
    }
  }
}

interface Call {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: Buffer;
}

function answerCall(state: State, method: Method, call: Call): BlobResponse {
  const { request, url, body } = call;
  const { access, store } = state;
  if (request.method !== 'POST') return refusal(405, 'bad_route', 'calls are POST requests');
  if (request.headers.authorization !== `Bearer ${access.token}`) return refusal(401, 'unauthenticated', 'bad token');
  if (!request.headers['content-type']?.startsWith('application/json')) return refusal(415, 'malformed', 'not JSON');
  const api: ArtifactApi = { store, ids: access.ids, signUrl: (path) => access.signUrl(url.origin + path) };
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return refusal(400, 'malformed', 'the body is not JSON');
  }
  const answer = callMethod(api, method, parsed);
  return isRefusal(answer) ? refusal(answer.status, answer.code, answer.message) : json(200, answer);
}

function refusal(status: number, code: string, message: string): BlobResponse {
  return json(status, { code, msg: message });
}

function json(status: number, body: object): BlobResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function send(response: ServerResponse, answer: BlobResponse): void {
  response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) });
  response.end(answer.body);
}
