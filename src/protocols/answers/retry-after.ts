import type { WireResponse } from '../../connection/exchange.ts';

/**
 * Reads how long the service asks to wait, in milliseconds from now; `undefined` when it does not say or says nonsense.
 *
 * Known forms: `Retry-After` in seconds or as an HTTP date (measured against the answer's own `Date`, so that our clock
 * does not matter), the `…-ms` variants of some gateways, and, with a status that limits a rate, the `RateLimit` headers of
 * a client that has no request left. A time that has passed counts as 0.
 */
export function retryAfterMs(status: number, headers: WireResponse['headers']): number | undefined {
  for (const [name, unitMs] of FORMS) {
    const value = one(headers[name]);
    if (value !== undefined && NUMBER.test(value)) return Math.max(0, Number(value) * unitMs);
  }
  const wantedMs = parseHttpDate(one(headers['retry-after']));
  const nowMs = parseHttpDate(one(headers['date']));
  if (wantedMs !== undefined && nowMs !== undefined) return Math.max(0, wantedMs - nowMs);
  return RATE_STATUSES.includes(status) ? rateLimitMs(headers, nowMs) : undefined;
}

/** A firewall limits rates with 403, too. */
const RATE_STATUSES = [403, 429, 503];

/** Reads when a used-up limit is reset: the drafts of the IETF, old and new, and the `X-` forms before them. */
function rateLimitMs(headers: WireResponse['headers'], nowMs: number | undefined): number | undefined {
  const apart = { remaining: headerOf(headers, 'remaining'), reset: headerOf(headers, 'reset') };
  const waits = [...limitsIn(headers['ratelimit']), apart]
    .filter(({ remaining, reset }) => Number(remaining) === 0 && NUMBER.test(reset ?? ''))
    .map(({ reset }) => untilReset(Number(reset), nowMs))
    .filter((wait) => wait !== undefined);
  // Every limit must have a request left again.
  return waits.length > 0 ? Math.max(...waits) : undefined;
}

/** Some services give the time itself, in seconds since the epoch, instead of the seconds until then. */
function untilReset(seconds: number, nowMs: number | undefined): number | undefined {
  if (seconds < EPOCH_SECONDS) return Math.max(0, seconds * 1000);
  return nowMs === undefined ? undefined : Math.max(0, seconds * 1000 - nowMs);
}

interface Limit {
  readonly remaining: string | undefined;
  readonly reset: string | undefined;
}

/** Reads the limits of a `RateLimit` header: `limit=9, remaining=0, reset=7`, or `"burst";r=3;t=1, "day";r=0;t=60`. */
function limitsIn(header: string | string[] | undefined): readonly Limit[] {
  const text = [header ?? []].flat().join(', ').toLowerCase();
  // The older form has one limit, and commas within it.
  const limits = /(?:^|[;,\s])remaining=/.test(text) ? [text] : text.split(',');
  return limits.map((limit) => ({
    remaining: /(?:^|[;,\s])(?:r|remaining)=(\d+)/.exec(limit)?.[1],
    reset: /(?:^|[;,\s])(?:t|reset)=(\d+)/.exec(limit)?.[1],
  }));
}

/** No limit lasts for thirty years. */
const EPOCH_SECONDS = 1_000_000_000;

function headerOf(headers: WireResponse['headers'], name: 'remaining' | 'reset'): string | undefined {
  return (
    one(headers[`ratelimit-${name}`]) ?? one(headers[`x-ratelimit-${name}`]) ?? one(headers[`x-rate-limit-${name}`])
  );
}

/** The most exact first. */
const FORMS = [
  ['retry-after-ms', 1],
  ['x-ms-retry-after-ms', 1],
  ['retry-after', 1000],
] as const;
const NUMBER = /^[+-]?\d{1,12}(\.\d{1,6})?$/;
/** The three forms of HTTP; `Date.parse` alone would take "1 apple". */
const HTTP_DATE =
  /^[A-Z][a-z]{2,8}, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT$|^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/** Reads a date of any form of HTTP as milliseconds since the epoch. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !HTTP_DATE.test(text)) return undefined;
  // The oldest form bears no zone, and would be taken for local time.
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

function one(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value)?.trim();
}
