import type { FailedAttempt } from './decision.ts';
import { Failure } from './failure.ts';

/** Most sorts of failures that the end of a run tells beside the last one. */
const MAX_SORTS = 3;
/** A shorter time without a success needs no words. */
const LONG_MS = 5000;

/** Hint after refusals with one request at a time. */
const USED_UP =
  'Single requests were refused too, so lower concurrency does not help: a quota, such as one per day or month, may be used up. Ask the operators of the service, or of the API gateway in front of it, which quota that is and when it is reset.';
/** Hint when only one file was left; the service may have failed at that moment too. */
const OF_FILE =
  'Only one file was left: its content may make the service, or a gateway in front of it, fail. Show its name, size and this message to the operators of the service.';
/** Hint when answers such as 500 show that the service runs. */
const OF_FILES =
  'If the service signs other files meanwhile, the content of the files that were left may be the cause.';
/** Codes of requests that reached the service and got no answer. */
const MAY_BE_OF_FILE: readonly string[] = ['CONNECTION_LOST', 'TIMEOUT'];

interface Sort {
  readonly failure: Failure;
  count: number;
}

/** The failed attempts since the last success of a run, by sort, for the sentence that ends the run. */
export class Troubles {
  readonly #sorts = new Map<string, Sort>();
  #since: number | undefined;
  /** The files whose attempts these were. */
  readonly #jobs = new Set<number>();
  #hasSucceeded = false;
  #wasReached = false;
  /** The last failure of any kind. */
  newest: Failure | undefined;
  /** The last failure of the service as a whole. */
  newestOfService: Failure | undefined;

  /** Learns of a failed attempt. */
  add({ failure, startedAt, job }: Pick<FailedAttempt, 'failure' | 'startedAt' | 'job'>): void {
    this.#jobs.add(job);
    this.#since ??= startedAt;
    this.#wasReached ||= failure.facts.unreached === undefined;
    const key = keyOf(failure);
    const sort = this.#sorts.get(key) ?? { failure, count: 0 };
    sort.count++;
    this.#sorts.set(key, sort);
  }

  /** Learns of a success. */
  onSuccess(): void {
    this.#sorts.clear();
    this.#jobs.clear();
    this.#since = undefined;
    this.#hasSucceeded = true;
    this.#wasReached = true;
  }

  /** Returns the last failure of any kind, with the other sorts that came before it. */
  last(now: number): Failure | undefined {
    return this.#tell(this.newest, now);
  }

  /** Builds the failure of a run whose service did not recover in time. */
  serviceDown(now: number): Failure {
    return serviceDown(this.#tell(this.newestOfService, now), this.#wasReached ? 'reached' : 'never reached');
  }

  /** Adds to a failure which other sorts came before it, and for how long no attempt has succeeded. */
  #tell(last: Failure | undefined, now: number): Failure | undefined {
    const own = last && this.#sorts.get(keyOf(last));
    if (last === undefined || own === undefined || this.#since === undefined) return last;
    const others = [...this.#sorts.values()].filter((sort) => sort !== own).toSorted((a, b) => b.count - a.count);
    const same = own.count > 1 ? [`${own.count - 1} × the same`] : [];
    const told = others.slice(0, MAX_SORTS).map(({ failure, count }) => `${count} × ${clauseOf(failure)}`);
    const before = others.length > 0 ? ` Before that: ${[...told, ...same].join(', ')}.` : '';
    const lastedMs = now - this.#since;
    const isLong = this.#hasSucceeded && lastedMs >= LONG_MS && (own.count > 1 || others.length > 0);
    const ago = Math.round(lastedMs / 1000);
    const isOneFile = this.#jobs.size === 1 && MAY_BE_OF_FILE.includes(last.code) && !last.facts.unreached;
    const which = isOneFile ? 'every request was for the same file, and failed' : 'every request has failed';
    const since = isLong ? ` Since the last signature, about ${ago} s ago, ${which}.` : '';
    const usedUp = isLong && last.code === 'THROTTLED' ? { hint: USED_UP } : {};
    const ofFile = isLong && isOneFile ? { hint: `${OF_FILE} ${last.hint ?? ''}`.trim() } : {};
    const isAnswer = last.kind === 'request' && last.facts.endsRun !== 'unauthorised';
    const ofFiles = isLong && isAnswer ? { hint: `${last.hint ?? ''} ${OF_FILES}`.trim() } : {};
    return last.with({ message: `${last.message}${before}${since}`, ...ofFiles, ...ofFile, ...usedUp });
  }
}

/** Builds the failure of a run that ends after an outage; `last` is the last failure of it. */
export function serviceDown(last: Failure | undefined, before: 'reached' | 'never reached'): Failure {
  const unreached = last?.facts.unreached;
  const not = before === 'reached' ? 'no longer' : 'not';
  const what =
    unreached === undefined
      ? 'The service did not recover in time.'
      : `The service was ${not} reached: ${unreached} in time.`;
  return new Failure('config', 'SERVICE_DOWN', `${what} Last failure: ${last?.message ?? 'no answer.'}`, {
    hint: last?.hint ?? 'Run this job again when the service is back.',
    cause: last,
  });
}

/** Sentences that differ only in a number, an identifier or what became of an address are of one sort. */
function keyOf({ code, message }: Failure): string {
  return `${code} ${message.replace(/\S*\d\S*(?: \([a-z ]+\))?/g, '#')}`;
}

/** Turns `https://host: the connection was lost.` into a part of a sentence. */
function clauseOf({ message }: Failure): string {
  const clause = message.replace(/^https?:\/\/\S+: /, '').replace(/\.$/, '');
  return /^[A-Z][a-z]* /.test(clause) ? clause.charAt(0).toLowerCase() + clause.slice(1) : clause;
}
