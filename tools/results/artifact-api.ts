import { isRecord, stringMember } from '../json.ts';
import { type Artifact, type ArtifactStore, isRefusal, type Refusal } from './artifact-store.ts';
import { downloadPath, uploadPath } from './blob-api.ts';

/** The ids from the token's scope, which every request must repeat. */
export interface BackendIds {
  readonly run: string;
  readonly job: string;
}

/** What the five methods need. */
export interface ArtifactApi {
  readonly store: ArtifactStore;
  readonly ids: BackendIds;
  /** Turns the path of a blob into a signed URL. */
  readonly signUrl: (path: string) => string;
}

/** The Twirp methods that the artifact client calls. */
export type Method =
  | 'CreateArtifact'
  | 'FinalizeArtifact'
  | 'ListArtifacts'
  | 'GetSignedArtifactURL'
  | 'DeleteArtifact';

/** Answers a call with the response in JSON, with proto field names, or with a refusal. */
export function callMethod(api: ArtifactApi, method: Method, request: unknown): object {
  const name = stringMember(request, 'name') ?? '';
  if (!isForUs(api.ids, request)) return refusal('the backend ids are not those of the token');
  switch (method) {
    case 'CreateArtifact':
      return createArtifact(api, name, request);
    case 'FinalizeArtifact':
      return finalizeArtifact(api, name, request);
    case 'ListArtifacts':
      return listArtifacts(api, request);
    case 'GetSignedArtifactURL':
      return signUrl(api, name);
    case 'DeleteArtifact': {
      const deleted = api.store.delete(name);
      return isRefusal(deleted) ? deleted : { ok: true, artifact_id: String(deleted.id) };
    }
  }
}

function isForUs(ids: BackendIds, request: unknown): boolean {
  return (
    stringMember(request, 'workflow_run_backend_id') === ids.run &&
    stringMember(request, 'workflow_job_run_backend_id') === ids.job
  );
}

function createArtifact(api: ArtifactApi, name: string, request: unknown): object {
  const version = isRecord(request) ? request['version'] : undefined;
  if (typeof version !== 'number' || version < 4)
    return refusal(`artifacts of version ${String(version)} are not taken`);
  const created = api.store.create(name, stringMember(request, 'mime_type') ?? 'application/zip');
  return isRefusal(created) ? created : { ok: true, signed_upload_url: api.signUrl(uploadPath(created.blobId)) };
}

function finalizeArtifact(api: ArtifactApi, name: string, request: unknown): object {
  // In JSON, protobuf writes 64-bit numbers as text and omits zero.
  const size = Number(stringMember(request, 'size') ?? '0');
  const finished = api.store.finalize({ name, size, hash: stringMember(request, 'hash') });
  return isRefusal(finished) ? finished : { ok: true, artifact_id: String(finished.id) };
}

function listArtifacts(api: ArtifactApi, request: unknown): object {
  const name = stringMember(request, 'name_filter');
  const id = stringMember(request, 'id_filter');
  const found = api.store.artifacts
    .filter((artifact) => name === undefined || artifact.name === name)
    .filter((artifact) => id === undefined || String(artifact.id) === id);
  return { artifacts: found.map((artifact) => toListed(artifact, api.ids)) };
}

function toListed(artifact: Artifact, ids: BackendIds): object {
  return {
    workflow_run_backend_id: ids.run,
    workflow_job_run_backend_id: ids.job,
    database_id: String(artifact.id),
    name: artifact.name,
    size: String(artifact.size),
    created_at: artifact.createdAt.toISOString(),
    digest: artifact.digest,
  };
}

function signUrl(api: ArtifactApi, name: string): object {
  const artifact = api.store.artifacts.findLast((one) => one.name === name);
  if (artifact !== undefined) return { signed_url: api.signUrl(downloadPath(artifact.id)) };
  return { status: 404, code: 'not_found', message: 'artifact not found' } satisfies Refusal;
}

function refusal(message: string): Refusal {
  return { status: 400, code: 'invalid_argument', message };
}
