import { describe, expect, test } from 'vitest';
import { failing } from './models.ts';
import { FAILURES, type Model, simulate } from './simulate.ts';

/** A machine that can carry so many attempts at once, and a service that takes half a second for each. */
function machineFor(most: number): Model {
  return ({ inFlight }) =>
    inFlight > most ? { afterMs: 0, failure: FAILURES.noDescriptor } : { afterMs: 500, failure: undefined };
}

describe('a machine that allows few open files and connections', () => {
  test.each([1, 5, 30])('and carries %i attempts at once signs every file, with as many in flight', async (most) => {
    const run = await simulate(machineFor(most), { jobs: 200, attempts: 1 });
    expect(run.green).toBe(true);
    const settledRequests = run.requests.filter(({ inFlight }) => inFlight <= most);
    expect(settledRequests.length).toBe(200);
    // The shortage costs time, and few further attempts.
    expect(run.requests.length).toBeLessThan(200 + 3 * 200);
    expect(run.elapsedMs).toBeLessThan((200 / most) * 500 * 1.6 + 1500);
    expect(run.outages).toEqual([]);
  });

  test('logs the first shortage, and does not say that the service is in trouble', async () => {
    const run = await simulate(machineFor(5), { jobs: 20 });
    expect(run.events.map(({ type }) => type)).not.toContain('outage');
    const told = run.events.filter((event) => event.type === 'shortage' && event.isFirst);
    expect(told.length).toBeGreaterThan(0);
  });

  test('ends the run after ten seconds in which not even one attempt could be made', async () => {
    const run = await simulate(() => ({ afterMs: 0, failure: FAILURES.noDescriptor }), { jobs: 20 });
    expect(run.ending).toMatchObject({ code: 'TOO_MANY_OPEN_FILES', kind: 'config' });
    expect(run.elapsedMs).toBeGreaterThanOrEqual(10_000);
    expect(run.elapsedMs).toBeLessThan(13_000);
    expect(run.requests.length).toBeLessThan(400);
  });

  test('goes on when the shortage ends before that', async () => {
    const model = failing(FAILURES.noDescriptor, ({ atMs }) => atMs < 9000, 10);
    const run = await simulate(model, { jobs: 20, attempts: 1 });
    expect([run.green, run.elapsedMs < 11_000]).toEqual([true, true]);
  });
});
