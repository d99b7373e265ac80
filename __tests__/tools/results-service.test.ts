import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Fault, QUOTA_EXCEEDED } from '../../tools/results/faults.ts';
import { type ResultsService, startResultsService } from '../../tools/results/results-service.ts';
import { entriesOf } from '../../tools/results/zip.ts';
import { runAction } from '../../tools/runner/runner.ts';

const FILES: Readonly<Record<string, Buffer>> = {
  'one.txt': Buffer.from('one'),
  'empty.txt': Buffer.alloc(0),
  'deep/er/zwei ü.bin': Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 251)),
};

let workspace: string;
let service: ResultsService;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'local-results-'));
  await mkdir(join(workspace, 'deep', 'er'), { recursive: true });
  await Promise.all(Object.entries(FILES).map(([path, bytes]) => writeFile(join(workspace, path), bytes)));
});
afterEach(async () => {
  await service.close();
  await rm(workspace, { recursive: true, force: true });
});

type Call = readonly [method: 'upload' | 'list' | 'download' | 'delete', argument?: string | number];

/** Has the real client make these calls, and returns its answers, errors as text. */
async function call(calls: readonly Call[], env: Record<string, string> = {}) {
  const run = await runAction({
    actionDirectory: join(import.meta.dirname, 'artifact-action'),
    workspace,
    runnerTemp: await mkdtemp(join(workspace, 'temp-')),
    results: service,
    inputs: { calls: JSON.stringify(calls), files: Object.keys(FILES).join('\n') },
    env,
  });
  const answers: unknown[] = JSON.parse(run.outputs['answers'] ?? '[]');
  return { answers, log: run.log };
}

test('an upload of the real client is read back byte for byte, and so is its download', async () => {
  service = await startResultsService();
  const { answers, log } = await call([
    ['upload', 'first'],
    ['download', 1],
  ]);
  const [artifact] = service.artifacts;
  const zip = artifact?.zip ?? Buffer.alloc(0);
  const sha256 = createHash('sha256').update(zip).digest('hex');
  expect(answers[0]).toEqual({ id: 1, size: zip.length, digest: sha256 });
  expect(artifact).toMatchObject({ name: 'first', id: 1, size: zip.length, digest: `sha256:${sha256}` });
  expect(Object.fromEntries((await entriesOf(zip)).map(({ path, bytes }) => [path, bytes]))).toEqual(FILES);
  expect(service.calls).toEqual(['create', 'block', 'commit', 'finalize', 'list', 'sign-url', 'download']);
  for (const [path, bytes] of Object.entries(FILES)) {
    expect(await readFile(join(workspace, 'downloaded', path))).toEqual(bytes);
  }
  expect(log).toContain('Artifact first successfully finalized');
  expect(log).not.toContain(service.env['ACTIONS_RUNTIME_TOKEN']);
});

test('a name can be used once in a run, and again after its deletion', async () => {
  service = await startResultsService();
  const { answers } = await call([['upload', 'x'], ['upload', 'x'], ['list'], ['delete', 'x'], ['upload', 'x']]);
  expect(answers).toMatchObject([
    { id: 1 },
    expect.stringContaining('(409) Conflict: an artifact with this name already exists on the workflow run'),
    { artifacts: [{ name: 'x', id: 1 }] },
    { id: 1 },
    { id: 2 },
  ]);
});

test('a name that was never finished stays taken, is not listed and cannot be deleted', async () => {
  service = await startResultsService({ faults: [{ at: 'finalize', kind: 'status', status: 400 }] });
  const { answers } = await call([['upload', 'x'], ['list'], ['delete', 'x'], ['upload', 'x']]);
  expect(answers).toEqual([
    expect.stringContaining('Failed to FinalizeArtifact'),
    { artifacts: [] },
    expect.stringContaining('Artifact not found for name: x'),
    expect.stringContaining('(409) Conflict'),
  ]);
  expect(service.artifacts).toEqual([]);
  expect(service.pending).toEqual(['x']);
});

