import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTokenService } from '../../../tools/oidc/token-service.ts';
import { KeylessWorld, refusal, type Seen, setRole } from './world.ts';

let world: KeylessWorld;

beforeAll(async () => {
  world = await KeylessWorld.start({}, { delayMs: 200 });
  // Its last ten seconds are not used, so that a certificate serves for four.
  await setRole(world.bao, 'ci', { max_ttl: '14s' });
});

afterAll(() => world.stop());

/** Requests on connections that were made with a certificate that had been replaced by then. */
function withOldCertificate(seen: readonly Seen[]): readonly Seen[] {
  const serials = [...new Set(seen.map(({ serial }) => serial))];
  const firstOf = new Map<string, number>();
  for (const [at, { connection }] of seen.entries()) if (!firstOf.has(connection)) firstOf.set(connection, at);
  return seen.filter(({ serial, connection }, at) => {
    const newer = seen.slice(0, at).some((each) => serials.indexOf(each.serial) > serials.indexOf(serial));
    return newer && firstOf.get(connection) === at;
  });
}

describe.each(['false', 'true'])('with http2: %s', (http2) => {
  test('a run that is longer than its certificate gets new ones, loses no file, and shows none after its end', async () => {
    const before = world.seen().length;
    const inputs = { ...world.inputs, concurrency: '2', http2 };
    const { run, manifest } = await world.sign(inputs, { files: 70 });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ 'verified-count': '70', 'failed-count': '0' });
    const seen = world.seen().slice(before);
    const serials = [...new Set(seen.map(({ serial }) => serial))];
    expect(serials.length).toBeGreaterThanOrEqual(2);
    expect(seen.filter(({ at, end }) => Date.parse(at) > Date.parse(end))).toEqual([]);
    expect(withOldCertificate(seen)).toEqual([]);
    expect(manifest.signer?.certificate?.['serial']).toBe(serials.at(-1));
    expect(manifest.files?.every(({ attempts }) => attempts === 1)).toBe(true);
  });
});

test('with an authority that is sealed meanwhile, the certificate is used until it expires, then the run says why it ends', async () => {
  const before = world.seen().length;
  const running = world.sign({ ...world.inputs, concurrency: '2' }, { files: 400 });
  while (world.seen().length < before + 5) await new Promise((resolve) => void setTimeout(resolve, 50));
  await world.bao.seal();
  const signing = await running;
  await world.bao.unseal();
  const { exitCode, error } = refusal(signing);
  expect(exitCode).toBe(1);
  expect(error).toMatch(/CERTIFICATE_NOT_ISSUED.*answered 503: Vault is sealed/s);
  const seen = world.seen().slice(before);
  expect(seen.filter(({ at, end }) => Date.parse(at) > Date.parse(end))).toEqual([]);
  expect(Number(signing.run.outputs['signed-count'])).toBeGreaterThan(5);
});

test('a token service that refuses meanwhile ends the run once, not file by file', async () => {
  let refuses = false;
  const tokens = await startTokenService({ claims: world.claims, status: () => (refuses ? 403 : 200) });
  await world.bao.set('POST', 'auth/jwt/config', {
    jwt_validation_pubkeys: [tokens.publicKey],
    bound_issuer: tokens.issuer,
  });
  const before = world.seen().length;
  const running = world.sign({ ...world.inputs, concurrency: '10' }, { files: 400, env: tokens.env });
  while (world.seen().length < before + 5) await new Promise((resolve) => void setTimeout(resolve, 50));
  refuses = true;
  const signing = await running;
  await tokens.close();
  const { exitCode, error } = refusal(signing);
  expect(exitCode).toBe(1);
  expect(error).toMatch(/ID_TOKEN_REFUSED.*it answered 403/s);
  // The first certificate, one try at two thirds of its life, and one at its end.
  expect(tokens.audiences.length).toBeLessThanOrEqual(4);
  expect(signing.manifest.files?.filter(({ status }) => status === 'failed').length).toBeLessThanOrEqual(1);
});
