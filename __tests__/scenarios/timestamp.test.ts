import { createHash } from 'node:crypto';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { entriesOf } from '../../tools/results/zip.ts';
import { runAlone } from '../docs/shell.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario, opensslAccepts, type Scenario } from '../helpers/scenario.ts';
import { type Authority, opensslVerifies, startAuthority } from '../timestamp/authority.ts';

const FILES = { 'dist/app.zip': 'app', 'dist/readme.txt': 'read me' };
const STAMP = 'SHA256SUMS.tsr';

let authority: Authority;
beforeAll(async () => {
  authority = await startAuthority();
});
beforeEach(() => authority.behave('sound'));
afterAll(() => authority[Symbol.asyncDispose]());

function stamping({ service }: Scenario): Record<string, string> {
  return {
    'verify-key': service.credentials.verifyKeyPem,
    checksums: 'SHA256SUMS',
    'timestamp-url': authority.url,
    'timestamp-chain': authority.root,
  };
}

test('the checksums get a stamp that openssl ts -verify accepts; it is signed, uploaded and in the manifest', async () => {
  await using scenario = await createScenario({ files: FILES });
  const before = authority.digests.length;
  const run = await scenario.green({ ...stamping(scenario), manifest: 'manifest.json' });
  expect(run.outputs).toMatchObject({ 'file-count': '2', 'signed-count': '2', 'request-count': '5' });
  const at = (path: string): string => join(scenario.workspace, path);
  expect(await opensslVerifies(at('SHA256SUMS'), at(STAMP), authority.rootPath)).toBe(true);
  expect(await opensslAccepts(scenario.service.credentials.verifyKeyPem, at(STAMP), at(`${STAMP}.sign`))).toBe(true);
  const sha256 = createHash('sha256')
    .update(await readFile(at('SHA256SUMS')))
    .digest('hex');
  const [first, ...others] = authority.digests.slice(before);
  expect(others, 'a random digest is asked first').toEqual([sha256]);
  expect(first).not.toBe(sha256);
  const [artifact] = scenario.results.artifacts;
  const uploaded = (await entriesOf(artifact?.zip ?? Buffer.alloc(0))).map(({ path }) => path);
  expect(uploaded).toEqual(expect.arrayContaining([STAMP, `${STAMP}.sign`]));
  const { timestamp } = JSON.parse(await scenario.read('manifest.json')) as { timestamp?: Record<string, string> };
  expect(timestamp?.['authority']).toBe(authority.url);
  expect(Date.now() - Date.parse(timestamp?.['time'] ?? '')).toBeLessThan(120_000);
  expect(run.summary).toContain('Time stamp');
});

test('the kit names the stamp, and its command for the time works too', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  await scenario.green({ ...stamping(scenario), 'verification-kit': 'kit', upload: 'false' });
  await copyFile(authority.rootPath, join(scenario.workspace, 'authority.pem'));
  const [, block = ''] = /## The time\n[\s\S]*?```sh\n(.*?)\n```/s.exec(await scenario.read('kit/VERIFY.md')) ?? [];
  expect((await runAlone(block, scenario.workspace)).output).toContain('Verification: OK');
  const page = await scenario.read('kit/verify.html');
  for (const path of ['SHA256SUMS', STAMP]) {
    const bytes = await readFile(join(scenario.workspace, path));
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect(page).toContain(JSON.stringify([path, bytes.length, digest]));
  }
  expect(page).toContain('"companions":["kit/verify.html","kit/VERIFY.md"]');
});

test('an existing stamp for the same checksums is kept, also when the authority is down', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { ...stamping(scenario), upload: 'false' };
  await scenario.green(inputs);
  const stamp = await readFile(join(scenario.workspace, STAMP));
  const again = await scenario.run({ ...inputs, 'timestamp-url': 'http://127.0.0.1:1/' });
  expect([again.exitCode, again.outputs['request-count']], again.log).toEqual([0, '0']);
  expect(await readFile(join(scenario.workspace, STAMP))).toEqual(stamp);
});

