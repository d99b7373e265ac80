import type { Artifact, ArtifactStore } from './artifact-store.ts';

/** One request to the blob storage, with its whole body. */
interface BlobRequest {
  readonly method: string;
  readonly url: URL;
  /** Headers with lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** An answer to send. */
export interface BlobResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

/** Returns the path of an upload, with account and container first, as storage clients expect for an IP address. */
export function uploadPath(blobId: string): string {
  return `/blobs/uploads/${blobId}`;
}

/** Returns the path of a finished artifact. */
export function downloadPath(artifactId: number): string {
  return `/blobs/downloads/${artifactId}`;
}

/** Returns the operation of a request to the blob storage, or `undefined` for an unsupported one. */
export function blobOperation(method: string, url: URL): 'block' | 'commit' | 'download' | undefined {
  if (method === 'GET' && url.pathname.startsWith('/blobs/downloads/')) return 'download';
  if (method !== 'PUT' || !url.pathname.startsWith('/blobs/uploads/')) return undefined;
  const component = url.searchParams.get('comp');
  if (component === 'blocklist') return 'commit';
  return component === 'block' || component === null ? 'block' : undefined;
}

/** Serves block uploads, block lists, single-piece uploads and downloads, whole or by `Range`. */
export function serveBlob(store: ArtifactStore, request: BlobRequest): BlobResponse {
  switch (blobOperation(request.method, request.url)) {
    case 'block':
      return putBytes(store, request);
    case 'commit':
      return putBlockList(store, request);
    case 'download':
      return getBytes(store, request);
    case undefined:
      return failure(400, 'UnsupportedOperation');
  }
}

function putBytes(store: ArtifactStore, request: BlobRequest): BlobResponse {
  const blockId = request.url.searchParams.get('blockid');
  if (request.url.searchParams.get('comp') === 'block') {
    if (blockId === null || blockId === '') return failure(400, 'InvalidQueryParameterValue');
    return store.putBlock(blobIdOf(request), blockId, request.body) ? created() : failure(404, 'BlobNotFound');
  }
  if (request.headers['x-ms-blob-type'] !== 'BlockBlob') return failure(400, 'MissingRequiredHeader');
  return store.putBlob(blobIdOf(request), request.body) ? created() : failure(404, 'BlobNotFound');
}

function putBlockList(store: ArtifactStore, request: BlobRequest): BlobResponse {
  const list = request.body.toString('utf8');
  const ids = [...list.matchAll(/<(?:Latest|Uncommitted)>([^<]*)</g)].map((match) => match[1] ?? '');
  return store.commitBlocks(blobIdOf(request), ids) ? created() : failure(400, 'InvalidBlockList');
}

function getBytes(store: ArtifactStore, request: BlobRequest): BlobResponse {
  const id = blobIdOf(request);
  const artifact = store.artifacts.find((one) => String(one.id) === id);
  if (artifact === undefined) return failure(404, 'BlobNotFound');
  const range = /^bytes=(\d+)-(\d*)$/.exec(String(request.headers['x-ms-range'] ?? request.headers['range'] ?? ''));
  if (range === null) return { status: 200, headers: downloadHeaders(artifact), body: artifact.zip };
  const first = Number(range[1]);
  const last = Math.min(range[2] === '' ? Infinity : Number(range[2]), artifact.size - 1);
  if (first > last) return failure(416, 'InvalidRange');
  const headers = { ...downloadHeaders(artifact), 'content-range': `bytes ${first}-${last}/${artifact.size}` };
  return { status: 206, headers, body: artifact.zip.subarray(first, last + 1) };
}

function downloadHeaders(artifact: Artifact): Record<string, string> {
  const name = artifact.mimeType === 'application/zip' ? `${artifact.name}.zip` : artifact.name;
  return {
    ...storageHeaders(),
    'accept-ranges': 'bytes',
    'content-type': artifact.mimeType,
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
  };
}

function blobIdOf(request: BlobRequest): string {
  return request.url.pathname.split('/').at(-1) ?? '';
}

function created(): BlobResponse {
  return { status: 201, headers: { ...storageHeaders(), 'x-ms-request-server-encrypted': 'true' }, body: '' };
}

function failure(status: number, code: string): BlobResponse {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  return { status, headers: { ...storageHeaders(), 'x-ms-error-code': code, 'content-type': 'application/xml' }, body };
}

function storageHeaders(): Record<string, string> {
  return {
    'x-ms-version': '2025-11-05',
    'x-ms-request-id': '0',
    etag: '"0x1"',
    'last-modified': new Date().toUTCString(),
  };
}
