import { unexpected } from '../../errors.ts';
import { Failure } from './failure.ts';

/** Turns whatever a try threw into a failure; what is no failure yet concerns this file alone. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const known = unexpected(error);
  return new Failure('file', known.code, known.message, { hint: known.hint ?? '', cause: error });
}

/** One try had no answer in its time. */
export function timedOut(limitMs: number): Failure {
  return new Failure('service', 'TIMEOUT', `No answer within ${Math.round(limitMs / 1000)} s.`, {
    hint: 'The service is slow or stuck; raise timeout if it needs longer for one file.',
  });
}

/** The run as a whole had its time. */
export function deadlinePassed(deadlineMs: number): Failure {
  return new Failure('config', 'DEADLINE', `Signing did not end within the deadline of ${deadlineMs / 1000} s.`, {
    hint: 'Raise deadline, or split the work with shard.',
  });
}

/** A try that was cut short because the run is over; nobody is shown it. */
export function runEnded(): Failure {
  return new Failure('request', 'RUN_ENDED', 'The run ended before this file had an answer.');
}

/** The service was in trouble for too long; `last` is what it showed last. */
export function serviceDown(last: Failure | undefined): Failure {
  return new Failure(
    'config',
    'SERVICE_DOWN',
    `The service did not recover in time. Last: ${last?.message ?? 'no answer.'}`,
    { hint: last?.hint ?? 'Run this job again when the service is back.', cause: last },
  );
}

/** The service wants to be left alone for longer than this run can wait. */
export function retryAfterTooLong(failure: Failure, retryAfterMs: number, leftMs: number): Failure {
  const wish = Math.round(retryAfterMs / 1000);
  const left = Math.max(0, Math.round(leftMs / 1000));
  return new Failure(
    'config',
    'RETRY_AFTER_TOO_LONG',
    `The service asks to wait ${wish} s, but this run waits at most ${left} s more. ${failure.message}`,
    { hint: 'Run this job again later, or ask the operators of the service about its limits.', cause: failure },
  );
}
