import { describe, expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import {
  asFailure,
  asOneEvent,
  type CutOff,
  cutOff,
  deadlinePassed,
  describeCutOff,
  Failure,
  retryAfterTooLong,
  runEnded,
  timedOut,
  tooManyOpen,
} from '../../src/signing/policy/failure.ts';
import { serviceDown, Troubles } from '../../src/signing/policy/troubles.ts';

const cause = new Error('read ECONNRESET');
const lost = new Failure('service', 'CONNECTION_LOST', 'The connection was lost.', {
  hint: 'Ask the operators of the service.',
  cause,
  staleConnection: true,
  maxAttempts: 3,
});

test('a changed copy of a failure keeps every part that was not named, the cause included', () => {
  const copy = lost.with({ unanswered: true });
  expect(copy).toBeInstanceOf(Failure);
  expect([copy.kind, copy.code, copy.message, copy.hint]).toEqual([lost.kind, lost.code, lost.message, lost.hint]);
  expect(copy.cause).toBe(cause);
  expect(copy.facts).toEqual({ ...lost.facts, unanswered: true });
});

test('a changed copy of a failure has the new kind, code, sentence, hint and cause', () => {
  const other = new Error('alert 42');
  const copy = lost.with({
    kind: 'config',
    code: 'TLS_CLIENT_REJECTED',
    message: 'The server refused our client certificate.',
    hint: 'Check cert.',
    cause: other,
  });
  expect([copy.kind, copy.code, copy.message, copy.hint, copy.cause]).toEqual([
    'config',
    'TLS_CLIENT_REJECTED',
    'The server refused our client certificate.',
    'Check cert.',
    other,
  ]);
  expect(copy.facts.maxAttempts).toBe(3);
});

test('the original failure is not changed by a changed copy', () => {
  lost.with({ kind: 'file', unanswered: true });
  expect([lost.kind, lost.facts.unanswered]).toEqual(['service', undefined]);
});

const systemError = (code: string): Error => Object.assign(new Error(code), { code });

const OF_FILES =
  'If the service signs other files meanwhile, the content of the files that were left may be the cause.';

describe('an error becomes a failure', () => {
  test.each(['EMFILE', 'ENFILE', 'EAGAIN'])('of this machine by %s, also behind an error of our own', (code) => {
    for (const error of [systemError(code), new ActionError('FILE_UNREADABLE', 'a', { cause: systemError(code) })]) {
      expect(asFailure(error)).toMatchObject({
        name: 'Failure',
        kind: 'machine',
        code: 'TOO_MANY_OPEN_FILES',
        message: `This system allows no more open files and connections (${code}).`,
        hint: expect.stringContaining('ulimit -n'),
        cause: error,
      });
    }
  });

  test('of its own file by any other error, with its code, sentence and hint', () => {
    const known = new ActionError('FILE_CHANGED', 'It changed.', { hint: 'Wait.' });
    expect(asFailure(known)).toMatchObject({ kind: 'file', code: 'FILE_CHANGED', hint: 'Wait.', cause: known });
    expect(asFailure(new ActionError('FILE_CHANGED', 'It changed.')).hint).toBe('');
    expect(tooManyOpen(systemError('EACCES'))).toBeUndefined();
    expect(tooManyOpen('no error')).toBeUndefined();
  });

  test('that stays what it is when it is one, and one event for all files that share it', () => {
    expect(asFailure(lost)).toBe(lost);
    const shared = asOneEvent(lost);
    expect(shared).toMatchObject({ code: lost.code, facts: { request: {} } });
    expect([asOneEvent(shared), asOneEvent(cause)]).toEqual([shared, cause]);
    expect(asOneEvent(shared)).toBe(shared);
  });
});

test.each([
  [1, '0 s'],
  [1234, '1.2 s'],
  [9999, '10 s'],
  [10_000, '10 s'],
  [10_600, '11 s'],
])('no answer after %i ms is told as %s', (ms, shown) => {
  expect(timedOut(ms)).toMatchObject({ kind: 'service', code: 'TIMEOUT', message: `No answer within ${shown}.` });
  expect([timedOut(ms).hint, cutOff(ms).hint]).toEqual([
    expect.stringContaining('raise timeout'),
    expect.stringContaining('raise deadline'),
  ]);
});

describe('a reached deadline', () => {
  test.each([
    [undefined, '', 'Raise deadline, or split the work with shard.'],
    [lost, ' Last failure: The connection was lost.', lost.hint],
    [new Error('odd'), '', 'Raise deadline, or split the work with shard.'],
  ])('tells the last failure: %s', (last, quoted, hint) => {
    const failure = deadlinePassed(90_000, last);
    expect(failure).toMatchObject({ kind: 'config', code: 'DEADLINE', hint, cause: last });
    expect(failure.message).toBe(`Signing did not end within the deadline of 90 s.${quoted}`);
    expect(failure.facts).toMatchObject({ deadlineMs: 90_000, open: { count: 0 } });
  });

  test.each<[CutOff, string]>([
    [{ count: 0, oldest: cutOff(100) }, ''],
    [{ count: 2 }, ''],
    [{ count: 1, oldest: cutOff(0) }, ' One request was open: no answer yet.'],
    [
      { count: 1, oldest: cutOff(0).with({ message: 'No connection within 0 s.' }) },
      ' One request was open: no connection yet.',
    ],
    [
      { count: 1, oldest: cutOff(0).with({ message: 'No answer within 0 s, though the request was sent whole.' }) },
      ' One request was open: no answer yet, though the request was sent whole.',
    ],
    [{ count: 3, oldest: cutOff(2000) }, ' 3 requests were open; the oldest one: no answer within 2 s.'],
    [
      { count: 1, oldest: new Failure('file', 'TIMEOUT', 'It ended within 0 s. Later it went on.') },
      ' One request was open: it ended within 0 s. Later it went on.',
    ],
  ])('tells what it cut off: %j', (open, told) => {
    const ending = deadlinePassed(1000);
    const described = describeCutOff(ending, open);
    expect(described?.message).toBe(`Signing did not end within the deadline of 1 s.${told}`);
    expect(described?.hint).toBe(open.oldest?.hint ?? ending.hint);
  });

  test('is not mentioned when the run ends for another reason', () => {
    expect(describeCutOff(lost, { count: 1, oldest: cutOff(1) })).toBe(lost);
    expect(describeCutOff(undefined, { count: 1 })).toBeUndefined();
  });
});

test('the error for a service that is down quotes the last failure, if there is one', () => {
  const down = serviceDown(lost, 'reached');
  expect(down).toMatchObject({ kind: 'config', code: 'SERVICE_DOWN', hint: lost.hint, cause: lost });
  expect(down.message).toBe('The service did not recover in time. Last failure: The connection was lost.');
  const nothing = serviceDown(undefined, 'never reached');
  expect(nothing.message).toBe('The service did not recover in time. Last failure: no answer.');
  expect(nothing.hint).toBe('Run this job again when the service is back.');
});

test('a service that was not reached is not blamed: the sentence names what did not recover', () => {
  const proxy = lost.with({ unreached: 'the proxy did not recover' });
  expect(serviceDown(proxy, 'never reached').message).toBe(
    'The service was not reached: the proxy did not recover in time. Last failure: The connection was lost.',
  );
  expect(serviceDown(proxy, 'reached').message).toMatch(/^The service was no longer reached: the proxy did not/);
});

describe('what came before the last failure of a run', () => {
  const said = (message: string): Failure => new Failure('service', 'CONNECTION_LOST', message);

  /** The last sentence of a run with these failures, at this time; the last failure is repeated as the newest. */
  function told(messages: readonly string[], { first = 0, now = 0, success = false } = {}): string | undefined {
    const troubles = new Troubles();
    if (success) troubles.onSuccess();
    for (const [at, message] of messages.entries()) {
      troubles.newest = said(message);
      troubles.add({ failure: troubles.newest, startedAt: first + at, job: at });
    }
    return troubles.last(now)?.message;
  }

  test('is nothing without a failure, and nothing after a failure that was the only one', () => {
    expect(told([])).toBeUndefined();
    expect(told(['It broke.'])).toBe('It broke.');
  });

  test('is told by sort, the most frequent first, at most three beside the last one', () => {
    const many = ['A b.', 'C d.', 'C d.', 'E f.', 'E f.', 'E f.', 'G h.', 'G h.', 'G h.', 'G h.', 'Last.'];
    expect(told(many)).toBe('Last. Before that: 4 × g h, 3 × e f, 2 × c d.');
    expect(told(['Last.', 'A b.', 'Last.', 'Last.'])).toBe('Last. Before that: 1 × a b, 2 × the same.');
  });

  test('is one sort where only numbers, identifiers and ends of addresses differ', () => {
    expect(told(['Tried id-a1 (was refused) there.', 'Tried id-b2 (did not answer) there.'])).toBe(
      'Tried id-b2 (did not answer) there.',
    );
    expect(told(['It is here.', 'It is gone.'])).toBe('It is gone. Before that: 1 × it is here.');
  });

  test.each([
    ['https://a.example: the connection. was lost.', 'the connection. was lost'],
    ['http://a.example: the connection was lost.', 'the connection was lost'],
    ['It quotes https://a.example: as it is.', 'it quotes https://a.example: as it is'],
    ['TLS was Not spoken.', 'TLS was Not spoken'],
    ['x509: Bad certificate.', 'x509: Bad certificate'],
  ])('is a part of a sentence: %s', (message, clause) => {
    expect(told([message, 'Last.'])).toBe(`Last. Before that: 1 × ${clause}.`);
  });

  test('comes with the time without a success from five seconds on, unless one attempt took that long', () => {
    const two = { success: true, first: 1000 };
    expect(told(['Last.', 'Last.'], { ...two, now: 6000 })).toBe(
      'Last. Since the last signature, about 5 s ago, every request has failed.',
    );
    expect(told(['A b.', 'Last.'], { ...two, now: 6000 })).toBe(
      'Last. Before that: 1 × a b. Since the last signature, about 5 s ago, every request has failed.',
    );
    expect(told(['Last.', 'Last.'], { ...two, now: 5999 })).toBe('Last.');
    expect(told(['Last.'], { ...two, now: 60_000 })).toBe('Last.');
    expect(told(['Last.', 'Last.'], { first: 1000, now: 60_000 })).toBe('Last.');
  });

  test.each([
    ['CONNECTION_LOST', {}, true],
    ['TIMEOUT', { hint: '' }, true],
    ['CONNECTION_LOST', { unreached: 'no TLS connection was made' }, false],
    ['CONNECT_REFUSED', {}, false],
  ] as const)('may be due to the only file that was left: %s %o', (code, facts, isOfFile) => {
    const troubles = new Troubles();
    troubles.add({ failure: said('It broke.'), startedAt: 0, job: 6 });
    troubles.onSuccess();
    troubles.newest = new Failure('service', code, 'It failed.', { hint: 'Ask.', ...facts });
    for (const at of [1000, 2000]) troubles.add({ failure: troubles.newest, startedAt: at, job: 7 });
    const which = isOfFile ? 'every request was for the same file, and failed' : 'every request has failed';
    expect(troubles.last(9000)?.message).toBe(`It failed. Since the last signature, about 8 s ago, ${which}.`);
    expect(troubles.last(9000)?.hint).toMatch(
      isOfFile ? /^Only one file was left: .* operators of the service\.(?: Ask\.)?$/ : /^Ask\.$/,
    );
  });

  test('of single requests that were throttled advises about a quota, and not about concurrency', () => {
    const troubles = new Troubles();
    troubles.onSuccess();
    troubles.newest = new Failure('service', 'THROTTLED', 'The service answered 429.', { hint: 'Lower concurrency.' });
    for (const at of [1000, 2000]) troubles.add({ failure: troubles.newest, startedAt: at, job: at });
    expect(troubles.last(3000)?.hint).toBe('Lower concurrency.');
    expect(troubles.last(9000)?.hint).toMatch(/^Single requests were refused too, .* a quota/);
  });

  test.each([
    ['request', { hint: 'Ask.' }, `Ask. ${OF_FILES}`],
    ['request', {}, OF_FILES],
    ['request', { hint: 'Ask.', endsRun: 'unauthorised' }, 'Ask.'],
    ['service', { hint: 'Ask.' }, 'Ask.'],
  ] as const)(
    'of many files, of the kind %s with %j, may be one of their content where the service answers',
    (kind, facts, hint) => {
      const troubles = new Troubles();
      troubles.onSuccess();
      troubles.newest = new Failure(kind, 'SERVER_ERROR', 'The service answered 500.', facts);
      for (const at of [1000, 2000]) troubles.add({ failure: troubles.newest, startedAt: at, job: at });
      expect(troubles.last(5000)?.hint).toBe('hint' in facts ? facts.hint : undefined);
      expect(troubles.last(9000)?.hint).toBe(hint);
    },
  );

  test('is forgotten at a success', () => {
    const troubles = new Troubles();
    troubles.newest = said('It broke.');
    for (const at of [1, 2]) troubles.add({ failure: troubles.newest, startedAt: at, job: at });
    troubles.onSuccess();
    expect(troubles.last(60_000)).toBe(troubles.newest);
  });

  test('a service that was reached once, by a success or by a failure of its own, is no longer reached', () => {
    const unreached = said('No route.').with({ unreached: 'no route came back' });
    const down = (before: (troubles: Troubles) => void): string => {
      const troubles = new Troubles();
      before(troubles);
      troubles.newestOfService = unreached;
      troubles.add({ failure: unreached, startedAt: 0, job: 0 });
      return troubles.serviceDown(0).message;
    };
    expect(down(() => {})).toMatch(/^The service was not reached: no route came back in time\./);
    expect(down((troubles) => troubles.onSuccess())).toMatch(/^The service was no longer reached: /);
    expect(down((troubles) => troubles.add({ failure: said('It broke.'), startedAt: 0, job: 0 }))).toMatch(
      /^The service was no longer reached: /,
    );
  });
});

test.each([
  [60_000, '60 s'],
  [7_199_000, '7199 s'],
  [7_200_000, '7200 s (2 h)'],
  [172_799_000, '172799 s (48 h)'],
  [172_800_000, '172800 s (2 days)'],
])('a wait of %i ms that is asked for is told as %s', (ms, shown) => {
  const failure = retryAfterTooLong(lost, ms, 2600);
  expect(failure).toMatchObject({ kind: 'config', code: 'RETRY_AFTER_TOO_LONG', cause: lost });
  expect(failure.message).toBe(
    `The connection was lost. It asks to wait ${shown}, and this run waits at most 3 s more.`,
  );
  expect(failure.hint).toMatch(/^Run this job again after that time/);
  const throttled = new Failure('service', 'THROTTLED', 'The service answered 429.');
  expect(retryAfterTooLong(throttled, ms, 0).hint).toMatch(/about its limits\.$/);
  expect(failure.hint).not.toMatch(/limits/);
  expect(retryAfterTooLong(lost, ms, -1).message).toContain('at most 0 s more');
});

test('the end of a run ends its attempts as a request that went wrong', () => {
  expect(runEnded()).toMatchObject({ kind: 'request', code: 'RUN_ENDED' });
});
