import { describe, expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import type { ActionOptions } from '../../tools/runner/runner.ts';
import { holdPort } from '../helpers/listen.ts';
import { createScenario } from '../helpers/scenario.ts';
import { limitMs } from '../helpers/time.ts';
import { type Forwarder, startForwarder } from './forwarder.ts';
import { type MeetingOptions, meet, SIGN_ONLY } from './meeting.ts';

const HOST = 'sign.example.test';

function named(code: string, times: number): Partial<ActionOptions> {
  return {
    nodeArgs: ['--import', new URL('preload-dns.ts', import.meta.url).href],
    env: { NAME_SERVER: JSON.stringify({ code, times }), NODE_NO_WARNINGS: '1', RUNNER_DEBUG: '1' },
  };
}

const byName: NonNullable<MeetingOptions['before']> = async ({ service }) => ({
  'server-url': `https://${HOST}:${service.port}`,
});

describe.concurrent('a host name', { tags: ['fault-38'] }, () => {
  test('that does not exist ends the run after three tries within 5 s', async () => {
    const { run, errors, counters } = await meet({
      files: { a: undefined },
      before: byName,
      run: named('ENOTFOUND', 999),
    });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['DNS_NOT_FOUND']);
    expect(run.log).toContain('Check server-url for a typing error');
    expect(run.outputs['request-count']).toBe('3');
    expect(run.durationMs).toBeLessThan(limitMs(6000));
    expect(counters.connections).toBe(0);
  });

  test.each([
    ['is not found once', 'ENOTFOUND', 1],
    ['cannot be looked up for a while', 'EAI_AGAIN', 4],
  ])('that %s is asked for again', async (_, code, times) => {
    const pki = await createPki({ extraHosts: [HOST] });
    const { run } = await meet({
      files: { a: undefined },
      service: { pki },
      inputs: SIGN_ONLY,
      before: byName,
      run: named(code, times),
    });
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toContain(code === 'ENOTFOUND' ? 'DNS_NOT_FOUND' : 'DNS_UNAVAILABLE');
  });
});

test.concurrent('a port that refuses connections is tried until the service listens', {
  tags: ['fault-39'],
}, async () => {
  await using scenario = await createScenario({ files: { 'dist/a': 'a', 'dist/b': 'b' } });
  const { port, release } = await holdPort();
  let late: Promise<Forwarder> | undefined;
  let text = '';
  const run = await scenario.run(
    { ...SIGN_ONLY, 'server-url': `https://127.0.0.1:${port}` },
    {
      env: { RUNNER_DEBUG: '1' },
      onOutput(chunk) {
        text += chunk.toString();
        if (text.includes('CONNECT_REFUSED')) {
          late ??= release().then(() => startForwarder({ to: scenario.service.port, port }));
        }
      },
    },
  );
  await (await late)?.close();
  expect(run.exitCode, run.log).toBe(0);
  expect(run.log).toContain('CONNECT_REFUSED');
});
