import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { runAction } from '../../../tools/runner/runner.ts';
import { readTransitSettings } from '../../../tools/service/vault/settings.ts';
import { startTransit, type TransitService } from '../../../tools/service/vault/transit.ts';
import { runInProcess } from '../../helpers/in-process.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function start(given: Readonly<Record<string, string>>) {
  const settings = readTransitSettings(given);
  const lines: string[] = [];
  const options = { port: 0, delayMs: 0, http2: false, tls: {} };
  const service = await startTransit(options, settings, (line) => lines.push(line));
  cleanups.push(() => service.close());
  return { settings, service, lines };
}

test.each([
  ['ecdsa-sha256', 'cert'],
  ['ecdsa-sha512', 'token'],
  ['rsa-pkcs1-sha384', 'cert'],
  ['rsa-pss-sha256', 'token'],
  ['ed25519', 'cert'],
])('the action signs by %s with login %s, with and without verify-key', async (algorithm, login) => {
  const { settings, service, lines } = await start({ 'signature-algorithm': algorithm, login, mount: 'ci/transit' });
  const directory = mkdtempSync(join(tmpdir(), 'transit-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const [workspace, runnerTemp] = [join(directory, 'workspace'), join(directory, 'temp')];
  for (const each of [workspace, runnerTemp]) mkdirSync(each);
  for (const name of ['a', 'b', 'c']) writeFileSync(join(workspace, name), name);
  const { cert, key } = service.pki.client;
  const inputs = {
    ...settings.inputs,
    files: '?',
    upload: 'false',
    'server-url': `https://127.0.0.1:${service.port}`,
    chain: service.pki.root.cert,
    cert,
    key,
    ...(login === 'token' ? { token: service.token } : {}),
  };
  for (const verifyKey of ['', service.publicKeyPem]) {
    const run = await runAction({
      actionDirectory: ACTION_DIRECTORY,
      workspace,
      runnerTemp,
      runScript: runInProcess,
      inputs: { ...inputs, reuse: 'false', 'verify-key': verifyKey },
    });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs['signed-count']).toBe('3');
  }
  expect(lines.filter((line) => line.startsWith('refused') && !line.includes('wrapping'))).toEqual([]);
});

/** Sends a signing request; returns status and answer. */
async function ask(service: TransitService, path: string, body: object, token = service.token): Promise<string> {
  const { cert, key } = service.pki.client;
  const tls = { cert, key, ca: service.pki.root.cert };
  const sent = { method: 'POST', headers: { 'X-Vault-Token': token }, ...tls };
  const answered = Promise.withResolvers<string>();
  const call = request(`https://127.0.0.1:${service.port}/v1/${path}`, sent, (response) => {
    text(response).then((said) => answered.resolve(`${response.statusCode} ${said}`), answered.reject);
  });
  call.on('error', answered.reject);
  call.end(JSON.stringify(body));
  return answered.promise;
}

describe('a request with a mistake that the real engine ignores is refused', () => {
  const input = Buffer.alloc(32).toString('base64');
  const sound = { batch_input: [{ input }], prehashed: true, marshaling_algorithm: 'asn1' };
  const PATH = 'transit/sign/release/sha2-256';
  test.each<[string, string, object, RegExp]>([
    ['nothing wrong', PATH, sound, /^200 .*"signature":"vault:v1:/],
    ['a digest in hex', PATH, { ...sound, batch_input: [{ input: '0'.repeat(64) }] }, /^400 .*has 48 bytes/],
    ['a short digest', PATH, { ...sound, batch_input: [{ input: 'AAAA' }] }, /^400 .*has 3 bytes/],
    ['no digest', PATH, { ...sound, batch_input: [{}] }, /^400 .*missing input/],
    ['no form', PATH, { ...sound, marshaling_algorithm: undefined }, /^400 .*marshaling_algorithm must be/],
    ['the wrong salt', PATH, { ...sound, salt_length: 'auto' }, /^400 .*salt_length must be undefined/],
    ['a digest that is hashed again', PATH, { ...sound, prehashed: false }, /^400 .*prehashed must be true/],
    ['another hash', 'transit/sign/release/sha2-512', sound, /^400 .*must end with sha2-256/],
    ['another key', 'transit/sign/other/sha2-256', sound, /^400 .*signing key not found/],
    ['another engine', 'pki/sign/release', sound, /^404 .*no handler for route/],
    ['another version', PATH, { ...sound, key_version: 2 }, /^400 .*requested version for signing/],
  ])('%s', async (_, path, body, answer) => {
    const { service } = await start({});
    expect(await ask(service, path, body)).toMatch(answer);
    expect(await ask(service, path, body, 's.nope')).toBe('403 {"errors":["permission denied"]}');
  });
});

test.each<[Readonly<Record<string, string>>, RegExp]>([
  [{ 'signing-key': 'a/b' }, /not the name of a transit key/],
  [{ 'signing-key': 'a@2' }, /has version 1 only/],
  [{ mount: '..' }, /not the path of an engine/],
  [{ login: 'oidc' }, /must be one of cert, token/],
  [{ request: 'x' }, /--with request means nothing here/],
])('%j is refused with a sentence', (given, sentence) => {
  expect(() => readTransitSettings(given)).toThrow(sentence);
});
