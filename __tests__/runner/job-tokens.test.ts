import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { ActionRun } from '../../tools/runner/runner.ts';
import { runInProcess } from '../helpers/in-process.ts';
import { listen } from '../helpers/listen.ts';
import { createScenario } from '../helpers/scenario.ts';

const TOKEN = ['{"alg":"RS256"}', '{"scp":"Actions.Results:1:2"}', randomBytes(96)]
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.');

/** Starts a server on loopback; returns its address. */
async function serve(listener: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(listener);
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs a signing that asks for an OIDC token, or that uploads. */
async function run(service: 'token' | 'artifact', answer: RequestListener): Promise<ActionRun> {
  await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
  await using server = await serve(answer);
  if (service === 'artifact')
    return await scenario.run(
      {},
      { env: { ACTIONS_RUNTIME_TOKEN: TOKEN, ACTIONS_RESULTS_URL: server.url, RUNNER_DEBUG: '1' } },
    );
  const authority = {
    'certificate-url': 'https://127.0.0.1:1',
    'certificate-chain': scenario.service.credentials.chain,
  };
  return await scenario.run(
    { ...authority, 'certificate-from': 'step-ca', cert: '', key: '' },
    {
      env: {
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: TOKEN,
        ACTIONS_ID_TOKEN_REQUEST_URL: `${server.url}?api-version=2.0`,
        RUNNER_DEBUG: '1',
      },
    },
  );
}

describe.each(['token', 'artifact'] as const)('the token with which the job asks the %s service', (service) => {
  test('is shown in no form and in no part when an answer repeats it', async () => {
    const hex = Buffer.from(TOKEN).toString('hex');
    const answered = await run(service, (_request, response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      const text = `${'-'.repeat(150)} no such job: ${TOKEN}; ${hex}; ${TOKEN.slice(20, 200)} ${TOKEN.toUpperCase()}`;
      response.end(JSON.stringify({ code: 'invalid', msg: text, message: text }));
    });
    expect(answered.exitCode).toBe(1);
    const shown = answered.rawLog.toString().replace(/^::add-mask::.*$/gm, '') + answered.summary;
    expect(shown).toContain('403');
    const parts = [TOKEN.slice(0, 30), hex.slice(0, 30), TOKEN.slice(40, 70), TOKEN.toUpperCase().slice(0, 30)];
    for (const part of parts) expect(shown).not.toContain(part);
  });

  test('is sent to no other server to which an answer redirects', async () => {
    let followed = 0;
    await using other = await serve((_request, response) => {
      followed++;
      response.end('{}');
    });
    const redirected = await run(service, (_request, response) => {
      response.writeHead(307, { location: other.url.replace('127.0.0.1', 'localhost') }).end('{}');
    });
    expect(redirected.exitCode, redirected.log).toBe(1);
    expect(redirected.log).toMatch(/answered 307|\(307\).*redirects are not followed/);
    expect(followed).toBe(0);
  });
});

test('the credentials in a proxy variable are shown in no form, also when the service of the run needs no proxy', async () => {
  const password = 'Pr0xy-P@ss%w\u00f6rd';
  const basic = Buffer.from(`builder:${password}`).toString('base64');
  await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
  await using server = await serve((_request, response) => {
    response.writeHead(403, { 'content-type': 'application/json' });
    const text = `bad Basic ${basic}, ${password}, ${encodeURIComponent(password)}`;
    response.end(JSON.stringify({ code: 'invalid', msg: text }));
  });
  const proxies = { https_proxy: ` http://builder:${encodeURIComponent(password)}@127.0.0.1:1`, no_proxy: '*' };
  const env = { ...proxies, ACTIONS_RUNTIME_TOKEN: TOKEN, ACTIONS_RESULTS_URL: server.url, RUNNER_DEBUG: '1' };
  const run = await scenario.red({}, { env });
  const shown = run.rawLog.toString().replace(/^::add-mask::.*$/gm, '') + run.summary;
  expect(shown).toContain('bad ***');
  for (const form of [basic, password, encodeURIComponent(password)]) expect(shown).not.toContain(form);
});

test.each(['123', '{"a":1}', '["a.b.c"]'])(
  'an OIDC token that is no text, %s, is blamed on its service',
  async (value) => {
    const { log } = await run('token', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"value":${value}}`);
    });
    expect(log).toContain('ID_TOKEN_REFUSED');
    expect(log).toContain('the value in the answer is not text');
  },
);
