import { aboutOtherServer } from '../connection/diagnosis/other-server.ts';
import type { WireResponse } from '../connection/exchange.ts';
import { ActionError, unexpected } from '../errors.ts';
import type { Scrub } from '../protocols/answers/scrub.ts';
import { Failure } from '../signing/policy/failure.ts';
import { orAborted } from '../signing/schedule/clock.ts';
import { badStatus, FinalError, readReply, refused } from './answers.ts';
import { checkStamp, type Stamp, type StampDemand } from './check.ts';
import { encodeRequest } from './structures.ts';

/** What a request for a stamp needs from its environment. */
export interface StampWorld {
  /** Sends a request to an authority; rejects when there is no answer. */
  readonly post: (authority: URL, body: Buffer, signal: AbortSignal) => Promise<WireResponse>;
  /** Returns an unpredictable integer below a bound. */
  readonly randomInt: (bound: number) => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Wall clock of this machine, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Hides secrets in a text of the authority, then cuts it. */
  readonly scrub: Scrub;
  readonly signal: AbortSignal;
}

/** A newly issued stamp. */
export interface NewStamp extends Stamp {
  /** The whole answer of the authority, as it goes into a `.tsr`. */
  readonly bytes: Buffer;
  /** URL of the authority, without its query. */
  readonly authority: string;
  /** A sentence about the difference between the stamp's time and this machine's clock; `undefined` if they agree. */
  readonly clockWarning: string | undefined;
}

/** Longest time for a stamp, including all authorities and tries, in milliseconds. */
const STAMP_MS = 60_000;
/** Longest time for one try, in milliseconds. */
const TRY_MS = 15_000;
/** Waits before the second and third try of an authority, in milliseconds. */
const WAITS_MS = [500, 2000];
const TRIES = WAITS_MS.length + 1;

/** Requests a stamp from the authorities in order, three times each; throws `TIMESTAMP_FAILED` with the reasons. */
export async function requestStamp(
  authorities: readonly URL[],
  demand: Omit<StampDemand, 'nonce'>,
  world: StampWorld,
): Promise<NewStamp> {
  const limit = AbortSignal.timeout(STAMP_MS);
  const tryMs = Math.min(TRY_MS, STAMP_MS / (TRIES * authorities.length));
  const failures: { readonly authority: URL; readonly error: ActionError }[] = [];
  for (const authority of authorities) {
    const effort = { world, signal: AbortSignal.any([world.signal, limit]), tryMs };
    try {
      return await repeat(() => ask(authority, demand, effort), effort);
    } catch (error) {
      world.signal.throwIfAborted();
      failures.push({ authority, error: limit.aborted ? tooLate(STAMP_MS, error) : unexpected(error) });
    }
  }
  throw noStamp(failures);
}

interface Effort {
  readonly world: StampWorld;
  /** Aborts with the run, and when the time for the stamp is over. */
  readonly signal: AbortSignal;
  readonly tryMs: number;
}

async function repeat<T>(attempt: () => Promise<T>, { world: { sleep }, signal }: Effort): Promise<T> {
  for (let failed = 1; ; failed++) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof FinalError || failed >= TRIES || signal.aborted) throw error;
      await orAborted(sleep(WAITS_MS[failed - 1] ?? 0), signal);
    }
  }
}

async function ask(
  authority: URL,
  { sha256, anchors }: Omit<StampDemand, 'nonce'>,
  { world, signal, tryMs }: Effort,
): Promise<NewStamp> {
  const { post, randomInt, scrub, now } = world;
  const nonce = drawNonce(randomInt);
  const late = AbortSignal.timeout(tryMs);
  const askedAt = now();
  const response = await post(authority, encodeRequest(sha256, nonce), AbortSignal.any([signal, late])).catch(
    (error: unknown) => {
      throw late.aborted && !signal.aborted ? tooLate(tryMs, error) : aboutAuthority(error, authority);
    },
  );
  const { status, body } = response;
  if (status !== 200 && status !== 201) throw badStatus(response, scrub);
  const answer = readReply(response, scrub);
  if (answer.token === undefined) throw refused(answer, scrub);
  const stamp = checkStamp(body, { sha256, nonce, anchors });
  const clockWarning = checkTime(stamp.time, askedAt, now());
  return { ...stamp, bytes: body, authority: withoutQuery(authority), clockWarning };
}

