import { ActionError } from '../errors.ts';
import type { PolicyEvent } from './policy/decision.ts';
import { Failure } from './policy/failure.ts';

const WEB_PAGES =
  'One of several servers behind a balancer, or a gateway in front, may be broken or set up in another way, or was changed during the run: ask the operators.';
const ADDRESS =
  'One of several servers behind a balancer may be set up in another way, for example in an older version without this path, or the service may have been changed during the run: ask the operators.';
const NEVER_ACCEPTED =
  'No request of this run was accepted, so lower concurrency would not help: the allowance of these credentials, or of this address, is used up, for example by another run, or the service takes no requests. Ask its operators.';
const WAS_ACCEPTED =
  'The same certificate was accepted on other connections of this run: one of several servers behind a balancer trusts other issuers, has another list of revoked certificates or a wrong clock, or the certificate was revoked or has expired meanwhile. Ask the operators of the service.';
/** Codes of answers that suggest a wrong address. */
const OF_ADDRESS: readonly string[] = [
  'NOT_FOUND',
  'METHOD_REFUSED',
  'RESP_HTML',
  'RESP_EMPTY',
  'RESP_NOT_JSON',
  'RESP_TOO_LARGE',
];

/** The files that met one kind of failure. */
interface Meeting {
  readonly files: Set<number>;
  /** Number of files that had met the failure at the last success of the run. */
  atLastSuccess: number;
  seen?: Seen;
}

/** Facts about files with the same failure, known at the end of the run. */
interface Seen {
  /** Files that were signed at a repeat. */
  readonly repaired: number;
  /** Sentence that the same files always met the failure while others were signed; `undefined` otherwise. */
  readonly always: string | undefined;
}

/** Returns the result of a file by the number of its job; `undefined` without a result. */
type StatusOf = (job: number) => string | undefined;

/**
 * What a run shows at its end about failures in it: which other files met the same, and what became of them.
 *
 * The same refusal means one thing when always the same files meet it, and another when a repeat helps.
 */
export class Hindsight {
  /** Files by error code; `troubles.ts` reports outages. */
  readonly #met = new Map<string, Meeting>();
  #signed = 0;
  #signedBeforeFailure: number | undefined;

  /** Files that were signed after the first failure of an attempt. */
  get signedAfterFailure(): number {
    return this.#signedBeforeFailure === undefined ? 0 : this.#signed - this.#signedBeforeFailure;
  }

  /** Learns of the result of a file. */
  onSettled(job: number, failure: Failure | undefined): void {
    if (failure) this.#add(job, failure);
    else this.#signed++;
    if (failure) return;
    for (const meeting of this.#met.values()) meeting.atLastSuccess = meeting.files.size;
  }

  /** Returns a function that learns of failed attempts from the events of a run, and passes each event on. */
  watching(onEvent: (event: PolicyEvent) => void): (event: PolicyEvent) => void {
    return (event) => {
      if (event.type === 'retry') this.#add(event.job, event.failure);
      onEvent(event);
    };
  }

  #add(job: number, failure: Failure): void {
    this.#signedBeforeFailure ??= this.#signed;
    if (!concernsFiles(failure)) return;
    const meeting = this.#met.get(failure.code) ?? { files: new Set(), atLastSuccess: 0 };
    meeting.files.add(job);
    this.#met.set(failure.code, meeting);
  }

