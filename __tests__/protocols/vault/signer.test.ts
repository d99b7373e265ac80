import { expect, test } from 'vitest';
import type { WireRequest, WireResponse } from '../../../src/connection/exchange.ts';
import type { Transport } from '../../../src/connection/transport.ts';
import { cutOnly } from '../../../src/protocols/answers/scrub.ts';
import { Session } from '../../../src/protocols/vault/session.ts';
import { VaultSigner } from '../../../src/protocols/vault/vault.ts';
import { memorySource } from '../../../src/signing/sent-bytes.ts';
import { type AlgorithmName, algorithmOf } from '../../../src/verifying/algorithm.ts';

const FOREVER = new AbortController().signal;

/** A signer over a service that `answer` plays, which gets the path and the parsed body of each request. */
function signerOver(
  answer: (path: string, body: { batch_input?: readonly unknown[] }) => Promise<WireResponse>,
  { algorithm, isChecked = false }: { readonly algorithm?: AlgorithmName; readonly isChecked?: boolean } = {},
) {
  const paths: string[] = [];
  const warnings: string[] = [];
  const transport: Transport = {
    firstConnection: Promise.resolve(0),
    post({ path, body, headers }: WireRequest) {
      paths.push(path);
      expect(headers).toContain('X-Vault-Request');
      return answer(path, body instanceof Uint8Array && body.length > 0 ? JSON.parse(String(Buffer.from(body))) : {});
    },
    prepare: () => {},
    dropIdle: () => {},
    asksForCertificate: () => true,
    requests: () => paths.length,
    close: () => {},
  };
  const token = { value: 't', leaseMs: Number.POSITIVE_INFINITY, isRevocable: false };
  const session = new Session({ login: async () => token, revoke: async () => {}, now: () => 0 });
  const signer = new VaultSigner(transport, {
    base: '/v1',
    key: { mount: 'transit', name: 'release' },
    algorithm: algorithm && algorithmOf(algorithm),
    isChecked,
    encoding: 'base64',
    session,
    scrub: cutOnly,
    onWarning: (text) => warnings.push(text),
  });
  const sign = (name: string, signal = FOREVER) => signer.sign(memorySource(name, Buffer.from(name)), signal);
  return { signer, sign, paths, warnings };
}

function json(status: number, value: unknown): WireResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(value)) };
}

const signed = ({ batch_input: items = [] }: { batch_input?: readonly unknown[] }, more = {}): WireResponse =>
  json(200, { data: { batch_results: items.map(() => ({ signature: 'vault:v2:AQID', key_version: 2 })) }, ...more });
const KEY = json(200, { data: { type: 'ecdsa-p256', latest_version: 2, keys: {} } });
const isQuestion = (path: string): boolean => path.includes('/keys/');

test('the type of the key is asked once for all files, and again after that failed', async () => {
  let answers = [json(503, { errors: ['busy'] }), KEY];
  const { sign, paths } = signerOver(async (path, body) =>
    isQuestion(path) ? (answers.shift() ?? KEY) : signed(body),
  );
  const first = await Promise.allSettled([sign('a'), sign('b'), sign('c')]);
  const failures = first.map((each) => (each.status === 'rejected' ? each.reason : undefined));
  expect(failures.map(({ code }) => code)).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
  // One event of the service, however many files waited for the answer.
  expect(new Set(failures.map(({ facts }) => facts.request)).size).toBe(1);
  expect(failures[0].facts.request).toBeDefined();
  answers = [KEY];
  expect(await Promise.all([sign('a'), sign('b')])).toEqual([1, 2].map(() => ({ text: 'AQID', keyVersion: 2 })));
  expect(paths.filter(isQuestion)).toHaveLength(2);
});

test('a file that gives up while the type of the key is asked for takes no other file with it', async () => {
  const question = Promise.withResolvers<WireResponse>();
  const { sign } = signerOver((path, body) => (isQuestion(path) ? question.promise : Promise.resolve(signed(body))));
  const controller = new AbortController();
  const [impatient, patient] = [sign('a', controller.signal), sign('b')];
  controller.abort(new Error('gave up'));
  await expect(impatient).rejects.toThrow('gave up');
  question.resolve(KEY);
  expect(await patient).toMatchObject({ keyVersion: 2 });
});

test('without verify-key an algorithm that is given is held against the type of the key, with verify-key every signature is checked anyway', async () => {
  const answer = async (path: string, body: { batch_input?: readonly unknown[] }) =>
    isQuestion(path) ? json(200, { data: { type: 'ed25519', latest_version: 1, keys: {} } }) : signed(body);
  const unchecked = signerOver(answer, { algorithm: 'ecdsa-sha256' });
  await expect(unchecked.sign('a')).rejects.toMatchObject({ kind: 'config', code: 'KEY_NOT_FOUND' });
  const checked = signerOver(answer, { algorithm: 'ecdsa-sha256', isChecked: true });
  await checked.sign('a');
  expect(checked.paths.filter(isQuestion)).toEqual([]);
});

test('a warning of the service is shown once, and few of them', async () => {
  let count = 0;
  const { sign, warnings } = signerOver(
    async (_, body) => signed(body, { warnings: ['parameter ignored', `number ${++count}`] }),
    { algorithm: 'ecdsa-sha256', isChecked: true },
  );
  for (let at = 0; at < 5; at++) await sign(`f${at}`);
  expect(warnings).toEqual(['parameter ignored', 'number 1', 'number 2']);
});

test.each([
  [404, '<html>', 1],
  [400, JSON.stringify({ errors: ['refused JSON input due to high complexity'] }), 7],
  [413, '', 7],
])('a request of 4 files that is answered with %d becomes %d requests', async (status, body, requests) => {
  const { sign, paths } = signerOver(async () => ({ status, headers: {}, body: Buffer.from(body) }), {
    algorithm: 'ecdsa-sha256',
    isChecked: true,
  });
  await Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => sign(name)));
  expect(paths).toHaveLength(requests);
});

test('a digest of another length is never sent', async () => {
  const { signer, paths } = signerOver(async (_, body) => signed(body), { algorithm: 'ecdsa-sha256', isChecked: true });
  for (const digest of [Buffer.alloc(20), Buffer.from('ab'.repeat(32)), Buffer.alloc(0)]) {
    const source = memorySource('a', Buffer.from('a'));
    const faulty = { ...source, digest: async <H>(begin: () => H) => ({ hashing: begin(), digest }) };
    await expect(signer.sign(faulty, FOREVER)).rejects.toThrow(RangeError);
  }
  expect(paths).toEqual([]);
});

test('a file that is only hashed weighs little, a file that is sent whole several times its size', () => {
  const answer = async () => KEY;
  const { signer: digests } = signerOver(answer, { algorithm: 'ecdsa-sha256', isChecked: true });
  const { signer: files } = signerOver(answer, { algorithm: 'ed25519', isChecked: true });
  expect(digests.weigh(5e9)).toBeLessThan(2 ** 21);
  expect(digests.weigh(4000)).toBeLessThan(2 ** 15);
  expect(files.weigh(20e6)).toBeGreaterThan(1e8);
});