/** Usual clock difference of machines without a time service, in milliseconds; others differ by less than a second. */
const USUAL_DIFFERENCE_MS = 5 * 60_000;
/**
 * How far the time of a new stamp may be from the clock of this machine, in milliseconds: a day.
 *
 * A clock in local time or another time zone differs by hours, although the stamp is correct. The stamp's stated
 * accuracy is not added: an authority may state any value, and real ones state seconds.
 */
export const MAX_CLOCK_DIFFERENCE_MS = 24 * 60 * 60_000;

/** Returns a warning if clocks differ by minutes or hours; throws `TIMESTAMP_TIME_DIFFERS` for more than a day. */
function checkTime(time: Date, askedAt: number, answeredAt: number): string | undefined {
  // The clock may have been adjusted meanwhile.
  const [from, to] = [Math.min(askedAt, answeredAt), Math.max(askedAt, answeredAt)];
  const differenceMs = Math.max(from - time.getTime(), time.getTime() - to);
  if (differenceMs <= USUAL_DIFFERENCE_MS) return undefined;
  const clock = new Date(answeredAt).toISOString();
  const sentence = `The time stamp says ${time.toISOString()}, and the clock of this machine says ${clock}.`;
  if (differenceMs > MAX_CLOCK_DIFFERENCE_MS)
    throw new FinalError('TIMESTAMP_TIME_DIFFERS', sentence, { hint: WRONG_CLOCK });
  return `${sentence} ${WRONG_CLOCK}`;
}

const WRONG_CLOCK =
  'Compare both with a clock that you trust. If that of this machine is wrong, set it (date -u shows it); if the time stamp is wrong, use another authority and tell this one, because its clock is wrong or somebody else uses its key.';

/** A query may hold a token. */
function withoutQuery({ origin, pathname }: URL): string {
  return origin + pathname;
}

const OWN_INPUTS = { name: 'the time stamp authority', url: 'timestamp-url', chain: 'timestamp-chain' };

/** Removes the address from a sentence, because each line of the list already starts with it. */
function aboutAuthority(error: unknown, { origin }: URL): unknown {
  if (!(error instanceof Failure)) return error;
  const { message, hint } = aboutOtherServer(error, OWN_INPUTS);
  return error.with({ message: message.replace(`${origin}: `, ''), hint });
}

/** Draws a nonce whose first bit makes it positive and whose second bit keeps DER from dropping a byte. */
function drawNonce(randomInt: StampWorld['randomInt']): Buffer {
  const nonce = Buffer.from(Array.from({ length: 16 }, () => randomInt(256)));
  nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40;
  return nonce;
}

function tooLate(ms: number, cause: unknown): ActionError {
  return new ActionError('TIMESTAMP_FAILED', `No answer within ${ms / 1000} s.`, { cause });
}

function noStamp(failures: readonly { readonly authority: URL; readonly error: ActionError }[]): ActionError {
  const lines = failures.map(({ authority, error: { code, message } }) => {
    const what = message.replace(`${authority.origin}: `, '').replace(/\.$/, '');
    return `${withoutQuery(authority)}: ${what} (${code})`;
  });
  const hints = failures.flatMap(({ error: { hint } }) => hint || []);
  return new ActionError(
    'TIMESTAMP_FAILED',
    ['No authority gave a time stamp that can be accepted', ...lines].join('\n'),
    {
      hint:
        hints.length > 0
          ? [...new Set(hints)].join(' ')
          : 'Check timestamp-url, and give a second authority on a line of its own.',
      cause: new AggregateError(failures.map(({ error }) => error)),
    },
  );
}
