import { expect, test } from 'vitest';
import { Batches } from '../../../src/protocols/vault/batches.ts';
import { Session } from '../../../src/protocols/vault/session.ts';
import type { PolicyEvent } from '../../../src/signing/policy/decision.ts';
import { runSchedule, type Settled } from '../../../src/signing/schedule/schedule.ts';
import { FAILURES, seededRandom, sleep, usualSchedule } from '../../signing/simulate.ts';
import { VirtualClock } from '../../signing/virtual-clock.ts';

/** How the modelled service behaves; times in milliseconds since the start of the run. */
interface Weather {
  readonly files: number;
  readonly leaseMs?: number;
  /** Down between these times; it knows no token from before. */
  readonly down?: readonly [fromMs: number, toMs: number];
  /** Numbers of requests for signatures that are answered with 503. */
  readonly refused?: readonly number[];
  readonly answerMs?: number;
}

/** A run over batches and a session, all in virtual time. */
async function run({ files, leaseMs = 600_000, down: [from, to] = [-1, -1], refused = [], answerMs = 30 }: Weather) {
  const clock = new VirtualClock();
  const known = new Set<string>();
  const count = { logins: 0, requests: 0, whileDown: 0 };
  const isDown = (): boolean => clock.now() >= from && clock.now() < to;
  const ask = async (): Promise<void> => {
    if (isDown()) count.whileDown++;
    await sleep(clock, answerMs);
    if (!isDown()) return;
    known.clear();
    throw FAILURES.unavailable.with({});
  };
  const session = new Session({
    now: () => clock.now(),
    revoke: async () => {},
    async login() {
      count.logins++;
      await ask();
      const value = `t${count.logins}`;
      known.add(value);
      return { value, leaseMs, isRevocable: true };
    },
  });
  const send = async (items: readonly number[], signal: AbortSignal): Promise<readonly number[]> => {
    const answer = async (token: string): Promise<'refused' | 'good'> => {
      const nth = ++count.requests;
      await ask();
      if (refused.includes(nth)) throw FAILURES.unavailable.with({});
      return known.has(token) ? 'good' : 'refused';
    };
    const result = await session.use(answer, (each) => each === 'refused', signal);
    if (result === 'refused') throw FAILURES.unauthorised;
    return items;
  };
  const sizes = { maxItems: 240, sizeOf: () => 44, maxSize: 2 ** 23 };
  const batches = new Batches<number, number>({ send, ...sizes, isDivisible: () => false });
  const settled = new Map<number, Settled>();
  const events: PolicyEvent[] = [];
  const ending = await clock.run(
    runSchedule({
      ...usualSchedule(clock),
      jobs: files,
      random: seededRandom(files),
      run: async (job, signal) => void (await batches.add(job, signal)),
      onSettled: (job, result) => void settled.set(job, result),
      onCutOff: () => {},
      onEvent: (event) => void events.push(event),
    }),
  );
  const lost = [...settled.values()].filter(({ failure }) => failure);
  const types = events.map(({ type }) => type);
  const mostAttempts = Math.max(...[...settled.values()].map(({ attempts }) => attempts));
  return { ending, lost, signed: settled.size - lost.length, types, mostAttempts, endedAt: clock.now(), ...count };
}

test('a service that is down for minutes, and knows no token afterwards, costs no file', async () => {
  const { ending, signed, types, whileDown, logins, endedAt } = await run({ files: 5000, down: [400, 120_000] });
  expect({ ending, signed }).toEqual({ ending: undefined, signed: 5000 });
  expect(types.filter((type) => type === 'outage')).toHaveLength(1);
  expect(types.filter((type) => type === 'recovery')).toHaveLength(1);
  // One request at a time asks whether the service is back, and logs in first if the token has died.
  expect(whileDown).toBeLessThan(120);
  expect(logins).toBeLessThan(120);
  expect(endedAt).toBeLessThan(140_000);
});

test('a service that is down for longer than the run waits ends it, with what the service said', async () => {
  const { ending, signed } = await run({ files: 5000, down: [400, Number.POSITIVE_INFINITY] });
  expect(ending?.code).toBe('SERVICE_DOWN');
  expect(ending?.cause).toMatchObject({ code: 'UNAVAILABLE' });
  expect(signed).toBeGreaterThan(0);
});

test('one batch that is answered with 503 is one event: no outage is declared, and each of its files costs one repeat', async () => {
  for (const nth of [2, 3, 5, 8]) {
    const { ending, signed, types, mostAttempts } = await run({ files: 1000, refused: [nth] });
    expect({ nth, ending, signed }).toEqual({ nth, ending: undefined, signed: 1000 });
    expect(types).not.toContain('outage');
    expect(mostAttempts).toBe(2);
  }
});

test('a lease that is shorter than the run costs one login for each two thirds of it, and no attempt', async () => {
  const { signed, mostAttempts, logins, endedAt } = await run({ files: 3000, leaseMs: 300, answerMs: 50 });
  expect(signed).toBe(3000);
  expect(mostAttempts).toBe(1);
  expect(logins).toBeLessThanOrEqual(Math.ceil(endedAt / 200) + 1);
});
