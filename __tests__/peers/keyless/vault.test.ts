import { afterAll, beforeAll, expect, test } from 'vitest';
import { KeylessWorld } from './world.ts';

let world: KeylessWorld;

beforeAll(async () => {
  world = await KeylessWorld.start();
});

afterAll(() => world.stop());

test('a release is signed over mTLS without any stored key, and the receipt tells who the job was', async () => {
  const { run, manifest } = await world.sign(world.inputs);
  expect(run.exitCode, run.log).toBe(0);
  expect(run.outputs).toMatchObject({ 'signed-count': '3', 'verified-count': '3' });
  const { certificate, identity } = manifest.signer ?? {};
  expect(certificate).toMatchObject({ subject: 'CN=acme/app', issuer: 'CN=Keyless CA', source: 'vault' });
  expect(identity).toMatchObject({
    issuer: world.tokens.issuer,
    repository: 'acme/app',
    ref: 'refs/tags/v1.0.0',
    runId: '1',
  });
  expect(run.outputs['cert-expires']).toBe(certificate?.['notAfter']);
  const lifeMs = Date.parse(certificate?.['notAfter'] ?? '') - Date.now();
  expect(lifeMs).toBeGreaterThan(13 * 60_000);
  expect(lifeMs).toBeLessThanOrEqual(15 * 60_000);
  const seen = world.seen();
  expect(seen.length).toBeGreaterThan(0);
  expect(new Set(seen.map(({ serial }) => serial))).toEqual(new Set([certificate?.['serial']]));
  expect(world.tokens.audiences).toEqual([world.bao.url]);
});