  /** Explains a failure of a file, or of the run, once the run is over. */
  explain(failure: Failure, statusOf: StatusOf): Failure {
    if (this.#signed === 0) return neverAccepted(failure);
    if (failure.code === 'TLS_CLIENT_REJECTED') return failure.with({ hint: WAS_ACCEPTED });
    // The end of a run is explained by the page that the last requests got.
    const { cause } = failure;
    if (cause instanceof Failure && cause.facts.refusal?.isPage)
      return failure.with({ hint: this.explain(cause, statusOf).hint ?? '' });
    const meeting = this.#met.get(failure.code);
    if (meeting === undefined || !concernsFiles(failure)) return failure;
    // Thousands of files may share one kind of failure.
    meeting.seen ??= this.#lookAt(meeting, statusOf);
    const { repaired, always } = meeting.seen;
    // A fault that as many files met as were signed is hardly one of their content.
    const isOfFiles = always !== undefined && meeting.files.size < this.#signed / 2;
    if (failure.code === 'SERVER_ERROR') return isOfFiles ? failure.with({ hint: always + SHOW }) : failure;
    const isAddress = OF_ADDRESS.includes(failure.code);
    const good = `The same ${isAddress ? 'address was' : 'credentials were'} good for ${plural(this.#signed, 'file')} of this run.`;
    const isPath = ['NOT_FOUND', 'METHOD_REFUSED'].includes(failure.code);
    const ofAddress = isPath ? ADDRESS : isOfFiles ? `${always} ${OBJECTS}` : WEB_PAGES;
    const hint = isAddress ? ofAddress : refusedAfterSuccess(failure, repaired, always);
    return failure.with({ message: `${failure.message} ${good}`, hint });
  }

  #lookAt({ files, atLastSuccess }: Meeting, statusOf: StatusOf): Seen {
    const repaired = [...files].filter((job) => statusOf(job) === 'signed').length;
    // Refusals from one moment on are met by most files after the last success.
    const isAlwaysTheSame = repaired === 0 && 2 * atLastSuccess >= files.size;
    const which = files.size === 1 ? 'Only this file' : `Only these ${files.size} files`;
    const always = isAlwaysTheSame ? `${which} met this, at every try; others were signed meanwhile.` : undefined;
    return { repaired, always };
  }
}

const OBJECTS = 'A firewall (WAF) or gateway probably objects to the content: ask its operators for an exception.';
const SHOW =
  ' Something in it makes the service fail: show this answer, and the name and size of the file, to the operators of the service.';

function concernsFiles({ code, facts }: Failure): boolean {
  return (
    code === 'SERVER_ERROR' ||
    OF_ADDRESS.includes(code) ||
    facts.endsRun === 'unauthorised' ||
    facts.refusal !== undefined
  );
}

function plural(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}

const RULE = 'A rule there forbids a size or content of requests, or limits their number, and lower concurrency helps.';

/** Says what a refusal means after successes: what the run shows, and what the answer names. */
function refusedAfterSuccess(
  { code, facts: { refusal } }: Failure,
  repaired: number,
  always: string | undefined,
): string {
  const { isPage = false, advice } = refusal ?? {};
  const whom = isPage ? 'Ask the operators of that web server or gateway' : 'Ask the operators';
  const ask = advice ?? `${whom}.`;
  if (repaired > 0) {
    const others = `${plural(repaired, 'other file')} met this too and ${repaired === 1 ? 'was' : 'were'} signed when repeated: one of several servers behind a balancer refuses`;
    return `${others}${advice === undefined ? ', or a firewall or gateway limits the rate, and lower concurrency helps' : ''}. ${ask}`;
  }
  if (always !== undefined)
    return advice === undefined
      ? `${always} A firewall or gateway probably objects to what is in ${always.startsWith('Only this') ? 'it' : 'them'}: ask ${isPage ? 'the operators of that web server or gateway' : 'the operators'} for an exception.`
      : `${always} ${ask}`;
  if (advice !== undefined) return advice;
  if (isPage && code !== 'UNAUTHORIZED') return `${RULE} ${ask}`;
  return `The credentials may have been withdrawn during the run, or a firewall or gateway limits the rate, and lower concurrency helps. ${ask}`;
}

/** Rewords the advice about a run that was throttled from its first request on. */
function neverAccepted(failure: Failure): Failure {
  const { cause } = failure;
  return cause instanceof ActionError && cause.code === 'THROTTLED' && failure.code !== 'RETRY_AFTER_TOO_LONG'
    ? failure.with({ hint: NEVER_ACCEPTED })
    : failure;
}
