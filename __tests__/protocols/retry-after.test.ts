import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHttpDate, retryAfterMs } from '../../src/protocols/answers/retry-after.ts';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';

describe('how long the service asks to wait', () => {
  test.each([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['a fraction of seconds', { 'retry-after': '0.25' }, 250],
    ['blanks around', { 'retry-after': ' 7 ' }, 7000],
    ['zero', { 'retry-after': '0' }, 0],
    ['a negative number, which has passed', { 'retry-after': '-5' }, 0],
    ['the first of two headers', { 'retry-after': ['3', '9'] }, 3000],
    ['the longest of two that a proxy joined', { 'retry-after': '3, 9' }, 9000],
    [
      'the longest of as many as the headers of an answer have room for',
      { 'retry-after': `${'1,'.repeat(150_000)}7` },
      7000,
    ],
    ['a number of 20 digits, as the longest time there is', { 'retry-after': '9'.repeat(20) }, 2 ** 31 * 1000],
    ['a date of ISO 8601', { 'retry-after': '1994-11-06T08:49:47Z', date: DATE }, 10_000],
    ['a date of ISO 8601 in another zone', { 'retry-after': '1994-11-06T09:49:47.000+01:00', date: DATE }, 10_000],
    ['a date with a day of one digit', { 'retry-after': 'Sun, 6 Nov 1994 08:49:47 GMT', date: DATE }, 10_000],
    ['a date in UTC', { 'retry-after': 'Sun, 06 Nov 1994 08:49:47 UTC', date: DATE }, 10_000],
    ['a date with a zone of zero', { 'retry-after': 'Sun, 06 Nov 1994 08:49:47 +0000', date: DATE }, 10_000],
    ['a zone of zero with a colon', { 'retry-after': 'Sun, 06 Nov 1994 08:49:47 -00:00', date: DATE }, 10_000],
    ['a date with blanks around', { 'retry-after': [' Sun, 06 Nov 1994 08:49:47 GMT '], date: DATE }, 10_000],
    ['milliseconds', { 'retry-after-ms': '1500' }, 1500],
    ['milliseconds under another name', { 'x-ms-retry-after-ms': '1500.5' }, 1500.5],
    ['negative milliseconds', { 'retry-after-ms': '-1' }, 0],
    ['milliseconds ahead of seconds', { 'retry-after-ms': '20', 'retry-after': '7' }, 20],
    ['seconds when the milliseconds are garbage', { 'retry-after-ms': 'soon', 'retry-after': '7' }, 7000],
    ['a date, by the clock of the service', { 'retry-after': 'Sun, 06 Nov 1994 08:49:47 GMT', date: DATE }, 10_000],
    ['a date of the second form', { 'retry-after': 'Sunday, 06-Nov-94 08:49:47 GMT', date: DATE }, 10_000],
    ['a date of the third form', { 'retry-after': 'Sun Nov  6 08:49:47 1994', date: DATE }, 10_000],
    ['the third form with a day of two digits', { 'retry-after': 'Sun Nov 16 08:49:37 1994', date: DATE }, 864_000_000],
    ['a date that has passed', { 'retry-after': 'Sun, 06 Nov 1994 08:00:00 GMT', date: DATE }, 0],
    ['the year 9999', { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT', date: DATE }, 2 ** 31 * 1000],
  ])('%s', (_, headers, expected) => {
    expect(retryAfterMs(429, headers)).toBe(expected);
  });

  test.each([
    ['nothing', {}],
    ['garbage', { 'retry-after': 'soon' }],
    ['a number with a unit', { 'retry-after': '5s' }],
    ['a number that was joined with garbage', { 'retry-after': '3, soon' }],
    ['a date of a zone that is told by its name', { 'retry-after': 'Sun, 06 Nov 1994 08:49:37 CET', date: DATE }],
    ['a date of ISO 8601 within other text', { 'retry-after': 'at 1994-11-06T08:49:47Z', date: DATE }],
    ['a date of ISO 8601 before other text', { 'retry-after': '1994-11-06T08:49:47Z (soon)', date: DATE }],
    ['a date of ISO 8601 without a zone', { 'retry-after': '1994-11-06T08:49:47', date: DATE }],
    ['hexadecimal', { 'retry-after': '0x10' }],
    ['what only Date.parse takes for a date', { 'retry-after': '1 apple', date: DATE }],
    ['a date without the clock of the service', { 'retry-after': DATE }],
    ['a date of ISO 8601 that does not exist', { 'retry-after': '1994-19-06T08:49:47Z', date: DATE }],
    ['a date that does not exist', { 'retry-after': 'Sun, 99 Nov 1994 08:49:37 GMT', date: DATE }],
    ['a date behind other text', { 'retry-after': `Note (Mon) ${DATE}`, date: DATE }],
    ['a date before other text', { 'retry-after': `${DATE}+0100`, date: DATE }],
    ['the third form behind other text', { 'retry-after': 'Mon Sun Nov  6 08:49:37 1994', date: DATE }],
    ['the third form with a zone', { 'retry-after': 'Sun Nov  6 08:49:37 1994 PST', date: DATE }],
    ['the empty text', { 'retry-after': '' }],
  ])('is ignored: %s', (_, headers) => {
    expect(retryAfterMs(429, headers)).toBeUndefined();
  });

  test('is never negative, endless or an error, whatever the headers hold', () => {
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom(DATE, '12', '-3', '1e9', 'Infinity', 'NaN'),
      fc.array(fc.string()),
    );
    const headers = fc.dictionary(
      fc.constantFrom('retry-after', 'retry-after-ms', 'x-ms-retry-after-ms', 'date'),
      value,
    );
    fc.assert(
      fc.property(headers, (given) => {
        const wish = retryAfterMs(429, given);
        expect(wish === undefined || (wish >= 0 && Number.isFinite(wish))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

test('a date of HTTP means the same in every time zone', () => {
  const before = process.env['TZ'];
  process.env['TZ'] = 'America/New_York';
  try {
    expect(parseHttpDate('Sun Nov  6 08:49:37 1994')).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
    for (const zone of ['UTC', 'Z', '+0000', '-00:00'])
      expect(retryAfterMs(429, { 'retry-after': `Sun, 06 Nov 1994 08:49:47 ${zone}`, date: DATE })).toBe(10_000);
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});

describe('a used-up limit is waited for', () => {
  test.each([
    ['one of several limits', { ratelimit: '"burst";r=3;t=1, "day";r=0;t=60' }, 60_000],
    ['the longest of several', { ratelimit: '"a";r=0;t=5, "b";r=0;t=30, "c";r=0;t=10' }, 30_000],
    ['limits in headers of their own', { ratelimit: ['"a";r=9;t=5', '"b";r=0;t=30'] }, 30_000],
    ['one that is used up, beside one that does not say', { ratelimit: '"burst";r=0;t=2, "day";t=80000' }, 2000],
    ['the older form', { ratelimit: 'limit=9, remaining=0, reset=7' }, 7000],
    ['the older form without its limit', { ratelimit: 'remaining=0, reset=7' }, 7000],
    ['the older form without commas', { ratelimit: 'limit=9 remaining=0 reset=7' }, 7000],
    ['a limit without a name', { ratelimit: 'r=0;t=7' }, 7000],
    ['a limit whose time stands first', { ratelimit: 't=7;r=0' }, 7000],
    ['a blank before parameters', { 'ratelimit-remaining': '0 ;w=60', 'ratelimit-reset': '7 ;w=60' }, 7000],
    ['one header for each number', { 'ratelimit-remaining': '0', 'ratelimit-reset': '7' }, 7000],
    ['an X- before them', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '7' }, 7000],
    [
      'a time since the epoch',
      { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '1783935000', date: 'Mon, 13 Jul 2026 09:29:50 GMT' },
      10_000,
    ],
    [
      'a time in milliseconds since the epoch',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1783935000000', date: 'Mon, 13 Jul 2026 09:29:50 GMT' },
      10_000,
    ],
    [
      'a date',
      {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': '2026-07-13T09:30:00Z',
        date: 'Mon, 13 Jul 2026 09:29:50 GMT',
      },
      10_000,
    ],
    [
      'a time that has passed',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1783935000', date: 'Mon, 13 Jul 2026 09:30:50 GMT' },
      0,
    ],
    ['numbers with parameters', { 'ratelimit-remaining': '0;w=60', 'ratelimit-reset': '7;w=60' }, 7000],
    [
      'the seconds until the reset beside its time',
      { 'x-ratelimit-reset-after': '1.5', 'x-ratelimit-reset': '99' },
      1500,
    ],
    ['a name in quotes that looks like a limit', { ratelimit: '"a,b;r=1;t=900";r=0;t=7' }, 7000],
    ['a limit with a key', { ratelimit: '"default";r=0;t=7;pk=:dD05MDA=:' }, 7000],
    ['very many digits', { ratelimit: `"a";r=0;t=${'9'.repeat(8)}` }, 99_999_999_000],
  ])('%s', (_, headers, expected) => {
    expect(retryAfterMs(429, headers)).toBe(expected);
    expect(retryAfterMs(500, headers)).toBeUndefined();
  });

  test.each([
    ['one that has requests left', { ratelimit: '"a";r=3;t=60' }],
    ['one that has as many left as two digits say', { ratelimit: 'remaining=05, reset=7' }],
    ['a key that ends alike', { ratelimit: 'xr=0;xt=7' }],
    ['one that has requests left in a header of its own', { 'ratelimit-remaining': '3', 'ratelimit-reset': '7' }],
    ['one without a time', { ratelimit: '"a";r=0' }],
    ['one that is reset at a time of a clock that nobody knows', { 'x-ratelimit-reset': '1783935000' }],
    ['garbage', { ratelimit: 'soon', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'tomorrow' }],
  ])('but not %s', (_, headers) => {
    expect(retryAfterMs(429, headers)).toBeUndefined();
  });

  test.each([
    { 'ratelimit-limit': '10', 'ratelimit-reset': '7' },
    { 'x-ratelimit-remaining': '', 'x-ratelimit-reset': '7' },
  ])('a reset without a number of requests left counts with 429, which says that none is left: %j', (headers) => {
    expect([429, 403, 503].map((status) => retryAfterMs(status, headers))).toEqual([7000, undefined, undefined]);
  });
});
