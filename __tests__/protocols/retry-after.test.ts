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
    ['the year 9999', { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT', date: DATE }, 252_618_189_022_000],
  ])('%s', (_, headers, expected) => {
    expect(retryAfterMs(429, headers)).toBe(expected);
  });

  test.each([
    ['nothing', {}],
    ['garbage', { 'retry-after': 'soon' }],
    ['a number with a unit', { 'retry-after': '5s' }],
    ['too many digits', { 'retry-after': '9'.repeat(40) }],
    ['hexadecimal', { 'retry-after': '0x10' }],
    ['what only Date.parse takes for a date', { 'retry-after': '1 apple', date: DATE }],
    ['a date without the clock of the service', { 'retry-after': DATE }],
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
    ['the older form', { ratelimit: 'limit=9, remaining=0, reset=7' }, 7000],
    ['one header for each number', { 'ratelimit-remaining': '0', 'ratelimit-reset': '7' }, 7000],
    ['an X- before them', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '7' }, 7000],
    [
      'a time since the epoch',
      { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '1783935000', date: 'Mon, 13 Jul 2026 09:29:50 GMT' },
      10_000,
    ],
  ])('%s', (_, headers, expected) => {
    expect(retryAfterMs(429, headers)).toBe(expected);
    expect(retryAfterMs(500, headers)).toBeUndefined();
  });

  test.each([
    ['one that has requests left', { ratelimit: '"a";r=3;t=60' }],
    ['one without a time', { ratelimit: '"a";r=0' }],
    ['one without a number', { 'ratelimit-reset': '7' }],
    ['garbage', { ratelimit: 'soon', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'tomorrow' }],
  ])('but not %s', (_, headers) => {
    expect(retryAfterMs(429, headers)).toBeUndefined();
  });
});
