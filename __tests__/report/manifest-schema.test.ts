import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareBytewise } from '../../src/files/names.ts';
import { createPki } from '../../src/rehearsal/pki.ts';
import type { ActionRun } from '../../tools/runner/runner.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario, type Scenario, type ScenarioOptions } from '../helpers/scenario.ts';
import { problemsOf, schema } from './schema.ts';

const FILES = { 'dist/b': 'bb', 'dist/a': 'a', 'dist/ü "x"\n.bin': '', 'dist/deep/c': 'c'.repeat(2000) };
const OFFLINE = { cert: '', key: '', chain: '', 'app-key': '', 'app-secret': '', 'server-url': '' };

interface Manifest {
  readonly [name: string]: unknown;
  readonly files?: readonly { readonly path: string; readonly status: string; readonly error?: { code: string } }[];
}

async function manifestOf(run: ActionRun, exitCode: number): Promise<Manifest> {
  expect(run.exitCode, run.log).toBe(exitCode);
  const text = await readFile(run.outputs['manifest'] ?? '', 'utf8');
  expect(text.endsWith('}\n')).toBe(true);
  const manifest: Manifest = JSON.parse(text);
  expect(problemsOf(manifest), text).toEqual([]);
  const paths = manifest.files?.map(({ path }) => path) ?? [];
  expect(paths).toEqual([...paths].sort(compareBytewise));
  return manifest;
}

interface World {
  readonly scenario: Scenario;
  readonly key: Readonly<Record<string, string>>;
  readonly at: (name: string) => string;
}

async function within<T>(use: (world: World) => Promise<T>, options?: Partial<ScenarioOptions>): Promise<T> {
  await using scenario = await createScenario({ runScript: runInProcess, files: FILES, ...options });
  const key = { 'verify-key': scenario.service.credentials.verifyKeyPem, upload: 'false' };
  return await use({ scenario, key, at: (name) => join(scenario.workspace, name) });
}

