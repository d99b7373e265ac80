import type { FileOutcome } from '../files/release-file.ts';
import { Failure } from './policy/failure.ts';

/** What the sizes of the files show about the failures of a run. */
interface SizeFinding {
  /** The sizes, as a clause without an end. */
  readonly facts: string;
  /** Whether files were still signed after others had failed, so that no outage can be the cause. */
  readonly isCertain: boolean;
}

/** By chance, files divide so neatly into smaller and larger ones at most once in so many runs. */
const CHANCE = 20;
/** Codes of failures that a limit on size, or a network that loses large packets, can cause. */
const CODES: readonly Failure['code'][] = [
  'CONNECTION_LOST',
  'TIMEOUT',
  'DEADLINE',
  'SERVICE_DOWN',
  'HTTP_MALFORMED',
  'NOT_FOUND',
  'METHOD_REFUSED',
  'FORBIDDEN',
  'REQUEST_REFUSED',
  'REQUEST_TIMEOUT',
  'SERVER_ERROR',
  'BAD_GATEWAY',
  'GATEWAY_TIMEOUT',
  'RESP_EMPTY',
  'RESP_HTML',
  'RESP_NOT_JSON',
];

/**
 * Finds out whether every signed file is smaller than every file that was tried and not signed. `outcomes` are in the
 * order in which the files were sent: where that order explains as much, sizes say nothing.
 */
export function findSizes(outcomes: readonly FileOutcome[], signedAfterFailure: number): SizeFinding | undefined {
  let [signed, largest, lost, smallest] = [0, -1, 0, Number.POSITIVE_INFINITY];
  let isInOrder = signedAfterFailure <= 1;
  for (const { status, file, attempts } of outcomes) {
    if (status === 'signed') {
      [signed, largest] = [signed + 1, Math.max(largest, file.size)];
      isInOrder &&= lost === 0;
    } else if (attempts > 0) [lost, smallest] = [lost + 1, Math.min(smallest, file.size)];
  }
  if (isInOrder) return undefined;
  if (largest >= smallest || signed === 0 || lost === 0 || ways(signed + lost, lost) < CHANCE) return undefined;
  const who = signed === 1 ? 'The only signed file has' : `All ${signed} signed files have at most`;
  const others = lost === 1 ? 'the file that was not signed has' : `all ${lost} that were not signed have at least`;
  const facts = `${who} ${largest} bytes, ${others} ${smallest}`;
  return { facts, isCertain: signedAfterFailure > 1 };
}

/** Says what the sizes may mean for a failure: only where no answer came, the network may lose large packets. */
function causeOf({ code, facts: { refusal } }: Failure): string {
  if (refusal?.isPage || code === 'RESP_HTML') return 'a limit on size in the web server or gateway that answered';
  const limit = 'a limit on size, in the service or in a gateway or proxy on the way';
  const isSilent = code === 'CONNECTION_LOST' || code === 'TIMEOUT';
  return isSilent ? `${limit}, or a network that loses large packets (VPN, MTU)` : limit;
}

/** Adds the finding to a failure that it may explain. */
export function withSizes(failure: Failure, finding: SizeFinding | undefined): Failure {
  const isOfRun = failure.code === 'DEADLINE' || failure.code === 'SERVICE_DOWN';
  // 429 and 507 name a cause of their own.
  const met = isOfRun && failure.cause instanceof Failure ? failure.cause : failure;
  if (finding === undefined || !CODES.includes(met.code)) return failure;
  const { hint = '' } = failure;
  const { facts, isCertain } = finding;
  const sentence = `${facts}: ${isCertain ? 'the cause is probably' : 'unless this is chance, the cause is'} ${causeOf(met)}.`;
  const parts = isCertain ? [sentence, hint] : [hint, sentence];
  return failure.with({ hint: parts.filter(Boolean).join(' ') });
}

/** Returns in how many ways `lost` of `all` files can be chosen; stops counting where the number is large. */
function ways(all: number, lost: number): number {
  let count = 1;
  for (let at = 1; at <= Math.min(lost, all - lost) && count < CHANCE; at++) count = (count * (all - at + 1)) / at;
  return count;
}
