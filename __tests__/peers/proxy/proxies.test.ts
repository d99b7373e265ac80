import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createPki, type Pki } from '../../../src/rehearsal/pki.ts';
import { expectInvariants } from '../../faults/meeting.ts';
import { createScenario, type Scenario } from '../../helpers/scenario.ts';
import { type Peer, startPeer } from '../http/process.ts';

// Loopback under an address that no rule takes for it, so that the proxy is asked.
const HOST = '0.0.0.0';
const USER = 'signer';
const PASSWORD = 'proxy-password-canary';
const files = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`dist/${at}`, `${at}`]));
let pki: Pki;

beforeAll(async () => {
  pki = await createPki({ extraHosts: [HOST] });
});

interface ProxyOptions {
  readonly credentials?: 'asked for';
  /** Ports that tunnels may lead to; all when absent. */
  readonly allowed?: number;
}

function startSquid({ credentials, allowed }: ProxyOptions): Promise<Peer> {
  return startPeer((port, directory) => {
    execFileSync('chmod', ['777', directory]);
    const helper = '/usr/lib/squid/basic_ncsa_auth';
    if (!existsSync(helper)) throw new Error(`${helper} is missing`);
    const access = credentials ? 'acl known proxy_auth REQUIRED\nhttp_access allow known' : 'http_access allow all';
    const limit = allowed === undefined ? '' : `acl there port ${allowed}\nhttp_access deny !there`;
    const configuration = `
http_port 127.0.0.1:${port}
pid_filename ${directory}/pid
cache_log ${directory}/cache.log
access_log none
cache deny all
shutdown_lifetime 0 seconds
auth_param basic program ${helper} ${directory}/passwords
${limit}
${access}
http_access deny all
`;
    const passwords = `${USER}:${execFileSync('openssl', ['passwd', '-apr1', PASSWORD]).toString()}`;
    return {
      files: { 'squid.conf': configuration, passwords },
      command: 'squid',
      args: ['-N', '-f', `${directory}/squid.conf`],
    };
  });
}

function startTinyproxy({ credentials, allowed }: ProxyOptions): Promise<Peer> {
  return startPeer((port, directory) => {
    const configuration = [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Timeout 60',
      `LogFile "${directory}/log"`,
      ...(allowed === undefined ? [] : [`ConnectPort ${allowed}`]),
      ...(credentials ? [`BasicAuth ${USER} ${PASSWORD}`] : []),
    ];
    const text = `${configuration.join('\n')}\n`;
    return {
      files: { 'tinyproxy.conf': text },
      command: 'tinyproxy',
      args: ['-d', '-c', `${directory}/tinyproxy.conf`],
    };
  });
}

function inputsFor({ service }: Scenario): Record<string, string> {
  return { 'server-url': `https://${HOST}:${service.port}`, upload: 'false' };
}

describe.each([
  ['squid', startSquid],
  ['tinyproxy', startTinyproxy],
])('through %s', { tags: ['fault-50'] }, (_, start) => {
  test('our certificate goes end to end, and the service signs', async () => {
    await using scenario = await createScenario({ files, service: { pki } });
    const proxy = await start({});
    const run = await scenario.run(inputsFor(scenario), { env: { https_proxy: `http://127.0.0.1:${proxy.port}` } });
    await proxy.close();
    await expectInvariants(scenario, run);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toContain('Through the proxy');
    for (const { clientSubject } of scenario.service.log) expect(clientSubject).toBe('CN=rehearsal-client');
  });

  test('when the service refuses our certificate, the error says so', async () => {
    const other = await createPki();
    await using scenario = await createScenario({ files, service: { pki } });
    const proxy = await start({});
    const run = await scenario.run(
      { ...inputsFor(scenario), cert: other.client.cert, key: other.client.key },
      { env: { https_proxy: `http://127.0.0.1:${proxy.port}` } },
    );
    await proxy.close();
    expect(run.exitCode).toBe(1);
    expect(run.log).toContain('TLS_CLIENT_REJECTED');
    expect(scenario.service.counters.requests).toBe(0);
  });

  test('credentials are given, and never printed', async () => {
    await using scenario = await createScenario({ files, service: { pki } });
    const proxy = await start({ credentials: 'asked for' });
    const https_proxy = `http://${USER}:${PASSWORD}@127.0.0.1:${proxy.port}`;
    const run = await scenario.run(inputsFor(scenario), { env: { https_proxy, RUNNER_DEBUG: '1' } });
    await proxy.close();
    expect(run.exitCode, run.log).toBe(0);
    const printed = run.rawLog.toString().replace(/^::add-mask::.*$/gm, '') + run.summary;
    const encoded = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
    for (const trace of [PASSWORD, encoded, createHash('md5').update(PASSWORD).digest('hex')]) {
      expect(printed).not.toContain(trace);
    }
  });

  test('credentials that are missing end the run', async () => {
    await using scenario = await createScenario({ files, service: { pki } });
    const proxy = await start({ credentials: 'asked for' });
    const run = await scenario.run(inputsFor(scenario), { env: { https_proxy: `127.0.0.1:${proxy.port}` } });
    await proxy.close();
    expect(run.exitCode).toBe(1);
    expect(run.log).toMatch(/PROXY_AUTHENTICATION.*407/);
    expect(scenario.service.counters.connections).toBe(0);
  });

  test('the error for a rule of the proxy against this port shows the status', async () => {
    await using scenario = await createScenario({ files, service: { pki } });
    const proxy = await start({ allowed: 1 });
    const env = { https_proxy: `http://127.0.0.1:${proxy.port}`, RUNNER_DEBUG: '1' };
    const run = await scenario.run({ ...inputsFor(scenario), deadline: '2' }, { env });
    await proxy.close();
    expect(run.exitCode).toBe(1);
    expect(run.log).toMatch(/PROXY_REFUSED.*\(403[,)]/);
    expect(scenario.service.counters.connections).toBe(0);
  });

  test('a service that is down is reported as a refusal of the proxy', async () => {
    await using scenario = await createScenario({ files, service: { pki } });
    const proxy = await start({});
    const env = { https_proxy: `http://127.0.0.1:${proxy.port}`, RUNNER_DEBUG: '1' };
    const inputs = { ...inputsFor(scenario), deadline: '2' };
    await scenario.service.close();
    const run = await scenario.run(inputs, { env });
    await proxy.close();
    expect(run.exitCode).toBe(1);
    expect(run.log).toMatch(/PROXY_REFUSED.*\(50[0-4][,)]|PROXY_UNREACHABLE/);
  });
});