test('an authority that is down is found before the first signing request, and nothing is removed', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { ...stamping(scenario), upload: 'false' };
  await scenario.green(inputs);
  await writeFile(join(scenario.workspace, 'dist/app.zip'), 'changed');
  const asked = scenario.service.log.length;
  const run = await scenario.run({ ...inputs, 'timestamp-url': 'http://127.0.0.1:1/tsa' });
  expect([run.exitCode, run.outputs['mode']]).toEqual([1, '']);
  expect(run.log).toMatch(/TIMESTAMP_FAILED[\s\S]*127\.0\.0\.1:1\/tsa: the connection was refused \(CONNECT_REFUSED\)/);
  expect(scenario.service.log.length).toBe(asked);
  expect(await scenario.signatures()).toHaveLength(4);
});

test('preflight asks for a stamp, and a rejection is a finding', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { ...stamping(scenario), mode: 'preflight' };
  const sound = await scenario.run(inputs);
  expect([sound.exitCode, sound.log], sound.log).toEqual([0, expect.stringContaining('answers with a time stamp of')]);
  authority.behave('rejection');
  const run = await scenario.red(inputs);
  expect(run.log).toMatch(/TIMESTAMP_FAILED[\s\S]*TIMESTAMP_REFUSED/);
});

test('an authority that fails at the end leaves neither checksums nor stamp, and nothing is uploaded', async () => {
  await using scenario = await createScenario({
    runScript: runInProcess,
    files: FILES,
    service: {
      script: () => {
        authority.behave('another imprint');
        return undefined;
      },
    },
  });
  const run = await scenario.red(stamping(scenario));
  expect(run.log).toMatch(/TIMESTAMP_FAILED[\s\S]*TIMESTAMP_IMPRINT_DIFFERS/);
  expect(scenario.results.artifacts).toEqual([]);
  for (const path of ['SHA256SUMS', 'SHA256SUMS.sign', STAMP, `${STAMP}.sign`]) {
    await expect(scenario.read(path)).rejects.toThrow('ENOENT');
  }
  expect(await scenario.signatures()).toEqual(['dist/app.zip.sign', 'dist/readme.txt.sign']);
});

test('verify checks the stamp, and demands it when timestamp-chain is given', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const all = { ...stamping(scenario), files: '**', upload: 'false' };
  await scenario.green(all);
  const verify = { ...all, mode: 'verify' };
  const at = (path: string): string => join(scenario.workspace, path);
  const green = await scenario.run(verify);
  expect([green.exitCode, green.outputs['file-count']], green.log).toEqual([0, '2']);
  expect(green.log).toMatch(/Time stamp SHA256SUMS\.tsr: 20\d\d-.*, by O=Example, CN=sound stamps/);
  const unjudged = await scenario.run({ ...verify, 'timestamp-chain': '' });
  expect([unjudged.exitCode, unjudged.log]).toEqual([0, expect.stringContaining('its authority was not checked')]);
  const stranger = await scenario.run({ ...verify, 'timestamp-chain': scenario.service.credentials.chain });
  expect(stranger.log).toContain('TIMESTAMP_UNTRUSTED');
  await rm(at(`${STAMP}.sign`));
  expect((await scenario.run(verify)).log).toContain('SIGNATURE_MISSING');
  await rm(at(STAMP));
  expect((await scenario.run(verify)).log).toContain('TIMESTAMP_MISSING');
  await scenario.green({ ...verify, 'timestamp-chain': '' });
});

