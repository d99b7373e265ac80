import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createPki, type Pki } from '../../../src/rehearsal/pki.ts';
import { expectInvariants } from '../../faults/meeting.ts';
import { createScenario, type Scenario } from '../../helpers/scenario.ts';
import type { Script } from '../../rehearsal/faulty-service.ts';
import { type FrontOptions, startHaproxy, startNginx, startStunnel } from './fronts.ts';
import { freePort, type Peer } from './process.ts';

let pki: Pki;
const open: Peer[] = [];

beforeAll(async () => {
  pki = await createPki();
});
afterEach(async () => {
  for (const peer of open.splice(0)) await peer.close();
});

const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`dist/${at}`, 'x'.repeat(at + 1)]));

async function behind(
  start: (options: FrontOptions) => Promise<Peer>,
  files: Record<string, string>,
  more: {
    readonly lines?: string;
    readonly script?: Script;
    readonly delayMs?: number;
    readonly backendPort?: number;
  } = {},
): Promise<{ scenario: Scenario; inputs: Record<string, string> }> {
  const { lines = '', backendPort, ...service } = more;
  const scenario = await createScenario({ files, service: { pki, ...service } });
  const front = await start({ pki, backendPort: backendPort ?? scenario.service.port, lines });
  open.push(front);
  return { scenario, inputs: { 'server-url': `https://127.0.0.1:${front.port}`, upload: 'false' } };
}

const stunnel = async (options: FrontOptions): Promise<Peer> => startStunnel(options, await freePort());

describe('a service behind a front', () => {
  test.each([
    ['nginx', startNginx],
    ['haproxy', startHaproxy],
    ['stunnel', stunnel],
  ])('%s: 300 files are signed', async (_, start) => {
    const { scenario, inputs } = await behind(start, many(300));
    await using _scenario = scenario;
    const run = await scenario.run(inputs);
    await expectInvariants(scenario, run);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ 'signed-count': '300', 'request-count': '300' });
  });

  test.each([
    ['nginx', startNginx, 'BAD_GATEWAY'],
    ['haproxy', startHaproxy, 'UNAVAILABLE'],
  ])(
    '%s without its service is asked again under the gate until the deadline',
    { tags: ['fault-36', 'fault-39', 'fault-41'] },
    async (_, start, code) => {
      const { scenario, inputs } = await behind(start, many(50), { backendPort: await freePort() });
      await using _scenario = scenario;
      const run = await scenario.run({ ...inputs, deadline: '4' }, { env: { RUNNER_DEBUG: '1' } });
      await expectInvariants(scenario, run);
      expect(run.exitCode).toBe(1);
      expect(run.log).toContain(code);
      expect(run.log).toContain('DEADLINE');
      expect(Number(run.outputs['request-count'])).toBeLessThan(60);
      expect(await scenario.signatures()).toEqual([]);
    },
  );

  test('stunnel without its service cannot be told from a server that refuses our certificate', {
    tags: ['fault-17'],
  }, async () => {
    const { scenario, inputs } = await behind(stunnel, many(50), { backendPort: await freePort() });
    await using _scenario = scenario;
    const counts: number[] = [];
    // stunnel closes only after it has tried its service: on a busy machine that may take longer than the head start of the canary.
    while (counts.at(-1) !== 1 && counts.length < 8) {
      const run = await scenario.run(inputs);
      await expectInvariants(scenario, run);
      expect(run.exitCode).toBe(1);
      expect(run.log).toMatch(/TLS_CLIENT_REJECTED.*after our client certificate, without an alert that says why/);
      counts.push(Number(run.outputs['request-count']));
    }
    expect(counts.at(-1), counts.join()).toBe(1);
  });

  test.each([
    ['nginx', startNginx, 'proxy_read_timeout 1s;'],
    ['haproxy', startHaproxy, 'timeout server 1s'],
  ])('%s gives up on a slow answer, and the 504 is waited out', { tags: ['fault-36'] }, async (_, start, lines) => {
    const script: Script = ({ index }) => (index === 3 ? { kind: 'silence' } : undefined);
    const { scenario, inputs } = await behind(start, many(10), { lines, script });
    await using _scenario = scenario;
    const run = await scenario.run(inputs, { env: { RUNNER_DEBUG: '1' } });
    await expectInvariants(scenario, run);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toContain('GATEWAY_TIMEOUT');
  });

  test('when haproxy loses its service in the middle of an answer, the request is repeated', {
    tags: ['fault-43'],
  }, async () => {
    const script: Script = ({ index }) =>
      index % 7 === 3 ? { kind: 'cut', framing: 'content-length', by: 'reset' } : undefined;
    const { scenario, inputs } = await behind(startHaproxy, many(40), { script });
    await using _scenario = scenario;
    const run = await scenario.run(inputs);
    await expectInvariants(scenario, run);
    expect(run.exitCode, run.log).toBe(0);
  });
});

describe('nginx refuses a file for its size', { tags: ['fault-32'] }, () => {
  test.each([
    ['2 MB, all of it sent', 2],
    ['40 MB, in the middle of the upload', 40],
  ])('%s: lost alone, after one request', async (_, megabytes) => {
    const files = { ...many(5), 'dist/large': 'x'.repeat(megabytes * 1_000_000) };
    const { scenario, inputs } = await behind(startNginx, files, { lines: 'client_max_body_size 1m;' });
    await using _scenario = scenario;
    const run = await scenario.run(inputs);
    await expectInvariants(scenario, run);
    expect(run.exitCode).toBe(1);
    expect(run.annotations.filter(({ type }) => type === 'error').map(({ title }) => title)).toEqual([
      'FILE_TOO_LARGE_FOR_SERVER',
    ]);
    expect(run.log).toContain('413 Request Entity Too Large');
    expect(run.outputs).toMatchObject({ 'signed-count': '5', 'failed-count': '1', 'request-count': '6' });
  });
});

test.each([
  ['429', 'limit_req zone=slow burst=10 nodelay; limit_req_status 429;'],
  ['503', 'limit_req zone=slow burst=10 nodelay;'],
])(
  'nginx that takes 20 requests a second and answers %s to the rest: all 120 files are signed',
  { tags: ['fault-33'] },
  async (_, lines) => {
    const { scenario, inputs } = await behind(startNginx, many(120), { lines });
    await using _scenario = scenario;
    const run = await scenario.run(inputs);
    await expectInvariants(scenario, run);
    expect(run.exitCode, run.log).toBe(0);
    expect(Number(run.outputs['request-count'])).toBeLessThan(120 * 3);
  },
);
