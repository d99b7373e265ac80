import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { createScenario } from '../helpers/scenario.ts';
import { startProxy } from './connect-proxy.ts';

const SECRET = 'app-secret-canary-4711';
const CONTENT = 'content-canary of a file that nobody outside should read';
const files = { 'dist/a': CONTENT, 'dist/b': 'b' };

describe.concurrent('an environment that an earlier step has changed', { tags: ['fault-12'] }, () => {
  test('trust is not widened by NODE_EXTRA_CA_CERTS, not even with verification switched off', async () => {
    const stranger = await createPki();
    await using scenario = await createScenario({ files });
    const extra = join(scenario.workspace, 'extra.pem');
    await writeFile(extra, scenario.service.credentials.chain);
    const run = await scenario.red(
      { chain: stranger.root.cert },
      { env: { NODE_EXTRA_CA_CERTS: extra, NODE_TLS_REJECT_UNAUTHORIZED: '0' } },
    );
    expect(run.log).toContain('TLS_SERVER_UNTRUSTED');
    expect(scenario.service.counters.requests).toBe(0);
    const warning = run.annotations.find(({ title }) => title === 'Suspicious environment')?.message ?? '';
    expect(warning).toContain('NODE_EXTRA_CA_CERTS');
    expect(warning).toContain('NODE_TLS_REJECT_UNAUTHORIZED');
  });

  test('an http URL is refused', async () => {
    await using scenario = await createScenario({ files });
    const run = await scenario.red({ 'server-url': `http://127.0.0.1:${scenario.service.port}` });
    expect(run.log).toMatch(/server-url.*https/);
    expect(scenario.service.counters.connections).toBe(0);
  });

  test('SSLKEYLOGFILE writes no keys, and ACTIONS_ALLOW_UNSECURE_COMMANDS opens nothing', async () => {
    await using scenario = await createScenario({ files });
    const keyLog = join(scenario.workspace, 'keys.log');
    const env = { SSLKEYLOGFILE: keyLog, ACTIONS_ALLOW_UNSECURE_COMMANDS: 'true' };
    const run = await scenario.green({}, { env });
    expect(existsSync(keyLog)).toBe(false);
    expect(run.exported).toEqual({ env: {}, path: [] });
    expect(run.annotations.some(({ message }) => message.includes('SSLKEYLOGFILE'))).toBe(true);
  });

  test.each(['*', 'tls,http,https,net,fetch,undici'])('NODE_DEBUG=%s shows no secret and no content', async (debug) => {
    const pki = await createPki({ extraHosts: ['sign.example.test'] });
    await using scenario = await createScenario({ files, service: { pki, appSecret: SECRET } });
    const proxy = await startProxy();
    const run = await scenario.run(
      { 'server-url': `https://sign.example.test:${scenario.service.port}` },
      {
        env: {
          NODE_DEBUG: debug,
          https_proxy: `http://user:proxy-canary@127.0.0.1:${proxy.port}`,
          no_proxy: '127.0.0.1',
          RUNNER_DEBUG: '1',
        },
      },
    );
    await proxy.close();
    expect(run.exitCode).toBe(0);
    // Node itself prints the header for the proxy; the runner masks what has been announced to it.
    const announced = run.rawLog.toString().replace(/^::add-mask::.*$/gm, '');
    const keyLine = scenario.service.credentials.key.split('\n')[1] ?? '';
    for (const secret of [SECRET, CONTENT, 'proxy-canary', keyLine]) {
      for (const form of ['utf8', 'hex', 'base64'] as const) {
        const trace = Buffer.from(secret).toString(form).replace(/=+$/, '');
        expect(announced.includes(trace), trace).toBe(false);
        expect(run.log.includes(trace), trace).toBe(false);
      }
    }
    expect(run.log).not.toContain(Buffer.from('user:proxy-canary').toString('base64'));
    expect(run.log).not.toMatch(/es-auth-sign/);
  });
});

test.concurrent('a crash report of the process holds no input and no environment', {
  tags: ['fault-64b'],
}, async () => {
  await using scenario = await createScenario({ files, service: { appSecret: SECRET, delayMs: 300 } });
  const directory = await mkdtemp(join(tmpdir(), 'reports-'));
  const run = await scenario.run(
    { upload: 'false' },
    {
      nodeArgs: ['--report-on-signal', '--report-signal=SIGUSR2', `--report-directory=${directory}`],
      onStart: (child) => {
        const timer = setInterval(() => {
          if (scenario.service.counters.inFlight > 0) {
            child.kill('SIGUSR2');
            clearInterval(timer);
          }
        }, 5);
        child.once('exit', () => clearInterval(timer));
      },
    },
  );
  expect(run.exitCode, run.log).toBe(0);
  const [name = ''] = await readdir(directory);
  const report = await readFile(join(directory, name), 'utf8');
  await rm(directory, { recursive: true });
  expect(JSON.parse(report)).not.toHaveProperty('environmentVariables');
  for (const secret of [SECRET, 'INPUT_', 'PRIVATE KEY']) expect(report).not.toContain(secret);
});
