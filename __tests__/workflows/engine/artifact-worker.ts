/**
 * Does what `actions/download-artifact` 8.0.1 and `actions/upload-artifact` 7.0.0 do, by the client they have.
 *
 * A thread, because the client finds its service through the environment and prints through standard output.
 */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { DefaultArtifactClient } from '@actions/artifact';
import { create } from '@actions/glob';
import { minimatch } from 'minimatch';

/** Inputs of a step, as texts. */
type Inputs = Readonly<Record<string, string>>;

/** What the other thread asks for. */
export interface ArtifactTask {
  readonly id: number;
  readonly action: 'download' | 'upload';
  readonly inputs: Inputs;
  readonly workspace: string;
}

/** What became of it: the outputs of the step, or why it is red. */
export interface ArtifactAnswer {
  readonly id: number;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly error?: string;
}

const client = new DefaultArtifactClient();

parentPort?.on('message', ({ id, action, inputs, workspace }: ArtifactTask) => {
  const done = action === 'download' ? download(inputs, workspace) : upload(inputs, workspace);
  done.then(
    (outputs) => answer({ id, outputs }),
    (error: unknown) => answer({ id, error: String(error) }),
  );
});

function answer(message: ArtifactAnswer): void {
  parentPort?.postMessage(message);
}

/** Several artifacts get a directory each, a single one that a pattern or an id finds does not; an id that is not found is only warned of while another is. */
async function download(inputs: Inputs, workspace: string): Promise<Record<string, string>> {
  const path = resolve(workspace, inputs['path'] ?? '');
  const found = await find(inputs);
  const isFlat = (inputs['name'] ?? '') !== '' || inputs['merge-multiple'] === 'true' || found.length === 1;
  for (const { id, name, digest } of found) {
    const { digestMismatch } = await client.downloadArtifact(id, {
      path: isFlat ? path : join(path, name),
      ...(digest === undefined ? {} : { expectedHash: digest }),
    });
    if (digestMismatch) throw new Error(`Digest validation failed for artifact(s): ${name}.`);
  }
  return { 'download-path': path };
}

interface Found {
  readonly id: number;
  readonly name: string;
  readonly digest?: string | undefined;
}

async function find(inputs: Inputs): Promise<readonly Found[]> {
  const { name = '', pattern = '', 'artifact-ids': ids = '' } = inputs;
  if (name !== '') return [(await client.getArtifact(name)).artifact];
  const { artifacts } = await client.listArtifacts({ latest: true });
  if (ids === '') return artifacts.filter((one) => pattern === '' || minimatch(one.name, pattern));
  const wanted = ids.split(',').map((id) => Number.parseInt(id.trim(), 10));
  if (wanted.some((id) => Number.isNaN(id))) throw new Error('Invalid artifact ID');
  const found = artifacts.filter(({ id }) => wanted.includes(id));
  if (found.length === 0) throw new Error('None of the provided artifact IDs were found');
  return found;
}

async function upload(inputs: Inputs, workspace: string): Promise<Record<string, string>> {
  const { name = 'artifact', path = '' } = inputs;
  const search = await create(resolve(workspace, path), {
    excludeHiddenFiles: inputs['include-hidden-files'] !== 'true',
    omitBrokenSymbolicLinks: true,
  });
  const [root = ''] = search.getSearchPaths();
  const files: string[] = [];
  for (const file of await search.glob()) if (!(await stat(file)).isDirectory()) files.push(file);
  if (files.length === 0) throw new Error(`No files were found with the provided path: ${path}.`);
  // What `overwrite` deletes may be missing; the upload tells.
  if (inputs['overwrite'] === 'true') await client.deleteArtifact(name).catch(() => {});
  const directory = files[0] === root ? dirname(root) : root;
  const { id, digest = '' } = await client.uploadArtifact(name, files, directory, { compressionLevel: 0 });
  const url = `https://github.com/octocat/hello-world/actions/runs/1/artifacts/${id}`;
  return { 'artifact-id': String(id), 'artifact-url': url, 'artifact-digest': digest };
}
