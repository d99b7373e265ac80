import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listen } from '../helpers/listen.ts';

/** A file of a release. */
interface Asset {
  readonly id: number;
  readonly name: string;
  readonly state: 'uploaded' | 'starter';
  readonly bytes: Buffer;
  /** Login of who uploaded it. */
  readonly uploader?: string;
}

/** A release and what is attached to it. */
interface Release {
  readonly id: number;
  readonly tag: string;
  readonly draft: boolean;
  readonly immutable: boolean;
  assets: Asset[];
}

/** What goes wrong with one upload: lost with a remainder that is in the way, stored with other bytes, refused, or stored without an answer. */
type UploadFault = 'lost' | 'altered' | 'refused' | 'unanswered';

/** What goes wrong with one download: cut off, other bytes, or the connection is lost. */
type DownloadFault = 'cut' | 'altered' | 'lost';

/** The part of GitHub's interface that has to do with releases. */
export interface ReleasesApi {
  readonly url: string;
  readonly releases: readonly Release[];
  /** Methods and paths of all requests, in order. */
  readonly requests: readonly string[];
  /** Due for the next uploads, in order. */
  readonly faults: UploadFault[];
  /** Due for the next downloads, in order. */
  readonly downloadFaults: DownloadFault[];
  /** Reviewers of each environment, by its name. */
  readonly environments: Record<string, readonly string[]>;
  /** Refusals of single requests, by their number from 1 on. */
  readonly limits: Limit[];
  close(): Promise<void>;
}

/** A request that is refused because there were too many. */
interface Limit {
  readonly at: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** How a release is at the start. */
export interface ReleaseOptions {
  readonly tag: string;
  readonly draft?: boolean;
  readonly immutable?: boolean;
  readonly assets?: Readonly<Record<string, string | Buffer>>;
  /** Names of assets whose upload was lost before. */
  readonly unfinished?: readonly string[];
}

const TOKEN = 'a token';
const MOST_ASSETS = 1000;

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** A file, in place of a body. */
  readonly bytes?: Buffer;
  readonly location?: string;
  /** How the answer of a download is spoilt. */
  readonly fault?: DownloadFault | undefined;
}

/** Starts GitHub's releases on a free port of 127.0.0.1, by the rules that are documented for them. */
export async function startReleasesApi(options: readonly ReleaseOptions[]): Promise<ReleasesApi> {
  const releases = options.map(toRelease);
  const [requests, limits]: [string[], Limit[]] = [[], []];
  const state: State = { releases, faults: [], downloadFaults: [], environments: {}, nextId: 10_000, url: '' };
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const limit = limits.find(({ at }) => at === requests.length);
    if (limit !== undefined) {
      request.resume();
      response.writeHead(limit.status, limit.headers);
      return void response.end();
    }
    void answer(state, request).then((answered) => send(response, answered));
  });
  const port = await listen(server);
  state.url = `http://127.0.0.1:${port}`;
  return {
    url: state.url,
    releases,
    requests,
    limits,
    faults: state.faults,
    downloadFaults: state.downloadFaults,
    environments: state.environments,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface State extends Pick<ReleasesApi, 'faults' | 'downloadFaults' | 'environments'> {
  readonly releases: Release[];
  nextId: number;
  url: string;
}

function toRelease(options: ReleaseOptions, at: number): Release {
  const { tag, draft = false, immutable = false, assets = {}, unfinished = [] } = options;
  const uploaded = Object.entries(assets).map(
    ([name, text]) => ({ name, state: 'uploaded', bytes: Buffer.from(text) }) as const,
  );
  const lost = unfinished.map((name) => ({ name, state: 'starter', bytes: Buffer.alloc(0) }) as const);
  const all = [...uploaded, ...lost].map((asset, index) => ({ id: at * 2000 + index, ...asset }));
  return { id: at + 1, tag, draft, immutable, assets: all };
}

/** Sends an answer; a download goes wrong as its fault says. */
function send(response: ServerResponse, { status, body, bytes, location, fault }: Answer): void {
  if (fault === 'lost') return void response.destroy();
  const content = bytes ?? Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const whole = fault === 'altered' ? Buffer.from(content).fill('x', 0, 1) : content;
  const type = bytes === undefined ? 'application/json' : 'application/octet-stream';
  response.writeHead(status, {
    'content-type': type,
    'content-length': whole.length,
    ...(location === undefined ? {} : { location }),
  });
  if (fault !== 'cut') return void response.end(whole);
  response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => response.destroy());
}

