import { expect, test } from 'vitest';
import { ClockOffset } from '../../src/protocols/es-auth/clock-offset.ts';
import { Failure } from '../../src/signing/policy/failure.ts';

const NOW = Date.UTC(2030, 0, 1);
const HOUR = 3600_000;
const REFUSED = new Failure('request', 'UNAUTHORIZED', 'The service answered 401.', {
  endsRun: 'unauthorised',
  maxAttempts: 3,
});

function answer(theirs: number | string): { status: number; headers: { date: string }; body: Buffer } {
  const date = typeof theirs === 'string' ? theirs : new Date(theirs).toUTCString();
  return { status: 401, headers: { date }, body: Buffer.alloc(0) };
}

function create(): { clock: ClockOffset; told: number[]; time: { now: number } } {
  const [told, time]: [number[], { now: number }] = [[], { now: NOW }];
  const clock = new ClockOffset({ now: () => time.now, onClockOffset: (seconds) => void told.push(seconds) });
  return { clock, told, time };
}

test.each([
  ['two minutes ahead', 120_000],
  ['two hours behind', -2 * HOUR],
  ['a day ahead', 24 * HOUR],
])('a refusal by a service whose clock is %s corrects ours', (_, skew) => {
  const { clock, told } = create();
  expect(clock.explain(REFUSED, answer(NOW + skew), NOW)).toBe(REFUSED);
  expect(clock.now()).toBe(NOW + skew);
  expect(told).toEqual([skew / 1000]);
});

test.each([
  ['half a minute', 30_000],
  ['more than a day', 24 * HOUR + 1000],
  ['more than a day behind', -24 * HOUR - 1000],
])('a difference of %s is let be', (_, skew) => {
  const { clock, told } = create();
  clock.explain(REFUSED, answer(NOW + skew), NOW);
  expect([clock.now(), told]).toEqual([NOW, []]);
});

test.each(['', 'yesterday', '2030-01-01', '1893456000000'])('a Date of “%s” does not correct the clock', (date) => {
  const { clock } = create();
  clock.explain(REFUSED, answer(date), NOW);
  expect(clock.now()).toBe(NOW);
});

test('the clock is corrected once', () => {
  const { clock, told } = create();
  clock.explain(REFUSED, answer(NOW + HOUR), NOW);
  clock.explain(REFUSED, answer(NOW - HOUR), NOW);
  expect([clock.now(), told]).toEqual([NOW + HOUR, [3600]]);
});

test('only a refusal of our credentials says something about clocks', () => {
  const { clock } = create();
  const busy = new Failure('service', 'UNAVAILABLE', 'The service answered 503.');
  expect(clock.explain(busy, answer(NOW + HOUR), NOW - HOUR)).toBe(busy);
  expect(clock.now()).toBe(NOW);
});

test('a request that was too old when it was refused says so, gets one more attempt, and blames neither clock', () => {
  const { clock, time } = create();
  time.now = NOW + 61_000;
  const failure = clock.explain(REFUSED, answer(time.now), NOW);
  expect([failure.kind, failure.code, failure.facts.maxAttempts, failure.facts.endsRun]).toEqual([
    'request',
    'REQUEST_TOO_OLD',
    2,
    undefined,
  ]);
  expect(failure.message).toBe('The service answered 401, 61 s after the request was dated.');
  expect(failure.cause).toBe(REFUSED);
});

test('a clock that jumped while the request was under way is corrected instead', () => {
  const { clock, time } = create();
  time.now = NOW + 2 * HOUR;
  expect(clock.explain(REFUSED, answer(NOW), NOW)).toBe(REFUSED);
  expect(clock.now()).toBe(NOW);
});

test.each([
  [0, 'agrees'],
  [-30_000, 'agrees'],
  [30_000, 'agrees'],
  [31_000, 'differs'],
  [-31_000, 'differs'],
])('an answer whose time is %i ms ahead agrees with the clock: %s', (skew, expected) => {
  const { clock } = create();
  expect(clock.compare(answer(NOW + skew))).toBe(expected);
  clock.explain(REFUSED, answer(NOW + HOUR), NOW);
  const afterwards = expected === 'differs' ? 'differ-among-servers' : expected;
  expect(clock.compare(answer(NOW + HOUR + skew))).toBe(afterwards);
});

test('an answer without a time agrees with no clock', () => {
  const { clock } = create();
  expect([clock.compare(answer('soon')), clock.compare({ ...answer(NOW), headers: {} })]).toEqual([
    'unknown',
    'unknown',
  ]);
});

test('a refusal after exactly a minute is about the credentials', () => {
  const { clock, time } = create();
  time.now = NOW + 60_000;
  expect(clock.explain(REFUSED, answer(time.now), NOW)).toBe(REFUSED);
});