test('an authority whose clock is days ahead is found before the first signing request; three hours are a warning', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { ...stamping(scenario), upload: 'false' };
  authority.behave('ten days ahead');
  for (const mode of ['sign', 'preflight']) {
    const asked = scenario.service.log.length;
    const run = await scenario.run({ ...inputs, mode });
    expect([run.exitCode, run.outputs['mode']]).toEqual([1, '']);
    expect(run.log).toMatch(
      /The time stamp says .*Z, and the clock of this machine says .*Z \(TIMESTAMP_TIME_DIFFERS\)/,
    );
    expect(run.log).toContain('because its clock is wrong or somebody else uses its key');
    if (mode === 'sign') expect(scenario.service.log.length).toBe(asked);
  }
  authority.behave('three hours ahead');
  for (const mode of ['sign', 'preflight', 'verify']) {
    const run = await scenario.run({ ...inputs, mode });
    expect([run.exitCode, run.outputs['mode']], run.log).toEqual([0, mode]);
    const isCompared = mode !== 'verify';
    expect(run.log.includes('and the clock of this machine says'), run.log).toBe(isCompared);
  }
});

test('verify finds a stamp of another release, though its signature is genuine', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const inputs = { ...stamping(scenario), upload: 'false' };
  const at = (path: string): string => join(scenario.workspace, path);
  await scenario.green(inputs);
  for (const path of [STAMP, `${STAMP}.sign`]) await copyFile(at(path), at(`old-${path}`));
  await writeFile(at('dist/app.zip'), 'changed');
  await scenario.green(inputs);
  for (const path of [STAMP, `${STAMP}.sign`]) await copyFile(at(`old-${path}`), at(path));
  const run = await scenario.run({ ...inputs, mode: 'verify' });
  expect([run.exitCode, run.log]).toEqual([1, expect.stringContaining('TIMESTAMP_IMPRINT_DIFFERS')]);
});

test('a file of somebody else at the place of the stamp stops the run before its first request', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: { ...FILES, [STAMP]: 'mine' } });
  const run = await scenario.run(stamping(scenario));
  expect([run.exitCode, run.log]).toEqual([1, expect.stringMatching(/OUTPUT_OCCUPIED[\s\S]*SHA256SUMS\.tsr/)]);
  expect(await scenario.read(STAMP)).toBe('mine');
  expect(scenario.service.log).toEqual([]);
});

test.each([
  [{ checksums: '' }, ['timestamp-url needs checksums']],
  [{ suffix: '.tsr' }, ['timestamp-url cannot be used with the suffix .tsr']],
  [
    {
      'timestamp-url': 'ftp://stamps.example.com\nhttps://me:secret@stamps.example.com',
      'timestamp-chain': 'no certificate',
      manifest: STAMP,
    },
    [
      'timestamp-url holds a line that is not a URL',
      'timestamp-url must not hold a user',
      'input timestamp-chain',
      'must be another path than manifest',
    ],
  ],
])('%j is refused before any connection', async (more, sentences) => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const before = authority.digests.length;
  const run = await scenario.red({ ...stamping(scenario), ...more });
  for (const sentence of sentences) expect(run.log.replaceAll('Input', 'input')).toContain(sentence);
  expect([scenario.service.log.length, authority.digests.length - before]).toEqual([0, 0]);
  expect(run.log).not.toContain('me:secret');
});

test('a stamp that the run does not replace stays, with a warning', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: { ...FILES, [STAMP]: 'old' } });
  const run = await scenario.run({ ...stamping(scenario), files: '**', 'timestamp-url': '', upload: 'false' });
  expect([run.exitCode, run.outputs['file-count']]).toEqual([0, '2']);
  expect(run.log).toContain('SHA256SUMS.tsr stays as it is and unsigned');
});

test('a rehearsal and the other slices ask no authority', async () => {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
  const before = authority.digests.length;
  const rehearsal = await scenario.run({ ...stamping(scenario), mode: 'rehearse', upload: 'false' });
  expect([rehearsal.exitCode, rehearsal.summary]).toEqual([
    0,
    expect.stringContaining('A rehearsal makes no connection to a time stamp authority'),
  ]);
  await scenario.green({ ...stamping(scenario), shard: '2/2', upload: 'false' });
  expect(authority.digests.length).toBe(before);
});
