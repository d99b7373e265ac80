import { expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import type { ActionOptions } from '../../tools/runner/runner.ts';
import { makeDead } from '../helpers/dead-address.ts';
import { createScenario } from '../helpers/scenario.ts';

const HOST = 'sign.example.test';
const [GOOD, DEAD, REFUSING] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];

function leadingTo(...addresses: readonly string[]): Partial<ActionOptions> {
  return {
    nodeArgs: ['--import', new URL('preload-dns.ts', import.meta.url).href],
    env: { NAME_SERVER: JSON.stringify({ addresses }), NODE_NO_WARNINGS: '1', RUNNER_DEBUG: '1' },
  };
}

test.each(['sign', 'preflight'])(
  '%s: a dead first address costs its share of the time once, and nothing else',
  {
    tags: ['fault-39'],
  },
  async (mode) => {
    const pki = await createPki({ extraHosts: [HOST] });
    const files = { 'dist/a': 'a', 'dist/b': 'bb', 'dist/c': 'ccc' };
    await using scenario = await createScenario({ files, service: { pki } });
    await makeDead(DEAD, scenario.service.port);
    const settings = mode === 'sign' ? {} : { 'verify-key': scenario.service.credentials.verifyKeyPem };
    const inputs = { ...settings, mode, 'server-url': `https://${HOST}:${scenario.service.port}`, upload: 'false' };
    const run = await scenario.green(inputs, leadingTo(DEAD, GOOD));
    expect(run.log).not.toMatch(/again in|CONNECT_TIMEOUT/);
    // Node's own limit of 250 ms would give a slow address no time; a second try of the dead one would cost five seconds in all.
    expect(run.durationMs).toBeGreaterThan(2400);
  },
);

test('when no address answers, the error names each with its result', { tags: ['fault-39'] }, async () => {
  await using scenario = await createScenario({ files: { 'dist/a': 'a' } });
  const { port } = scenario.service;
  await makeDead(DEAD, port);
  const inputs = { 'server-url': `https://${HOST}:${port}`, upload: 'false', deadline: '4' };
  const run = await scenario.red(inputs, leadingTo(DEAD, REFUSING));
  expect(run.log).toContain(`no address of the host can be reached: ${DEAD} (no answer), ${REFUSING} (refused)`);
});