async function answer(state: State, request: IncomingMessage): Promise<Answer> {
  const body = await buffer(request);
  const [, storage] = /^\/storage\/(\d+)$/.exec(request.url ?? '') ?? [];
  if (storage !== undefined) return download(state, storage, request.headers.authorization);
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401 };
  const url = new URL(request.url ?? '', state.url);
  const [, ...path] = url.pathname.split('/').map(decodeURIComponent);
  const route = `${request.method} ${path.slice(0, 4).join('/')}`;
  const release = state.releases.find(({ id }) => String(id) === path[4]);
  switch (true) {
    case route === 'GET repos/acme/app/releases' && path.length === 4:
      return { status: 200, body: pageOf(state.releases, url).map((one) => toJson(state, one)) };
    case route === 'GET repos/acme/app/releases' && path[4] === 'tags': {
      const tagged = state.releases.find(({ tag, draft }) => tag === path[5] && !draft);
      return tagged === undefined ? { status: 404 } : { status: 200, body: toJson(state, tagged) };
    }
    case route === 'GET repos/acme/app/releases' && path[4] === 'latest': {
      const latest = state.releases.findLast(({ draft }) => !draft);
      return latest === undefined ? { status: 404 } : { status: 200, body: toJson(state, latest) };
    }
    case route === 'GET repos/acme/app/releases' && path[4] === 'assets':
      if (request.headers.accept !== 'application/octet-stream') return { status: 415 };
      return { status: 302, location: `${state.url.replace('127.0.0.1', 'localhost')}/storage/${path[5]}` };
    case route === 'GET repos/acme/app/environments': {
      const reviewers = state.environments[path[4] ?? '']?.map((login) => ({ type: 'User', reviewer: { login } }));
      const rules = reviewers?.length ? [{ type: 'required_reviewers', reviewers }] : [];
      return reviewers === undefined ? { status: 404 } : { status: 200, body: { protection_rules: rules } };
    }
    case route === 'GET repos/acme/app/releases' && path[5] === 'assets' && release !== undefined:
      return { status: 200, body: pageOf(release.assets, url).map(toAssetJson) };
    case route === 'DELETE repos/acme/app/releases' && path[4] === 'assets':
      for (const one of state.releases) one.assets = one.assets.filter(({ id }) => String(id) !== path[5]);
      return { status: 204 };
    case route === 'POST uploads/acme/app/releases' && release !== undefined:
      return upload(state, release, { name: url.searchParams.get('name') ?? '', bytes: body });
    default:
      return { status: 404 };
  }
}

/** Hands out the bytes of an asset from the place that GitHub redirects to, which refuses a token as that place does. */
function download(state: State, id: string, authorization: string | undefined): Answer {
  const asset = state.releases.flatMap(({ assets }) => assets).find((one) => String(one.id) === id);
  if (authorization !== undefined) return { status: 400 };
  return asset === undefined
    ? { status: 404 }
    : { status: 200, bytes: asset.bytes, fault: state.downloadFaults.shift() };
}

function upload(state: State, release: Release, { name, bytes }: Pick<Asset, 'name' | 'bytes'>): Answer {
  // What GitHub does to names that it does not like.
  const kept = name
    .replaceAll(/[^A-Za-z0-9._-]/g, '.')
    .replaceAll(/\.+/g, '.')
    .replaceAll(/^\.|\.$/g, '');
  const fault = state.faults.shift();
  if (release.immutable && !release.draft) return { status: 422 };
  if (bytes.length === 0 || release.assets.length >= MOST_ASSETS) return { status: 422 };
  if (release.assets.some((one) => one.name === kept)) return { status: 422, body: { code: 'already_exists' } };
  if (fault === 'refused') return { status: 500 };
  const id = state.nextId++;
  if (fault === 'lost') {
    release.assets.push({ id, name: kept, state: 'starter', bytes: Buffer.alloc(0) });
    return { status: 502 };
  }
  const stored = fault === 'altered' ? Buffer.from(bytes).fill('x', 0, 1) : bytes;
  release.assets.push({ id, name: kept, state: 'uploaded', bytes: stored });
  return { status: 201, body: { id, name: kept }, fault: fault === 'unanswered' ? 'lost' : undefined };
}

function pageOf<Item>(items: readonly Item[], url: URL): Item[] {
  const [size, page] = ['per_page', 'page'].map((name) => Number(url.searchParams.get(name) ?? 1));
  const from = ((page ?? 1) - 1) * (size ?? 30);
  return items.slice(from, from + (size ?? 30));
}

function toJson(state: State, { id, tag, draft, immutable, assets }: Release): object {
  const upload_url = `${state.url}/uploads/acme/app/releases/${id}/assets{?name,label}`;
  return { id, tag_name: tag, draft, immutable, upload_url, assets: assets.map(toAssetJson) };
}

function toAssetJson({ id, name, state, bytes, uploader = 'octocat' }: Asset): object {
  const digest = state === 'uploaded' ? `sha256:${createHash('sha256').update(bytes).digest('hex')}` : null;
  const [login, updated_at] = [uploader, '2026-03-01T12:00:00Z'];
  return { id, name, state, size: bytes.length, digest, updated_at, uploader: { login } };
}
