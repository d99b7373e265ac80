import { describe, expect, test } from 'vitest';
import type { Failure } from '../../src/signing/policy/failure.ts';
import { RunJudge } from '../../src/signing/policy/retry.ts';
import { FAILURES } from './simulate.ts';

/** A run whose attempts fail one after the other; `attempts` counts those of the canary, which is job 0. */
function createRun(): { judge: RunJudge; fail: (failure: Failure, job: number, attempts?: number) => boolean } {
  const judge = new RunJudge();
  let now = 0;
  const fail = (failure: Failure, job: number, attempts = 1): boolean => {
    now += 10;
    return judge.endsRun(failure, { job, attempts, startedAt: now - 5, isCanary: job === 0 }, now);
  };
  return { judge, fail };
}

describe('a run ends', () => {
  test('at the first failure that only a person can mend', () => {
    expect(createRun().fail(FAILURES.redirected, 5)).toBe(true);
    expect(createRun().fail(FAILURES.serverError, 0)).toBe(false);
  });

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

  test('at the third time that there is no such host, unless it was reached before', () => {
    const { fail } = createRun();
    expect([1, 2, 3].map((job) => fail(FAILURES.noSuchHost, job))).toEqual([false, false, true]);
    const reached = createRun();
    reached.judge.onSuccess();
    expect([1, 2, 3, 4].map((job) => reached.fail(FAILURES.noSuchHost, job))).toEqual([false, false, false, false]);
  });

  /** Loses so many files in these ways, and then meets a refusal once more. */
  const endsAfter = (...lost: readonly (Failure | 'signed')[]): boolean => {
    const { judge, fail } = createRun();
    for (const what of lost) {
      if (what === 'signed') judge.onSuccess();
      else judge.onLost(what);
    }
    return fail(FAILURES.badRequest, 9);
  };

  test('at the refusal of the fourth file when the first three were refused alike', () => {
    const { badRequest, tooLarge } = FAILURES;
    expect(endsAfter(badRequest, badRequest)).toBe(false);
    expect(endsAfter(badRequest, badRequest, badRequest)).toBe(true);
    expect(endsAfter(badRequest, badRequest, badRequest, badRequest)).toBe(false);
    expect(endsAfter(badRequest, tooLarge, badRequest)).toBe(false);
    expect(endsAfter(badRequest, badRequest, tooLarge, 'signed', badRequest)).toBe(false);
    expect(endsAfter('signed', badRequest, badRequest, badRequest)).toBe(false);
    expect(endsAfter(badRequest, badRequest, badRequest, 'signed')).toBe(false);
  });

  test('at the second 401 before a success', () => {
    const { fail } = createRun();
    expect([fail(FAILURES.unauthorised, 0), fail(FAILURES.unauthorised, 0, 2)]).toEqual([false, true]);
  });

  test('not at a 401 to a try that began before the first one came', () => {
    const { fail, judge } = createRun();
    expect(fail(FAILURES.unauthorised, 0)).toBe(false);
    const under = { job: 1, attempts: 1, isCanary: false };
    expect(judge.endsRun(FAILURES.unauthorised, { ...under, startedAt: 9 }, 20)).toBe(false);
    expect(judge.endsRun(FAILURES.unauthorised, { ...under, startedAt: 10 }, 20)).toBe(true);
  });

  test('at 401 to four different files in a row after a success', () => {
    const { fail, judge } = createRun();
    judge.onSuccess();
    expect([1, 2, 3, 3, 2].map((job) => fail(FAILURES.unauthorised, job))).not.toContain(true);
    judge.onSuccess();
    expect([1, 2, 3].map((job) => fail(FAILURES.unauthorised, job))).not.toContain(true);
    expect(fail(FAILURES.unauthorised, 4)).toBe(true);
  });
});
