import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/signing/policy/failure.ts';
import { RunJudge } from '../../src/signing/policy/run-judge.ts';
import { FAILURES } from './simulate.ts';

/** The rules that a whole run does not show by itself (run-endings.test.ts has the others): a run whose attempts fail one after the other; `attempts` counts those of the canary, which is job 0. */
function createRun(): { judge: RunJudge; fail: (failure: Failure, job: number, attempts?: number) => boolean } {
  const judge = new RunJudge();
  let now = 0;
  const fail = (failure: Failure, job: number, attempts = 1): boolean => {
    now += 10;
    return judge.endsRun(
      failure,
      { job, attempts, startedAt: now - 5, isCanary: job === 0, oldestStart: Number.POSITIVE_INFINITY },
      now,
    );
  };
  return { judge, fail };
}

describe('a run ends', () => {
  test('when the first two attempts of the canary bring no API, and not for other files', () => {
    const { fail } = createRun();
    expect([fail(FAILURES.webPage, 7), fail(FAILURES.webPage, 7, 2)]).toEqual([false, false]);
    expect([fail(FAILURES.webPage, 0), fail(FAILURES.webPage, 0, 2)]).toEqual([false, true]);
  });

  test('not when any file was signed before the second one', () => {
    const { judge, fail } = createRun();
    expect(fail(FAILURES.webPage, 0)).toBe(false);
    judge.onSuccess();
    expect(fail(FAILURES.webPage, 0, 2)).toBe(false);
  });

  test('no more requests may be in flight than it takes to end the run', () => {
    const { judge, fail } = createRun();
    expect(judge.inFlight).toBe(Number.POSITIVE_INFINITY);
    fail(FAILURES.badRequest, 0);
    expect(judge.inFlight).toBe(3);
    fail(FAILURES.badRequest, 1);
    expect(judge.inFlight).toBe(2);
    fail(FAILURES.wrongKey, 2);
    fail(FAILURES.wrongKey, 3);
    expect(judge.inFlight).toBe(1);
    judge.onSuccess();
    expect(judge.inFlight).toBe(Number.POSITIVE_INFINITY);
  });

  test('not at a 401 to an attempt that began before the first 401 came', () => {
    const { fail, judge } = createRun();
    expect(fail(FAILURES.unauthorised, 0)).toBe(false);
    const under = { job: 1, attempts: 1, isCanary: false, oldestStart: Number.POSITIVE_INFINITY };
    expect(judge.endsRun(FAILURES.unauthorised, { ...under, startedAt: 9 }, 20)).toBe(false);
    expect(judge.endsRun(FAILURES.unauthorised, { ...under, startedAt: 10 }, 20)).toBe(true);
  });

  describe('because TLS refuses a node of the service', () => {
    const untrusted = new Failure('config', 'TLS_SERVER_UNTRUSTED', 'No chain.', { endsRun: 'bad-node' });
    const ofSeveral = untrusted.with({ isOneOfSeveral: true });

    test('at once before a success, at the second attempt where only one server was asked, unless another connection was good', () => {
      expect(createRun().fail(untrusted, 5)).toBe(true);
      const ofOneServer = createRun();
      expect([1, 2].map((job) => ofOneServer.fail(untrusted.with({ isOfOneServer: true }), job))).toEqual([
        false,
        true,
      ]);
      // A request that has waited for longer is at a good server.
      const attempt = { job: 1, attempts: 1, isCanary: false, startedAt: 5, oldestStart: 5 };
      expect(createRun().judge.endsRun(untrusted, attempt, 9)).toBe(false);
      expect(createRun().judge.endsRun(untrusted, { ...attempt, oldestStart: 6 }, 9)).toBe(true);
      const { fail } = createRun();
      expect([1, 2, 1, 2, 1, 3].map((job) => fail(ofSeveral, job))).toEqual([...Array(5).fill(false), true]);
    });

    test('at the sixth attempt in a row after a success, whichever files they were of', () => {
      const { judge, fail } = createRun();
      for (let successes = 0; successes < 3; successes++) {
        for (let file = 0; file < 3; file++) judge.onSuccess();
        expect([7, 8, 7, 8, 9].map((job) => fail(untrusted, job))).toEqual(Array(5).fill(false));
      }
      expect(fail(untrusted, 1)).toBe(true);
    });

    test('at ten attempts more than files were signed, whenever they began, because most nodes must be bad', () => {
      const { judge } = createRun();
      for (let file = 0; file < 20; file++) judge.onSuccess();
      const parallel = { attempts: 1, isCanary: false, startedAt: 1, oldestStart: Number.POSITIVE_INFINITY };
      const ends = Array.from({ length: 31 }, (_, job) => judge.endsRun(untrusted, { ...parallel, job }, 10 + job));
      expect(ends).toEqual([...Array(30).fill(false), true]);
    });

    test('not while an older attempt waits for the answer of a slow service, unless there are very many', () => {
      const { judge } = createRun();
      judge.onSuccess();
      let now = 0;
      const ends = (oldestStart: number): boolean => {
        now += 10;
        return judge.endsRun(untrusted, { job: 1, attempts: 1, isCanary: false, startedAt: now - 5, oldestStart }, now);
      };
      expect(Array.from({ length: 129 }, () => ends(1))).toEqual(Array(129).fill(false));
      expect(ends(1)).toBe(true);
      expect(ends(now + 7)).toBe(true);
    });

    test('not at attempts that began before an earlier one had failed: of many connections, some always lead to that node', () => {
      const { judge, fail } = createRun();
      for (let file = 0; file < 30; file++) judge.onSuccess();
      for (let job = 0; job < 4; job++) fail(untrusted, job);
      const parallel = { attempts: 1, isCanary: false, startedAt: 35, oldestStart: Number.POSITIVE_INFINITY };
      const ends = Array.from({ length: 30 }, (_, job) => judge.endsRun(untrusted, { ...parallel, job }, 45));
      expect(ends).toEqual(Array(30).fill(false));
      expect([fail(untrusted, 1), fail(untrusted, 2)]).toEqual([false, true]);
    });
  });
});
