import { expect, test } from 'vitest';
import { createScenario } from '../helpers/scenario.ts';
import { status } from '../rehearsal/fault-samples.ts';
import type { Fault, ScriptedRequest, ServiceOptions } from '../rehearsal/faulty-service.ts';
import { startForwarder } from './forwarder.ts';
import { expectInvariants } from './meeting.ts';

const FILES = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`dist/${at}`, `file ${at}`]));

async function expectAllSigned(service: ServiceOptions): Promise<void> {
  await using scenario = await createScenario({ files: FILES, service });
  const run = await scenario.run({ upload: 'false' });
  await expectInvariants(scenario, run);
  expect(run.exitCode, run.log).toBe(0);
  expect(run.outputs).toMatchObject({ 'file-count': '500', 'signed-count': '500' });
  expect(Number(run.outputs['request-count'])).toBeLessThanOrEqual(750);
  expect(scenario.service.counters.requests).toBeLessThanOrEqual(750);
}

/** The same sequence each time, so that a failure can be looked into. */
function share(percent: number, fault: Fault): (request: ScriptedRequest) => Fault | undefined {
  return ({ index }) => ((index * 7919 + 13) % 100 < percent ? fault : undefined);
}

test.concurrent('500 files come through a service that fails three requests in ten', async () => {
  await expectAllSigned({ script: share(30, status(502)) });
});

test.concurrent('500 files come through an outage of 3 s in which every connection is reset', async () => {
  let downUntil = Number.POSITIVE_INFINITY;
  await expectAllSigned({
    delayMs: 5,
    script({ index }) {
      if (index === 100) downUntil = performance.now() + 3000;
      const isDown = index >= 100 && performance.now() < downUntil;
      return isDown ? { kind: 'end', when: 'before-body', by: 'reset' } : undefined;
    },
  });
});

/** Waits of seconds are over in a twentieth of their time; what the program says of them stays the same. */
const HURRIED = {
  nodeArgs: ['--import', new URL('preload-hurry.ts', import.meta.url).href],
  env: { NODE_NO_WARNINGS: '1', RUNNER_DEBUG: '1' },
};

test.concurrent.each([
  ['60', '10 s', HURRIED],
  // Hurried, the limits of connection and request would be too close for a machine under load.
  ['5', '4.5 s', { env: { RUNNER_DEBUG: '1' } }],
])(
  'with timeout %s, a connection that is never answered is given up after %s, and the next one signs',
  {
    tags: ['fault-40'],
  },
  async (timeout, given, pace) => {
    await using scenario = await createScenario({ files: { 'dist/a': 'a', 'dist/b': 'b' } });
    const hole = await startForwarder({ to: scenario.service.port, deaf: 1 });
    const run = await scenario.run({ 'server-url': `https://127.0.0.1:${hole.port}`, timeout }, pace);
    await hole.close();
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toMatch(/CONNECT_TIMEOUT.*TCP is connected, but no answer to the TLS handshake came/);
    expect(run.log).toContain(`within ${given}.`);
  },
);

test.concurrent('an upload that finds no network is tried three times, each time under another name', {
  tags: ['fault-64d'],
}, async () => {
  const faults = [{ at: 'create', kind: 'drop', times: 99 }] as const;
  await using scenario = await createScenario({ files: { 'dist/a': 'a', 'dist/b': 'b' }, results: { faults } });
  const run = await scenario.run({}, HURRIED);
  await expectInvariants(scenario, run);
  expect(run.exitCode).toBe(1);
  expect(run.log).toContain('trying again as signatures-retry-1');
  expect(run.log).toContain('trying again as signatures-retry-2');
  expect(run.log).not.toContain('signatures-retry-3');
  expect(run.log).toContain('ARTIFACT_FAILED');
  expect(await scenario.signatures()).toHaveLength(2);
});
