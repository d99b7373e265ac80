import { expect, test } from 'vitest';
import { startForwarder } from '../faults/forwarder.ts';
import { holdPort } from '../helpers/listen.ts';
import { createScenario, type Scenario } from '../helpers/scenario.ts';
import { costOf, FILES, tell } from './soak-run.ts';

const TIMEOUT_S = 10;

interface Death {
  readonly title: string;
  readonly limitS: number;
  readonly code: RegExp;
  readonly url: (scenario: Scenario) => Promise<string>;
}

const local = (port: number): string => `https://127.0.0.1:${port}`;

const DEATHS: readonly Death[] = [
  { title: 'refused', limitS: 65, code: /CONNECT_REFUSED/, url: async () => local((await holdPort()).port) },
  // An address for documentation: there is no route to it, or nobody there.
  { title: 'unreachable', limitS: 65, code: /CONNECT_UNREACHABLE/, url: async () => 'https://[2001:db8::1]:443' },
  { title: 'reset', limitS: 65, code: /CONNECTION_LOST/, url: async ({ service }) => service.url },
  {
    title: 'black hole',
    limitS: 75,
    code: /CONNECT_TIMEOUT/,
    url: async () => local((await startForwarder({})).port),
  },
  { title: 'silent', limitS: 60 + 2 * TIMEOUT_S, code: /TIMEOUT/, url: async ({ service }) => service.url },
];

test.concurrent.each(DEATHS)(
  'a service that is dead ($title) for 500 files',
  { tags: ['fault-39', 'fault-40'] },
  async ({ title, limitS, code, url }) => {
    const service = {
      reset: { acceptConnection: () => false },
      silent: { script: () => ({ kind: 'silence' }) as const },
    }[title];
    await using scenario = await createScenario({ files: FILES, ...(service ? { service } : {}) });
    const inputs = { 'server-url': await url(scenario), timeout: String(TIMEOUT_S) };
    const run = await scenario.run(inputs, { timeoutMs: 300_000, env: { RUNNER_DEBUG: '1' } });
    tell(`dead: ${title}`, costOf(run, scenario));
    expect(run.exitCode).toBe(1);
    expect(run.log).toMatch(/SERVICE_DOWN/);
    expect(run.log).toMatch(code);
    expect(run.durationMs).toBeLessThanOrEqual(limitS * 1000 + 1000);
    expect(Number(run.outputs['request-count'])).toBeLessThanOrEqual(60);
    expect(await scenario.signatures()).toEqual([]);
    const errors = run.annotations.filter(({ type }) => type === 'error').map(({ title: name }) => name);
    expect(errors).toEqual(['SERVICE_DOWN']);
  },
);
