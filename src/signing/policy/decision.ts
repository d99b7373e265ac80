import type { WaitReason } from '../schedule/queue.ts';
import type { Failure } from './failure.ts';

/** An attempt that has just failed. */
export interface FailedAttempt {
  readonly failure: Failure;
  readonly job: number;
  /** When the attempt began, on the scheduler's clock. */
  readonly startedAt: number;
  readonly isCanary: boolean;
  /** Whether the attempt was sent during an outage to find out if the service is back. */
  readonly isProbe: boolean;
  /** Jobs without a result, this one included. */
  readonly left: number;
  /** Attempts of other jobs that are in flight. */
  readonly inFlight: number;
  /** When the oldest of them began, on the same clock; infinite without one. */
  readonly oldestStart: number;
}

/** What follows a failed attempt; `lost` is the failure of a file that gets no further attempt. */
export type Decision = { readonly lost?: Failure } & (
  | { readonly next: 'retry'; readonly delayMs: number; readonly reason: WaitReason }
  /** The file is repeated when no other file waits. */
  | { readonly next: 'retry-last' }
  | { readonly next: 'lost'; readonly lost: Failure }
  | { readonly next: 'end'; readonly failure: Failure }
);

/** Why an outage is over. */
export type Recovery = 'the service signed' | 'every file has failed';

/** Events that get a line in the log. */
export type PolicyEvent =
  | { readonly type: 'retry'; readonly job: number; readonly failure: Failure; readonly delayMs: number }
  | { readonly type: 'outage'; readonly failure: Failure }
  | { readonly type: 'bad-node'; readonly failure: Failure }
  /** This machine could not make an attempt; `isFirst` marks the first one since a success. */
  | { readonly type: 'shortage'; readonly failure: Failure; readonly isFirst: boolean }
  /** An outage ends; when every file that is left has failed, these files may be the cause. */
  | { readonly type: 'recovery'; readonly because: Recovery };

/** Tells whether a second attempt of the canary must confirm a failure, or try another way (HTTP/1.1, TLS 1.2), before any other file is sent. */
export function mustConfirm({ facts }: Failure): boolean {
  return facts.staleConnection === true || (facts.endsRun !== undefined && facts.endsRun !== 'verify-key');
}
