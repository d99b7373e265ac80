import { lstatSync } from 'node:fs';
import type { UploadArtifactResponse } from '@actions/artifact';
import { ActionError, codeOf } from './errors.ts';
import { show } from './files/names.ts';
import type { Artifact } from './report/report.ts';

/** What to upload and under which name. */
export interface UploadOptions {
  readonly name: string;
  /** Relative to `directory`. */
  readonly paths: readonly string[];
  readonly directory: string;
  readonly retentionDays: number | undefined;
  /** Replaces a finished artifact of the same name; otherwise nothing is ever deleted. */
  readonly replaces: boolean;
  /** 1 for the first run of a job, more for a re-run. */
  readonly runAttempt: number;
  /** Host of the artifact service; may be empty. */
  readonly host: string;
  readonly warn: (text: string) => void;
  /** Hides secrets in a text of the client or the service, then cuts it. */
  readonly scrub: (text: string, maxLength: number) => string;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Longest quote of a client's error, in characters. */
const MAX_QUOTED = 300;
/** Waits before the second and third try, in milliseconds. */
const WAITS_MS = [2000, 8000];

/** Loads the client of the artifact service, a separate chunk that is more than half of the bundle. */
export function loadClient(): Promise<typeof import('@actions/artifact')> {
  return import('@actions/artifact');
}

/**
 * Uploads files as one workflow artifact and checks that it is complete; `undefined` where no artifact service exists.
 *
 * Network loss and stalls are retried under another name, because an unfinished upload keeps its name taken.
 * @throws ActionError `ARTIFACT_EXISTS`, `ARTIFACT_INCOMPLETE`, `ARTIFACT_FAILED`
 */
export async function uploadFiles(options: UploadOptions): Promise<Artifact | undefined> {
  const { DefaultArtifactClient } = await loadClient();
  const client = new DefaultArtifactClient();
  if (options.replaces) await client.deleteArtifact(options.name).catch(() => {});
  for (let attempt = 0; ; attempt++) {
    const name = attempt === 0 ? options.name : `${options.name}-retry-${attempt}`;
    const sizes = options.paths.map((path) => sizeOf(options.directory, path));
    try {
      const { retentionDays } = options;
      const files = options.paths.map((path) => `${options.directory}/${path}`);
      // Signatures do not compress, and the size of an archive without compression can be calculated.
      const settings = { compressionLevel: 0, ...(retentionDays === undefined ? {} : { retentionDays }) };
      const response = await withUncaught(() => client.uploadArtifact(name, files, options.directory, settings));
      return checkComplete(name, response, expectedBytes(options.paths, sizes));
    } catch (error) {
      if (nameOf(error) === 'GHESNotSupportedError') return undefined;
      const isFinalized = FINALIZE_FAILED.test(messageOf(error));
      const found = isFinalized ? await client.getArtifact(name).catch(() => undefined) : undefined;
      if (found) return checkComplete(name, found.artifact, expectedBytes(options.paths, sizes));
      const waitMs = WAITS_MS[attempt];
      if (waitMs === undefined || !isPassing(error, options.replaces)) throw explain(name, error, options);
      options.warn(
        `The upload of artifact ${name} failed (${quote(error, options)}); trying again as ${options.name}-retry-${attempt + 1}.${isFinalized ? MAY_BE_COMPLETE : ''}`,
      );
      await options.sleep(waitMs);
    }
  }
}

/** Deletes an artifact of this run; throws the client's error, or if the newest of the name is not this one. */
export async function removeArtifact({ name, id }: Artifact): Promise<void> {
  const { DefaultArtifactClient } = await loadClient();
  const client = new DefaultArtifactClient();
  // The client deletes the newest artifact of a name, which another job of the run may have uploaded meanwhile.
  const { artifact } = await client.getArtifact(name);
  if (artifact.id !== id) throw new Error(`the newest artifact of this name has id ${artifact.id}`);
  await client.deleteArtifact(name);
}

function sizeOf(directory: string, path: string): number {
  const stat = lstatSync(`${directory}/${path}`, { throwIfNoEntry: false });
  if (stat?.isFile()) return stat.size;
  throw new ActionError(
    'ARTIFACT_INCOMPLETE',
    `${show(path)} was removed after it was written, so it cannot be uploaded.`,
    { hint: 'Let nothing clean up the signatures while the step runs, and run it again.' },
  );
}

/** Size of an archive that stores these files: two headers, the name in each, a data descriptor, and the end record. */
function expectedBytes(paths: readonly string[], sizes: readonly number[]): number {
  const entries = paths.map((path, i) => 30 + 16 + 46 + 2 * Buffer.byteLength(path) + (sizes[i] ?? 0));
  return entries.reduce((sum, bytes) => sum + bytes, 22);
}

function checkComplete(name: string, { id, size, digest }: UploadArtifactResponse, expected: number): Artifact {
  // When a file vanishes during the upload, the client only warns; it can also end without an id.
  if (id !== undefined && size !== undefined && size >= expected) return { name, id, digest, bytes: size };
  throw new ActionError(
    'ARTIFACT_INCOMPLETE',
    `Artifact ${show(name)} was uploaded, but not every signature is in it (${size ?? 0} of ${expected} bytes).`,
    { hint: 'Something removed signatures during the upload. Delete this artifact and run the step again.' },
  );
}

/** Rejects with errors of the client's archiver that nobody can catch, so that they do not end the process. */
async function withUncaught<T>(work: () => Promise<T>): Promise<T> {
  const { promise: uncaught, reject } = Promise.withResolvers<never>();
  process.setUncaughtExceptionCaptureCallback(reject);
  try {
    return await Promise.race([work(), uncaught]);
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
}

// The client turns request errors into texts. Anchored at the start, these match only the client's own sentences: a
// service's text or a file name can only follow them.
const NAME_TAKEN = /^Failed to CreateArtifact: Received non-retryable error: Failed request: \(409\)/;
const NETWORK_LOST = /^Failed to \w+: Unable to make request: E[A-Z]+\n/;
/** The artifact was created under its name, and only the last answer is missing. */
const FINALIZE_FAILED = /^Failed to FinalizeArtifact: /;
const MAY_BE_COMPLETE = ' Should this artifact be complete all the same, use nothing of it, and delete it.';
const STALLED = 'Upload progress stalled.';
/** Codes of the blob client's `RestError` for a connection that broke off. */
const BROKEN_OFF = ['REQUEST_SEND_ERROR', 'EPIPE', 'ECONNABORTED', 'ENETUNREACH', 'EAI_AGAIN'];

function isPassing(error: unknown, replaces: boolean): boolean {
  const message = messageOf(error);
  // After deleting, a taken name belongs to an upload that never finished, and nothing can free it.
  if (NAME_TAKEN.test(message)) return replaces;
  const name = nameOf(error);
  if (name === 'RestError') return BROKEN_OFF.includes(codeOf(error) ?? '') || isPassingStatus(error);
  return name === 'NetworkError' || message === STALLED || NETWORK_LOST.test(message);
}

function isPassingStatus(error: unknown): boolean {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 0;
  return status >= 500 || status === 408 || status === 429;
}

function explain(name: string, error: unknown, options: UploadOptions): ActionError {
  const { runAttempt, host } = options;
  if (error instanceof ActionError) return error;
  const message = messageOf(error);
  if (NAME_TAKEN.test(message)) {
    return new ActionError('ARTIFACT_EXISTS', `This run already has an artifact called ${show(name)}.`, {
      hint:
        runAttempt === 1
          ? 'Give each use of the action, or each call of the workflow that contains it, its own artifact-name, or set overwrite: true.'
          : 'An earlier attempt may have uploaded it, or another step: if this use of the action alone has the name, set overwrite: true. Otherwise, and in a call of sign-release.yml, which has no such input, give another artifact-name.',
      cause: error,
    });
  }
  return new ActionError(
    'ARTIFACT_FAILED',
    `The artifact ${show(name)} could not be uploaded: ${quote(error, options)}`,
    {
      hint: `${adviceFor(error, host)}${FINALIZE_FAILED.test(message) ? MAY_BE_COMPLETE : ''} The signatures are on the disk of this job.`,
      cause: error,
    },
  );
}

/** Quotes the first line of an error: further lines are advice of the client, mostly about GitHub's own runners. */
function quote(error: unknown, { scrub }: UploadOptions): string {
  return show(scrub(messageOf(error), MAX_QUOTED).split('\n', 1)[0] ?? '');
}

/** Advises running the step again only when that can help. */
function adviceFor(error: unknown, host: string): string {
  const message = messageOf(error);
  if (/^(?:Failed to \w+: )?Artifact storage quota has been hit/.test(message))
    return 'Running the step again does not help: delete old artifacts, or raise the limit of the account, which GitHub computes again every 6 to 12 hours; or set upload: false.';
  if (/^Failed to \w+: Received non-retryable error: Failed request: \(40[13]\)/.test(message))
    return `Running the step again does not help while ${host || 'the artifact service'} refuses this job: a firewall or proxy may answer in its place, or the job ran longer than its token lives. Or set upload: false.`;
  if (message.startsWith('Invalid token specified'))
    return 'Running the step again does not help: ACTIONS_RUNTIME_TOKEN is not of the kind that GitHub gives its jobs, so that this runner has no artifact service for the upload. Set upload: false.';
  if (isPassing(error, false))
    return `The runner must reach ${host || 'the artifact service'} and, on GitHub, *.blob.core.windows.net over HTTPS: open both in the firewall, or name the proxy in https_proxy. Then run the step again, or set upload: false.`;
  return 'Run the step again, or set upload: false and store the signatures otherwise.';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
