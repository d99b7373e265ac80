import type { WireResponse } from '../../connection/exchange.ts';

/**
 * Reads how long the service asks to wait, in milliseconds from now; `undefined` when it does not say or says nonsense.
 *
 * Known forms: `Retry-After` in seconds or as an HTTP date (measured against the answer's own `Date`, so that our clock
 * does not matter), and the `…-ms` variants of some gateways. What has passed counts as 0.
 */
export function retryAfterMs(headers: WireResponse['headers']): number | undefined {
  for (const [name, unitMs] of FORMS) {
    const value = one(headers[name]);
    if (value !== undefined && NUMBER.test(value)) return Math.max(0, Number(value) * unitMs);
  }
  const wantedMs = parseHttpDate(one(headers['retry-after']));
  const nowMs = parseHttpDate(one(headers['date']));
  return wantedMs === undefined || nowMs === undefined ? undefined : Math.max(0, wantedMs - nowMs);
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
