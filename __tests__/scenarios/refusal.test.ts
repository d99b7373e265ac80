import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario } from '../helpers/scenario.ts';

const FILES = { 'dist/a': 'aaa', 'dist/b': 'bbb', 'dist/c': 'ccc' };
let stranger: Pki;

beforeAll(async () => {
  stranger = await createPki();
});
afterAll(() => {});

describe('a service that does not accept our certificate', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'gets no request at all over %s, and the run says that the certificate was refused',
    {
      tags: ['fault-16', 'fault-17'],
    },
    async (version) => {
      const tls = { minVersion: version, maxVersion: version };
      await using scenario = await createScenario({ files: FILES, service: { tls } });
      const run = await scenario.red({ cert: stranger.client.cert, key: stranger.client.key });
      expect(scenario.service.counters.requests).toBe(0);
      expect(run.log).toContain('TLS_CLIENT_REJECTED');
      expect(await scenario.signatures()).toEqual([]);
      expect(scenario.results.artifacts).toEqual([]);
    },
  );
});

describe('a server that is not the one we trust', () => {
  test.each([
    ['does not chain to chain', 'TLS_SERVER_UNTRUSTED', {}, () => ({ chain: stranger.root.cert })],
    ['has another name', 'TLS_SERVER_NAME', { hosts: ['sign.example.com'] }, () => ({})],
    [
      'has expired',
      'TLS_SERVER_EXPIRED',
      { notBefore: new Date(Date.now() - 9e7), notAfter: new Date(Date.now() - 8e7) },
      () => ({}),
    ],
  ])(
    'one that %s is refused, even when the environment switches verification off',
    { tags: ['fault-1', 'fault-3'] },
    async (_, code, server, inputs) => {
      const pki = await createPki({ server });
      await using scenario = await createScenario({ files: FILES, service: { pki } });
      const run = await scenario.red(inputs(), { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
      expect(run.log).toContain(code);
      expect(scenario.service.counters.requests).toBe(0);
      expect(await scenario.signatures()).toEqual([]);
      expect(run.log).toContain('NODE_TLS_REJECT_UNAUTHORIZED');
    },
  );
});

describe('one file that the service refuses', () => {
  const refuseFiveBytes = ({
    lengthBytes,
  }: {
    lengthBytes: number;
  }): { kind: 'answer'; answer: { status: number; body: string } } | undefined =>
    lengthBytes === 11 + 8
      ? { kind: 'answer', answer: { status: 413, body: '{"message":"limit is 4 bytes"}' } }
      : undefined;

  test('makes the step red, uploads nothing, and leaves the others signed', async () => {
    const files = { 'dist/good': 'abc', 'dist/big': 'abcde', 'dist/fine': 'abc' };
    await using scenario = await createScenario({
      runScript: runInProcess,
      files,
      service: { script: refuseFiveBytes },
    });
    const run = await scenario.red();
    expect(await scenario.signatures()).toEqual(['dist/fine.sign', 'dist/good.sign']);
    expect(scenario.results.artifacts).toEqual([]);
    expect(run.outputs).toMatchObject({
      'file-count': '3',
      'signed-count': '2',
      'failed-count': '1',
      'artifact-id': '',
    });
    const errors = run.annotations.filter(({ type }) => type === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.title).toBe('FILE_TOO_LARGE_FOR_SERVER');
    expect(errors[0]?.message).toContain('dist/big');
    expect(errors[0]?.message).toContain('limit is 4 bytes');
    expect(run.summary).toContain('1 of 3 files failed');
  });

  test('an older signature of it does not survive', async () => {
    const files = { 'dist/good': 'abc', 'dist/big': 'abcde', 'dist/big.sign': 'old', 'dist/good.sign': 'old' };
    await using scenario = await createScenario({
      runScript: runInProcess,
      files,
      service: { script: refuseFiveBytes },
    });
    await scenario.run();
    expect(await scenario.signatures()).toEqual(['dist/good.sign']);
    expect(await scenario.read('dist/good.sign')).not.toBe('old');
  });
});

describe('bad input is refused before any connection', () => {
  test.each([
    ['an expired certificate', expiredClient, /expired/i],
    [
      'a key of another certificate',
      async () => ({ key: stranger.client.key }),
      /KEY_MISMATCH|does not (match|belong)/i,
    ],
    ['an empty certificate', async () => ({ cert: '' }), /cert\b.*empty/i],
    ['an unreadable chain', async () => ({ chain: 'not a certificate' }), /chain/],
  ])('%s', async (_, inputs, message) => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { ...FILES, 'dist/a.sign': 'old' } });
    const run = await scenario.red(await inputs());
    expect(run.log).toMatch(message);
    expect(scenario.service.counters.connections).toBe(0);
    expect(await scenario.read('dist/a.sign')).toBe('old');
  });

  async function expiredClient(): Promise<Record<string, string>> {
    const { client } = await createPki({
      client: { notBefore: new Date(Date.now() - 9e7), notAfter: new Date(Date.now() - 8e7) },
    });
    return { cert: client.cert, key: client.key };
  }

  test('all problems with the inputs come in one error, and no value of a secret', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.red({
      concurrency: '0',
      timeout: 'soon',
      upload: 'yes',
      'server-url': 'http://x',
      suffix: 'sig',
      'app-key': '',
    });
    for (const name of ['concurrency', 'timeout', 'upload', 'server-url', 'suffix', 'app-key'])
      expect(run.log).toContain(`Input ${name} `);
    expect(run.annotations.filter(({ type }) => type === 'error')).toHaveLength(1);
  });

  test('a mode that does not exist lists those that do', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.red({ mode: 'sing' });
    expect(run.log).toMatch(/“sing”.*sign, rehearse, verify/);
  });

  test('more files than max-files', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const run = await scenario.red({ 'max-files': '2' });
    expect(run.log).toContain('TOO_MANY_FILES');
    expect(scenario.service.counters.connections).toBe(0);
  });

  test('a name that the artifact service refuses is found before signing', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: { ...FILES, 'dist/a:b': 'x' } });
    const run = await scenario.red();
    expect(run.log).toContain('ARTIFACT_NAME_REFUSED');
    expect(run.log).toContain('dist/a:b');
    expect(scenario.service.counters.connections).toBe(0);
    await scenario.green({ upload: 'false' });
  });

  test('a pattern without a file', async () => {
    await using scenario = await createScenario({ runScript: runInProcess, files: FILES });
    const missing = { files: 'dist/**\nbuild/*.zip' };
    const run = await scenario.red(missing);
    expect(run.log).toContain('build/*.zip');
    const warned = await scenario.green({ ...missing, 'if-no-files-found': 'warn' });
    expect(warned.annotations.some(({ type, message }) => type === 'warning' && message.includes('build/*.zip'))).toBe(
      true,
    );
    const ignored = await scenario.green({ ...missing, 'if-no-files-found': 'ignore', overwrite: 'true' });
    expect(ignored.log).not.toContain('build/*.zip');
  });
});

test('the post step removes key files that a killed run left, and nothing else', async () => {
  await using scenario = await createScenario({ files: FILES });
  const run = await scenario.run({ upload: 'false' });
  expect(run.state['credentials']).toMatch(/mtls-release-signing-credentials-/);
  expect(existsSync(run.state['credentials'] ?? '')).toBe(false);
  expect(run.post?.exitCode).toBe(0);
});
