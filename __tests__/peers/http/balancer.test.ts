import { execFile } from 'node:child_process';
import { verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { issueCertificate } from '../../../src/rehearsal/certificate.ts';
import { createPki, type Pki } from '../../../src/rehearsal/pki.ts';
import { jsonAnswer } from '../../../src/rehearsal/requests/call.ts';
import { createScenario, type Scenario } from '../../helpers/scenario.ts';
import { buildRequest, type Target } from '../../rehearsal/client.ts';
import { type Script, type ServiceOptions, startService } from '../../rehearsal/faulty-service.ts';
import { startBalancer } from './fronts.ts';

const FILES = Object.fromEntries(
  Array.from({ length: 40 }, (_, at) => [`dist/f${at}`, Buffer.alloc(300 * at + 1, `${at} `)]),
);
const APP_SECRET = 'secret-of-every-node';
/** Runs of curl at the same time. */
const PARALLEL = 8;
let pki: Pki;

beforeAll(async () => {
  pki = await createPki();
});

const fails: Script = () => ({ kind: 'answer', answer: jsonAnswer(500, { error: 'node is not set up' }) });
const resets: Script = () => ({ kind: 'end', when: 'after-body', by: 'reset' });
async function expired(): Promise<ServiceOptions> {
  const [notBefore, notAfter] = [new Date(Date.now() - 9 * 86_400_000), new Date(Date.now() - 86_400_000)];
  const hosts = ['127.0.0.1'];
  const { cert, key } = await issueCertificate(pki.root, {
    commonName: 'node',
    hosts,
    usages: ['server'],
    notBefore,
    notAfter,
  });
  return { tls: { cert, key } };
}

/** Without 403 and 101: two of these before the first success end a run, and a balancer may give both from the same node. */
const BAD_NODES: readonly (readonly [name: string, options: () => ServiceOptions | Promise<ServiceOptions>])[] = [
  ['answers 500', () => ({ script: fails })],
  ['resets each request', () => ({ script: resets })],
  ['has an expired certificate', expired],
  ['speaks TLS 1.1 at most', () => ({ tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } })],
  ['is slow', () => ({ delayMs: 1500 })],
  ['signs with another key', async () => ({ pki: { ...pki, signingKey: (await createPki()).signingKey } })],
];

const isValid = (content: Uint8Array, signature: unknown): boolean =>
  verify('sha256', content, pki.signingPublicKeyPem, Buffer.from(String(signature), 'base64'));

/** Has one file signed by the real curl, which tries again after each failure; returns the signature. */
async function curl(directory: string, target: Target, content: Uint8Array, body: string): Promise<unknown> {
  const request = buildRequest(target, content);
  await writeFile(body, request.body);
  const identity = Object.entries({ cacert: 'ca.pem', cert: 'client.pem', key: 'client.key' });
  const { 'content-length': _, ...headers } = request.headers;
  const tries = '-sS --fail --max-time 20 --retry 5 --retry-all-errors --retry-delay 1';
  const options = [
    ...tries.split(' '),
    ...identity.flatMap(([option, file]) => [`--${option}`, join(directory, file)]),
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${String(value)}`]),
    '--data-binary',
    `@${body}`,
  ];
  try {
    const { stdout } = await promisify(execFile)('curl', [...options, target.url + target.signPath]);
    return Object(JSON.parse(stdout)).signData;
  } catch {
    return undefined;
  }
}

/** Returns the names of the files for which curl gets a valid signature. */
async function signWithCurl(target: Target): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'curl-'));
  const { cert, key, chain } = target.credentials;
  for (const [name, text] of Object.entries({ 'client.pem': cert, 'client.key': key, 'ca.pem': chain }))
    await writeFile(join(directory, name), text);
  const signed: string[] = [];
  const left = Object.entries(FILES);
  const work = async (at: number): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [name, content] = next;
      if (isValid(content, await curl(directory, target, content, join(directory, `${at}.json`)))) signed.push(name);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, (_, at) => work(at)));
  await rm(directory, { recursive: true });
  return signed;
}

async function notValid(scenario: Scenario): Promise<string[]> {
  const paths = await scenario.signatures();
  const checked = await Promise.all(
    paths.map(async (path) =>
      isValid(FILES[path.slice(0, -'.sign'.length)] ?? Buffer.alloc(0), await scenario.read(path)),
    ),
  );
  return paths.filter((_, at) => !checked[at]);
}

describe.concurrent('three nodes behind haproxy, which passes TLS on, one of them bad', () => {
  test.each(BAD_NODES)('it %s: where curl signs, the action signs', async (_, options) => {
    const node = { pki, appSecret: APP_SECRET };
    await using scenario = await createScenario({ files: FILES, service: node });
    const nodes = [await startService({ ...node, ...(await options()) }), await startService(node)];
    const balancer = await startBalancer([...nodes.map(({ port }) => port), scenario.service.port]);
    const url = `https://127.0.0.1:${balancer.port}`;
    try {
      const theirs = await signWithCurl({ ...scenario.service, url, port: balancer.port });
      const run = await scenario.run({ 'server-url': url, 'verify-key': pki.signingPublicKeyPem, upload: 'false' });
      const paths = await scenario.signatures();
      expect(await notValid(scenario)).toEqual([]);
      expect(paths.length, run.log).toBeGreaterThanOrEqual(theirs.length);
      expect(run.exitCode, run.log).toBe(paths.length === 40 ? 0 : 1);
    } finally {
      await balancer.close();
      for (const each of nodes) await each.close();
    }
  });
});
