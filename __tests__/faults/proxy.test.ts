import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { startProxy } from './connect-proxy.ts';
import { type MeetingOptions, meet, SIGN_ONLY } from './meeting.ts';

// A name that no rule takes for this machine, so that the proxy is used; every proxy here leads to loopback.
const HOST = 'sign.example.test';
const CREDENTIALS = 'user:pass%20word-4711';
let pki: Pki;

beforeAll(async () => {
  pki = await createPki({ extraHosts: [HOST] });
});
afterAll(() => {});

function through(env: Readonly<Record<string, string>>, more: Partial<MeetingOptions> = {}): MeetingOptions {
  return {
    files: { a: undefined, b: undefined },
    service: { pki },
    before: async ({ service }) => ({ 'server-url': `https://${HOST}:${service.port}` }),
    // The results service stands on loopback as well, and GitHub's client would ask the proxy for it.
    run: { env: { no_proxy: '127.0.0.1', ...env } },
    ...more,
  };
}

describe.concurrent('the proxy of the environment', { tags: ['fault-50'] }, () => {
  test.each([
    ['with a scheme', 'https_proxy', (port: number) => `http://127.0.0.1:${port}`],
    ['without one', 'https_proxy', (port: number) => `127.0.0.1:${port}`],
    ['in capitals', 'HTTPS_PROXY', (port: number) => `http://127.0.0.1:${port}/`],
  ])('%s leads to the service, with our certificate end to end', async (_, name, url) => {
    const proxy = await startProxy();
    const { run, counters } = await meet(through({ [name]: url(proxy.port) }, { inputs: SIGN_ONLY }));
    await proxy.close();
    expect(run.exitCode, run.log).toBe(0);
    expect(counters.signed).toBe(3);
    for (const { target } of proxy.asked) expect(target).toMatch(new RegExp(`^${HOST}:\\d+$`));
    expect(proxy.asked.length).toBeGreaterThan(0);
    expect(run.log).toContain(`Through the proxy http://127.0.0.1:${proxy.port}`);
  });

  test('over https:// is known by its own name, from a CA that the machine knows', async () => {
    const own = await createPki();
    const directory = mkdtempSync(join(tmpdir(), 'proxy-ca-'));
    const NODE_EXTRA_CA_CERTS = join(directory, 'ca.pem');
    writeFileSync(NODE_EXTRA_CA_CERTS, own.root.cert);
    const proxy = await startProxy(() => 200, own.server);
    const env = { https_proxy: `https://localhost:${proxy.port}`, NODE_EXTRA_CA_CERTS };
    const { run } = await meet(through(env, { inputs: SIGN_ONLY }));
    await proxy.close();
    rmSync(directory, { recursive: true });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toContain(`Through the proxy https://localhost:${proxy.port}`);
  });

  test('is not asked where no_proxy covers the service, and the log says so', async () => {
    const { run } = await meet({
      files: { a: undefined },
      run: { env: { https_proxy: 'http://127.0.0.1:1', no_proxy: '127.0.0.1' } },
    });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toContain(
      'Not through the proxy of https_proxy: no_proxy covers the host, or the host is this machine',
    );
  });

  test('is not asked where only http_proxy is set, and the log says so', async () => {
    const { run } = await meet({
      files: { a: undefined },
      inputs: SIGN_ONLY,
      run: { env: { http_proxy: 'http://127.0.0.1:1', no_proxy: '127.0.0.1' } },
    });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toContain(
      'Not through the proxy of http_proxy, which is for http:// alone: https_proxy is not set',
    );
  });

  test('gets its credentials, which no log shows', async () => {
    const proxy = await startProxy((_, request) => (request.headers['proxy-authorization'] ? 200 : 407));
    const url = `http://${CREDENTIALS}@127.0.0.1:${proxy.port}`;
    const { run } = await meet(through({ https_proxy: url, RUNNER_DEBUG: '1' }));
    await proxy.close();
    expect(run.exitCode, run.log).toBe(0);
    const basic = Buffer.from('user:pass word-4711').toString('base64');
    expect(proxy.asked[0]?.authorization).toBe(`Basic ${basic}`);
    const printed = run.rawLog.toString().replace(/^::add-mask::.*$/gm, '') + run.summary + JSON.stringify(run.outputs);
    for (const trace of ['pass word-4711', 'pass%20word-4711', basic]) expect(printed).not.toContain(trace);
  });

  test('asks for credentials that are not there: 407 ends the run', async () => {
    const proxy = await startProxy(() => 407);
    const { run, errors, counters } = await meet(through({ https_proxy: `http://127.0.0.1:${proxy.port}` }));
    await proxy.close();
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['PROXY_AUTHENTICATION']);
    expect(run.log).toContain('http://user:password@host:port');
    expect(run.annotations.map(({ title }) => title)).not.toContain('Refused tunnels');
    expect(proxy.asked.length).toBeLessThanOrEqual(2);
    expect(counters.connections).toBe(0);
  });

  test('cannot reach the service for a moment: 502 is waited out', async () => {
    const proxy = await startProxy((nth) => (nth < 3 ? 502 : 200));
    const { run } = await meet(through({ https_proxy: `http://127.0.0.1:${proxy.port}` }, { inputs: SIGN_ONLY }));
    await proxy.close();
    expect(run.exitCode, run.log).toBe(0);
    expect(proxy.asked.length).toBeGreaterThan(3);
    expect(run.annotations.map(({ title }) => title)).not.toContain('Refused tunnels');
  });

  test('refuses some tunnels and opens others: a green run warns of the proxy, and no outage is that of the service', async () => {
    const proxy = await startProxy((nth) => (nth < 9 ? 403 : 200));
    const files = Object.fromEntries(Array.from({ length: 12 }, (_, file) => [`file-${file}`, undefined]));
    const url = `http://127.0.0.1:${proxy.port}`;
    const { run } = await meet(through({ https_proxy: url }, { files, inputs: SIGN_ONLY }));
    await proxy.close();
    expect(run.exitCode, run.log).toBe(0);
    expect(run.annotations.find(({ title }) => title === 'Refused tunnels')?.message).toMatch(
      /^The proxy refused \d+ tunnels to the service and opened others: .* lower concurrency\.$/,
    );
    expect(run.log).toContain('The service is not reached (PROXY_REFUSED');
    expect(run.log).toContain('The proxy is back, and the service signs.');
  });

  test('does not answer: the run tries again, and names the variable', async () => {
    const proxy = await startProxy();
    await proxy.close();
    const env = { https_proxy: `http://127.0.0.1:${proxy.port}`, RUNNER_DEBUG: '1' };
    const { run, errors, counters } = await meet(through(env, { inputs: { deadline: '2' } }));
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['DEADLINE']);
    expect(run.log).toMatch(
      /PROXY_UNREACHABLE: The proxy of https_proxy \(127\.0\.0\.1:\d+\) leads to this runner itself, and/,
    );
    expect(counters.connections).toBe(0);
  });

  test('puts a certificate of its own in front: the run ends', async () => {
    const other = await createPki({ extraHosts: [HOST] });
    const { run, errors, counters } = await meet(
      through(
        {},
        {
          service: { pki, tls: { cert: other.server.cert, key: other.server.key } },
          run: { env: { https_proxy: 'http://127.0.0.1:9', no_proxy: '127.0.0.1' } },
          before: async ({ service }) => ({ 'server-url': service.url }),
        },
      ),
    );
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['TLS_SERVER_UNTRUSTED']);
    expect(counters.requests).toBe(0);
  });

  test.each([
    ['is not a URL', 'http://[', 'is not a URL'],
    ['has another scheme', 'socks5://127.0.0.1:1080', 'has the scheme socks5:'],
    ['has a bare % in its password', 'http://user:p%ss-4711@127.0.0.1:9', 'credentials that are not percent-encoded'],
  ])('%s: an error before any connection that does not repeat it', async (_, https_proxy, says) => {
    const { run, errors, counters } = await meet(through({ https_proxy }));
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['PROXY_UNUSABLE']);
    expect(run.log).toContain(says);
    expect(run.rawLog.toString().replace(/^::add-mask::.*$/gm, '') + run.summary).not.toContain('ss-4711');
    expect(counters.connections).toBe(0);
  });

  test('is not used for hosts that no_proxy lists', async () => {
    const proxy = await startProxy(() => 502);
    const env = { https_proxy: `http://127.0.0.1:${proxy.port}`, no_proxy: 'other.test,127.0.0.1' };
    const { run } = await meet(through(env, { before: async ({ service }) => ({ 'server-url': service.url }) }));
    await proxy.close();
    expect(run.exitCode, run.log).toBe(0);
    expect(proxy.asked).toEqual([]);
  });
});