describe('the schema accepts what the action writes', () => {
  test('of a signing: checked, in part kept, unchecked, and in slices', () =>
    within(async ({ scenario, key, at }) => {
      const whole = await manifestOf(await scenario.run({ ...key, checksums: 'SHA256SUMS' }), 0);
      expect(whole).toMatchObject({ mode: 'sign', checked: true, shard: null, totals: { files: 4, signed: 4 } });
      await rm(at('dist/a.sign'));
      const kept = await manifestOf(await scenario.run(key), 0);
      expect(kept.files?.map(({ status }) => status)).toEqual(['signed', 'reused', 'reused', 'reused']);
      const unchecked = await manifestOf(await scenario.run({ upload: 'false' }), 0);
      expect(unchecked).toMatchObject({ checked: false, files: [{ status: 'signed' }, {}, {}, {}] });
      for (const shard of ['1/3', '3/3']) {
        expect(await manifestOf(await scenario.run({ ...key, shard }), 0)).toMatchObject({ shard });
      }
      const empty = await manifestOf(await scenario.run({ ...key, shard: '9/9' }), 0);
      expect(empty).toMatchObject({ files: [], totals: { files: 0 } });
    }));

  test('of a signing that failed for several reasons, and of one that never began', () =>
    within(
      async ({ scenario, key }) => {
        const failed = await manifestOf(await scenario.run({ ...key, concurrency: '1', attempts: '1' }), 1);
        expect(new Set(failed.files?.map(({ error }) => error?.code))).toEqual(
          new Set([undefined, 'FILE_TOO_LARGE_FOR_SERVER', 'RESP_BAD_SIGNATURE']),
        );
        const { cert, key: privateKey } = (await createPki()).client;
        const stranger = await manifestOf(await scenario.run({ ...key, cert, key: privateKey }), 1);
        expect(stranger.files?.map(({ status }) => status).sort()).toEqual(['failed', 'not-tried', 'reused', 'reused']);
        const broken = await manifestOf(await scenario.run({ cert: 'no certificate' }), 1);
        expect(broken).toMatchObject({ signer: {} });
        expect(broken).not.toHaveProperty('service');
      },
      {
        service: {
          script: ({ index }) => {
            if (index === 1) return { kind: 'answer', answer: { status: 413 } };
            return index === 2 ? { kind: 'answer', answer: { status: 200, body: '{"signData":""}' } } : undefined;
          },
        },
      },
    ));

  test('of a rehearsal says that it is one', () =>
    within(async ({ scenario }) => {
      const run = await scenario.run({ ...OFFLINE, mode: 'rehearse', upload: 'false' });
      expect(await manifestOf(run, 0)).toMatchObject({ mode: 'rehearse', rehearsal: true, checked: true });
    }));

  test('of a verification, green and with every kind of finding', () =>
    within(async ({ scenario, key, at }) => {
      await scenario.run(key);
      const verify = { ...OFFLINE, ...key, mode: 'verify' };
      const green = await manifestOf(await scenario.run(verify), 0);
      expect(green).toMatchObject({ mode: 'verify', files: [{ status: 'verified' }, {}, {}, {}] });
      await rename(at('dist/a'), at('gone'));
      await rm(at('dist/b.sign'));
      await mkdir(at('dist/b.sign'));
      await writeFile(at('dist/deep/c'), 'changed');
      await writeFile(at('dist/new'), 'new');
      const red = await manifestOf(await scenario.run(verify), 1);
      expect(red.files?.map(({ path, error }) => [path, error?.code])).toEqual([
        ['dist/a.sign', 'SIGNATURE_ORPHANED'],
        ['dist/b', 'SIGNATURE_UNREADABLE'],
        ['dist/deep/c', 'SIGNATURE_INVALID'],
        ['dist/new', 'SIGNATURE_MISSING'],
        ['dist/ü "x"\n.bin', undefined],
      ]);
      expect(red.files?.[0]).toMatchObject({ path: 'dist/a.sign', signature: 'dist/a.sign' });
    }));

  test('of a preflight, sound and with findings', () =>
    within(async ({ scenario, key }) => {
      const preflight = { ...key, mode: 'preflight' };
      expect(await manifestOf(await scenario.run(preflight), 0)).toMatchObject({ mode: 'preflight', shard: null });
      const broken = { ...preflight, key: 'no key', 'app-secret': '', chain: '' };
      const { findings } = await manifestOf(await scenario.run(broken), 1);
      expect(JSON.stringify(findings)).toContain('"level":"failure"');
      expect(JSON.stringify(findings)).toContain('"notChecked":true');
    }));
});

type Tree = Record<string, unknown>;