test('refusals, cut connections, answers that are not ok and a full account reach the client as errors', async () => {
  const refused: Fault = { at: 'create', kind: 'status', status: 403, message: 'no' };
  const cut: Fault = { at: 'create', nth: 2, kind: 'drop' };
  const notOk: Fault = { at: 'create', nth: 3, kind: 'status', status: 200 };
  service = await startResultsService({ faults: [refused, cut, notOk, { ...QUOTA_EXCEEDED, nth: 4 }] });
  const { answers } = await call([1, 2, 3, 4].map(() => ['upload', 'x']));
  expect(answers).toEqual([
    expect.stringContaining('(403) Forbidden: no'),
    expect.stringContaining('Unable to make request: ECONNRESET'),
    expect.stringContaining('response from backend was not ok'),
    expect.stringContaining('Artifact storage quota has been hit'),
  ]);
  expect(service.pending).toEqual([]);
});

test('a block that is cut off once is sent again by the client', async () => {
  service = await startResultsService({ faults: [{ at: 'block', kind: 'drop' }] });
  expect((await call([['upload', 'x']])).answers).toMatchObject([{ id: 1 }]);
  expect(service.calls).toEqual(['create', 'block', 'block', 'commit', 'finalize']);
});

test('a stalled block ends in the time that the client allows', async () => {
  service = await startResultsService({ faults: [{ at: 'block', kind: 'stall', ms: 60_000 }] });
  const { answers } = await call([['upload', 'x']], { ACTIONS_ARTIFACT_UPLOAD_TIMEOUT_MS: '300' });
  expect(answers).toEqual(['Error: Upload progress stalled.']);
});

test('requests without the token or a signed address are refused', async () => {
  service = await startResultsService();
  const base = service.env['ACTIONS_RESULTS_URL'];
  const create = `${base}twirp/github.actions.results.api.v1.ArtifactService/CreateArtifact`;
  expect((await fetch(create, { method: 'POST', body: '{}' })).status).toBe(401);
  expect((await fetch(`${base}blobs/uploads/x?comp=block&blockid=MQ==`, { method: 'PUT', body: 'x' })).status).toBe(
    403,
  );
  expect((await fetch(`${base}elsewhere`)).status).toBe(404);
});

interface Answer {
  readonly ok?: boolean;
  readonly signed_upload_url: string;
  readonly signed_url: string;
}

async function twirp(method: string, members: Record<string, unknown>): Promise<{ status: number; answer: Answer }> {
  const token = service.env['ACTIONS_RUNTIME_TOKEN'] ?? '';
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const [, run, job] = String(claims.scp).split(' ').at(-1)?.split(':') ?? [];
  const response = await fetch(
    `${service.env['ACTIONS_RESULTS_URL']}twirp/github.actions.results.api.v1.ArtifactService/${method}`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ workflow_run_backend_id: run, workflow_job_run_backend_id: job, ...members }),
    },
  );
  const answer: Answer = JSON.parse(await response.text());
  return { status: response.status, answer };
}

test('size and hash are checked at the end, and ranges are served', async () => {
  service = await startResultsService();
  const { answer } = await twirp('CreateArtifact', { name: 'raw', version: 7 });
  await fetch(answer.signed_upload_url, {
    method: 'PUT',
    headers: { 'x-ms-blob-type': 'BlockBlob' },
    body: '0123456789',
  });
  const hash = `sha256:${createHash('sha256').update('0123456789').digest('hex')}`;
  expect((await twirp('FinalizeArtifact', { name: 'raw', size: '9', hash })).status).toBe(400);
  expect((await twirp('FinalizeArtifact', { name: 'raw', size: '10', hash: hash.replace(/.$/, 'x') })).status).toBe(
    400,
  );
  expect((await twirp('FinalizeArtifact', { name: 'raw', size: '10', hash })).answer).toEqual({
    ok: true,
    artifact_id: '1',
  });
  const { signed_url: url } = (await twirp('GetSignedArtifactURL', { name: 'raw' })).answer;
  const part = await fetch(url, { headers: { range: 'bytes=2-4' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234']);
  expect(await (await fetch(url, { headers: { range: 'bytes=9-' } })).text()).toBe('9');
  expect((await fetch(url, { headers: { range: 'bytes=10-' } })).status).toBe(416);
  expect((await fetch(url.replace('downloads/1', 'downloads/2'))).status).toBe(403);
});
