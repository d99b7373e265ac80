import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { PRESETS } from '../../src/protocols/http/presets.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { IN_HOUSE_API, StandInServer, TOKEN } from '../protocols/http/stand-ins.ts';
import { fill } from './engine/expression.ts';
import { createHub } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';
import { readWorkflow } from './engine/workflow-file.ts';
import { SIGN_RELEASE } from './release-run.ts';

const REQUEST = `POST /v2/keys/{key}/sign
Authorization: Bearer {token}
Content-Type: application/json

{"algorithm":"SHA256","digest":"{digest:base64}","file":"{name}"}
`;

const server = new StandInServer(IN_HOUSE_API);
await server.start();
afterAll(() => server.close());

/** Signs with a service that speaks HTTP, in an organisation that has stored what another protocol needs too. */
async function sign(more: Readonly<Record<string, unknown>> = {}): Promise<WorkflowResult> {
  const { cert = '', key = '', chain = '', 'server-url': url } = server.inputs;
  const vars = { SIGNING_CERT: cert, SIGNING_CHAIN: chain, SIGNING_APP_KEY: 'of another service' };
  await using hub = await createHub({ settings: { vars } });
  const inputs = {
    'artifact-id': hub.artifacts.add('build', { 'app.bin': 'app', 'lib/core.so': 'core' }),
    files: '**',
    shards: 2,
    'server-url': url,
    'verify-key': server.publicKey,
    protocol: 'http',
    request: REQUEST,
    answer: '/result/signature',
    'signing-key': 'release',
    ...more,
  };
  const secrets = { SIGNING_KEY: key, SIGNING_TOKEN: TOKEN, SIGNING_APP_SECRET: 'of another service' };
  return await runWorkflow(hub, SIGN_RELEASE, { inputs, secrets });
}

test('protocol http: signed by the token that the caller passes, whatever else is stored', async () => {
  const run = await sign();
  expect(run.result, run.log).toBe('success');
  expect(run.outputs).toMatchObject({ mode: 'sign', 'file-count': '2', 'verified-count': '2' });
  expect(server.refusals).toEqual([]);
});

test('an input of another protocol is an error of the action, which names both', async () => {
  const run = await sign({ login: 'token', shards: 1 });
  expect(run.result).toBe('failure');
  expect(run.log).toMatch(/Input login is given, but does not belong to protocol: /);
});

test.each<[string, Readonly<Record<string, string>>, boolean]>([
  ['es-auth', { protocol: 'es-auth' }, false],
  ['vault, login cert', { protocol: 'vault', login: 'cert' }, false],
  ['vault, login oidc at a mount', { protocol: 'vault', login: 'oidc@jwt/github' }, false],
  ['vault, login token', { protocol: 'vault', login: 'token' }, true],
  ['http with {token}', { protocol: 'http', request: REQUEST }, true],
  ['http without {token}', { protocol: 'http', request: REQUEST.replace('{token}', 'none') }, false],
  ...Object.entries(PRESETS).map(([name, { request }]): [string, Readonly<Record<string, string>>, boolean] => [
    `http, preset ${name}`,
    { protocol: 'http', request: `preset:${name}` },
    request.includes('{token}'),
  ]),
])('a token that is stored for the whole organisation is passed only where it is used: %s', (_, inputs, isPassed) => {
  const { jobs } = readWorkflow(SIGN_RELEASE);
  const [step] = jobs.flatMap(({ steps }) => steps.filter(({ id }) => id === 'sign'));
  const contexts = { inputs: { login: 'cert', request: '', ...inputs }, secrets: { SIGNING_TOKEN: TOKEN } };
  expect(fill(step?.with['token'], contexts)).toBe(isPassed ? TOKEN : '');
});

/** Inputs of the action that the workflow decides itself, or that no caller has needed yet. */
const OWN = ['root', 'shard', 'output-dir', 'manifest', 'suffix', 'reuse', 'upload', 'overwrite', 'partial'];
const LEFT_OUT = ['include-hidden-files', 'follow-symbolic-links', 'if-no-files-found', 'http2', 'attempts', 'timeout'];
const LEFT_OUT_TOO = ['deadline', 'on-failure', 'cert-expiry-warning-days', 'if-no-credentials'];

test('every other input of the action can be given', () => {
  const { jobs } = readWorkflow(SIGN_RELEASE);
  const [step] = jobs.flatMap(({ steps }) => steps.filter(({ id }) => id === 'sign'));
  const action = parse(readFileSync(join(ACTION_DIRECTORY, 'action.yml'), 'utf8'));
  const known = [...OWN, ...LEFT_OUT, ...LEFT_OUT_TOO, 'allow-pull-request-target'];
  const offered = Object.keys(action.inputs).filter((name) => !known.includes(name));
  expect(Object.keys(step?.with ?? {})).toEqual(expect.arrayContaining(offered));
});