/** Puts a value at a path such as `files.0.size`, or removes what stands there. */
function withChange(manifest: unknown, path: string, value: unknown): unknown {
  const copy: Tree = structuredClone(manifest) as Tree;
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce((tree, name) => tree[name] as Tree, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

const SHA256 = 'a'.repeat(64);
const ERROR = { code: 'SIGNATURE_MISSING', message: 'It is gone.' };
const SIGNED = {
  version: 1,
  mode: 'sign',
  rehearsal: false,
  checked: true,
  createdAt: '2026-01-02T03:04:05.678Z',
  service: 'https://sign.example.com',
  signer: {
    certificate: { subject: 'CN=a', issuer: 'CN=b', notAfter: '2027-01-02T03:04:05.000Z', sha256: SHA256 },
    verifyKeySha256: SHA256,
  },
  shard: '2/5',
  files: [{ path: 'a', size: 1, sha256: SHA256, signature: 'a.sign', status: 'signed', attempts: 1, ms: 9 }],
  totals: { files: 1, signed: 1, reused: 0, verified: 1, failed: 0, notTried: 0, bytes: 1, requests: 1, durationMs: 9 },
};
const FOUND = withChange(
  { ...SIGNED, mode: 'preflight', shard: null, findings: [{ check: 'key', level: 'ok', what: 'it fits', ms: 0 }] },
  'files',
  undefined,
);

test('the samples to change are sound', () => {
  expect(problemsOf(SIGNED)).toEqual([]);
  expect(problemsOf(FOUND)).toEqual([]);
  expect(problemsOf({ ...SIGNED, failure: ERROR })).toEqual([]);
});

test.each<[string, string, unknown]>([
  ['another version', 'version', 2],
  ['an unknown mode', 'mode', 'skipped'],
  ['a rehearsal that does not say so', 'mode', 'rehearse'],
  ['a signing that claims to be a rehearsal', 'rehearsal', true],
  ['no word about checking', 'checked', undefined],
  ['checked with no key', 'signer.verifyKeySha256', undefined],
  ['a key, but not checked', 'checked', false],
  ['a date for people', 'createdAt', 'yesterday'],
  ['a service with a path', 'service', 'https://sign.example.com/api'],
  ['a certificate without a hash', 'signer.certificate.sha256', undefined],
  ['more about the certificate', 'signer.certificate.key', 'secret'],
  ['a shard of nothing', 'shard', '0/5'],
  ['a missing shard', 'shard', undefined],
  ['no files', 'files', undefined],
  ['files and findings', 'findings', [{ check: 'key', level: 'ok', what: 'it fits', ms: 0 }]],
  ['a property of somebody else', 'note', 'hello'],
  ['a signature in it', 'files.0.signData', 'MEUC'],
  ['an unknown status', 'files.0.status', 'done'],
  ['a status of another mode', 'files.0.status', 'verified'],
  ['signed, but no hash', 'files.0.sha256', undefined],
  ['a hash in capitals', 'files.0.sha256', 'A'.repeat(64)],
  ['signed, and an error', 'files.0.error', ERROR],
  ['failed, and no error', 'files.0.status', 'failed'],
  ['half a file', 'files.0.size', 0.5],
  ['a file without a name', 'files.0.path', ''],
  ['totals that lack one', 'totals.notTried', undefined],
  ['a negative count', 'totals.failed', -1],
  ['a failure without a message', 'failure', { code: 'DEADLINE' }],
  ['a failure that holds more', 'failure', { ...ERROR, stack: 'at x' }],
])('the schema refuses %s', (_, path, value) => {
  expect(problemsOf(withChange(SIGNED, path, value))).not.toEqual([]);
});

test.each<[string, string, unknown]>([
  ['a preflight with files', 'files', []],
  ['a preflight of a shard', 'shard', '1/2'],
  ['a preflight that looked at nothing', 'findings', []],
  ['an unknown level', 'findings.0.level', 'error'],
  ['a failure without a code', 'findings.0.level', 'failure'],
  ['a code that is no name', 'findings.0.code', 'oh no'],
])('the schema refuses %s', (_, path, value) => {
  expect(problemsOf(withChange(FOUND, path, value))).not.toEqual([]);
});

test('every property is described, directly or where it is defined', () => {
  const definitions = schema['$defs'] as Tree;
  const bare: string[] = [];
  const look = (node: Tree, path: string): void => {
    for (const [name, property] of Object.entries((node['properties'] ?? {}) as Record<string, Tree>)) {
      const reference = property['$ref'];
      const key = typeof reference === 'string' ? reference.replace('#/$defs/', '') : '';
      const named = definitions[key] as Tree | undefined;
      const isNameEnough = ['subject', 'issuer', 'message', 'level'].includes(name);
      if (!property['description'] && !named?.['description'] && !isNameEnough) bare.push(`${path}.${name}`);
      look(property, `${path}.${name}`);
    }
  };
  look(schema, '');
  for (const [name, definition] of Object.entries(definitions)) look(definition as Tree, name);
  expect(bare).toEqual([]);
});
