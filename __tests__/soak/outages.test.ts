import { expect, test } from 'vitest';
import { createScenario } from '../helpers/scenario.ts';
import { status } from '../rehearsal/fault-samples.ts';
import type { Script } from '../rehearsal/faulty-service.ts';
import { costOf, expectValidSignatures, FILES, tell } from './soak-run.ts';

/** Outages of these lengths, the first after 100 requests and each next one after 100 answers more. */
function outages(...lengthsMs: readonly number[]): Script {
  let served = 0;
  let downUntil = 0;
  const left = [...lengthsMs];
  return () => {
    const now = performance.now();
    if (now < downUntil) return { kind: 'end', when: 'before-body', by: 'reset' };
    if (++served % 100 === 0 && left.length > 0) downUntil = now + (left.shift() ?? 0);
    return undefined;
  };
}

function errors(percent: number, code: number): Script {
  return ({ index }) => ((index * 7919 + 13) % 100 < percent ? status(code) : undefined);
}

test.each([
  ['30 % errors (503)', () => errors(30, 503)],
  ['30 % errors (500)', () => errors(30, 500)],
  ['50 % errors (502)', () => errors(50, 502)],
  ['an outage of 20 s', () => outages(20_000)],
  ['two outages of 15 s', () => outages(15_000, 15_000)],
])('500 files come through %s', async (title, script) => {
  await using scenario = await createScenario({ files: FILES, service: { script: script(), delayMs: 5 } });
  const run = await scenario.run({}, { timeoutMs: 600_000 });
  tell(title, costOf(run, scenario));
  expect(run.exitCode, run.log).toBe(0);
  expect(await expectValidSignatures(scenario)).toBe(500);
  expect(scenario.service.counters.replays).toBe(0);
  if (!title.startsWith('50')) expect(scenario.service.counters.requests).toBeLessThanOrEqual(750);
});
