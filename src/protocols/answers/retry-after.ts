import type { WireResponse } from '../../connection/exchange.ts';

/**
 * Reads how long the service asks to wait, in milliseconds from now; `undefined` without a valid value.
 *
 * Known forms: `Retry-After` in seconds or as an HTTP date (relative to the answer's own `Date`, so that our clock does
 * not matter), the `…-ms` variants of some gateways, and, with a status for rate limits, the `RateLimit` headers when
 * no request is left. A past time counts as 0.
 */
export function retryAfterMs(status: number, headers: WireResponse['headers']): number | undefined {
  for (const [name, unitMs] of FORMS) {
    const seconds = longestIn(one(headers[name]));
    if (seconds !== undefined) return untilMs(seconds * unitMs);
  }
  const wantedMs = parseWrittenDate(one(headers['retry-after']));
  const nowMs = parseHttpDate(one(headers['date']));
  if (wantedMs !== undefined && nowMs !== undefined) return untilMs(wantedMs - nowMs);
  return RATE_STATUSES.includes(status) ? rateLimitMs(status, headers, nowMs) : undefined;
}

/** Returns 0 for a past time, and at most the longest time that caches know (RFC 9111, section 1.2.2). */
function untilMs(ms: number): number {
  return Math.min(Math.max(0, ms), MAX_MS);
}

/** Returns the longest time in a header, because a proxy may have joined two headers. */
function longestIn(value: string | undefined): number | undefined {
  const parts = value?.split(',').map((part) => part.trim()) ?? [];
  return parts.length > 0 && parts.every((part) => NUMBER.test(part)) ? longest(parts.map(Number)) : undefined;
}

/** Returns the largest number; a header may have too many for the arguments of `Math.max`. */
function longest(times: readonly number[]): number {
  return times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY);
}

/** Statuses for rate limits; firewalls also use 403. */
const RATE_STATUSES = [403, 429, 503];

/** Reads when an exhausted limit is reset: the old and new IETF drafts, and the `X-` forms before them. */
function rateLimitMs(status: number, headers: WireResponse['headers'], nowMs: number | undefined): number | undefined {
  const after = headerOf(headers, 'reset-after');
  const apart = { remaining: headerOf(headers, 'remaining'), reset: after ?? headerOf(headers, 'reset') };
  const limits = [...limitsIn(headers['ratelimit']), apart];
  const usedUp = limits.filter(({ remaining }) => Number(remaining ?? 1) === 0);
  // A status of 429 means that no request is left, even if no header names the limit.
  const silent = status === 429 ? limits.filter(({ remaining }) => remaining === undefined) : [];
  const waits = (usedUp.length > 0 ? usedUp : silent)
    .map(({ reset }) => untilReset(reset ?? '', nowMs))
    .filter((wait) => wait !== undefined);
  // All limits must be reset, so the longest wait counts.
  return waits.length > 0 ? longest(waits) : undefined;
}

/** Some services give the time itself, in seconds or milliseconds since the epoch or as a date, instead of the seconds until then. */
function untilReset(reset: string, nowMs: number | undefined): number | undefined {
  const number = NUMBER.test(reset) ? Number(reset) : undefined;
  if (number !== undefined && number < EPOCH_SECONDS) return untilMs(number * 1000);
  const at = number === undefined ? parseWrittenDate(reset) : number * (number < EPOCH_MS ? 1000 : 1);
  return nowMs === undefined || at === undefined ? undefined : untilMs(at - nowMs);
}

interface Limit {
  readonly remaining: string | undefined;
  readonly reset: string | undefined;
}

/** Reads the limits of a `RateLimit` header: `limit=9, remaining=0, reset=7`, or `"burst";r=3;t=1, "day";r=0;t=60`. */
function limitsIn(header: string | string[] | undefined): readonly Limit[] {
  // A quoted name may contain any separator.
  const text = [header ?? []]
    .flat()
    .join(', ')
    .toLowerCase()
    .replace(/"[^"]*"/g, '""');
  // The older form has one limit, and commas within it.
  const limits = /(?:^|[;,\s])remaining=/.test(text) ? [text] : text.split(',');
  return limits.map((limit) => ({
    remaining: /(?:^|[;,\s])(?:r|remaining)=(\d+)/.exec(limit)?.[1],
    reset: /(?:^|[;,\s])(?:t|reset)=(\d+)/.exec(limit)?.[1],
  }));
}

/** Larger numbers are a time and not a duration, because no limit lasts for thirty years. */
const EPOCH_SECONDS = 1_000_000_000;
const EPOCH_MS = EPOCH_SECONDS * 1000;
/** 2^31 seconds. */
const MAX_MS = 2 ** 31 * 1000;

/** Returns a header of a single limit without its parameters, such as the window in `0;w=60`. */
function headerOf(headers: WireResponse['headers'], name: 'remaining' | 'reset' | 'reset-after'): string | undefined {
  const values = ['ratelimit', 'x-ratelimit', 'x-rate-limit'].map((prefix) => one(headers[`${prefix}-${name}`]));
  return values.find(Boolean)?.replace(/;.*$/s, '').trim();
}

/** Header forms, the most precise first. */
const FORMS = [
  ['retry-after-ms', 1],
  ['x-ms-retry-after-ms', 1],
  ['retry-after', 1000],
] as const;
const NUMBER = /^[+-]?\d{1,100}(\.\d{1,100})?$/;
/** The three forms of HTTP; `Date.parse` alone would take "1 apple". */
const HTTP_DATE =
  /^[A-Z][a-z]{2,8}, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT$|^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

const NEARLY_A_DATE =
  /^[A-Z][a-z]{2,8}, \d{1,2}[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d (?:GMT|UTC|Z|[+-]00:?00)$|^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/;

/** Reads a date of any form of HTTP as milliseconds since the epoch. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !HTTP_DATE.test(text)) return undefined;
  // The oldest form has no zone, and would be parsed as local time.
  return timeOf(text.endsWith('GMT') ? text : `${text} GMT`);
}

/** Reads a date in the form of HTTP, nearly so (`Sun, 6 Nov 1994 08:49:37 +0000`), or in ISO 8601. */
function parseWrittenDate(text: string | undefined): number | undefined {
  return text !== undefined && NEARLY_A_DATE.test(text) ? timeOf(text) : parseHttpDate(text);
}

function timeOf(date: string): number | undefined {
  const time = Date.parse(date);
  return Number.isNaN(time) ? undefined : time;
}

function one(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value)?.trim();
}
