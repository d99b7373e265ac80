import { show } from '../../files/names.ts';
import type { FileOutcome, ReleaseFile } from '../../files/release-file.ts';
import type { ReportBuilder, ReportPart } from '../../report/report.ts';
import { formatCount, formatMs, plural, sentence } from '../../report/summary/units.ts';
import type { PolicyEvent } from '../../signing/policy/decision.ts';
import type { Failure } from '../../signing/policy/failure.ts';
import type { SignResult } from '../../signing/sign.ts';
import { annotate, type Context } from '../context.ts';

// Texts for the log, the annotations and the report while files are signed.

/** Returns a function that warns once about unchecked signatures that strict decoders refuse. */
export function warnOfWhiteSpace(context: Context, report: ReportBuilder): () => void {
  let isTold = false;
  return () => {
    if (isTold) return;
    isTold = true;
    const text =
      'The service puts line ends or blanks into its signatures: openssl base64 -d -A and mode: verify will refuse them. Its operators should send each signature as one line. Until then, openssl base64 -d without -A reads lines of up to 76 characters.';
    report.add(annotate(context, ['warning', 'Signatures with white space'], text));
  };
}

/** Returns a function that notes once that a node of the service is unusable, because no failed file shows it. */
export function noteBadNode({ runner }: Context, report: ReportBuilder): (failure: Failure) => void {
  let isTold = false;
  return ({ code, message }) => {
    if (isTold) return;
    isTold = true;
    runner.line(`One node of the service cannot be used (${code}: ${sentence(message)}) The other connections go on.`);
    const text = `One node behind the name of the service could not be used (${code}: ${sentence(message)}) Its operators should repair it or take it out of the balancer.`;
    report.add({ notes: [text] });
  };
}

/** Notes why the service's log may have more signatures than the release. */
export function describeBlindRepeats(
  { runner }: { readonly runner: Pick<Context['runner'], 'line'> },
  outcomes: readonly FileOutcome[],
): Pick<ReportPart, 'notes'> {
  const sum = (isSigned: boolean): number =>
    outcomes.reduce(
      (total, { status, blindRepeats = 0 }) => total + ((status === 'signed') === isSigned ? blindRepeats : 0),
      0,
    );
  const sent = (repeats: number): string =>
    `${plural(repeats, 'request')} ${repeats === 1 ? 'was' : 'were'} repeated after ${repeats === 1 ? 'it' : 'each'} had been sent whole, because no whole answer came`;
  const [kept, lost] = [sum(true), sum(false)];
  const notes = [
    kept > 0 ? `${sent(kept)}: the service may have signed twice. The signature of the last answer was kept.` : '',
    lost > 0 ? `${sent(lost)}. No repeat brought a signature, but the service may have signed these files.` : '',
  ].filter(Boolean);
  for (const text of notes) runner.line(text);
  return notes.length > 0 ? { notes } : {};
}

/** The repeats of a run, by the code of the failure before each. */
export class Repeats {
  readonly #counts = new Map<Failure['code'], number>();
  /** Tunnels that a proxy refused, though it opened others; 5xx may be an outage of the proxy. */
  #tunnels = 0;
  /** Failed requests that carried several files, and are repeated once for all of them. */
  readonly #shared = new WeakSet<object>();

  /** Returns a function that counts repeats, and passes each event on. */
  watching(onEvent: (event: PolicyEvent) => void): (event: PolicyEvent) => void {
    return (event) => {
      if (event.type === 'retry') this.#count(event.failure);
      onEvent(event);
    };
  }

  #count({ code, message, facts: { request } }: Failure): void {
    if (request && this.#shared.has(request)) return;
    if (request) this.#shared.add(request);
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    if (code === 'PROXY_REFUSED' && / refused a tunnel |connection_limit_reached/.test(message)) this.#tunnels++;
  }

  /** Prints the numbers of requests and repeats; warns of signatures that were not valid and of tunnels that were refused, although repeats succeeded. */
  tell(
    context: { readonly runner: Pick<Context['runner'], 'line' | 'annotate'> },
    { requests, files, outcomes }: SignResult & { requests: number; files: number },
  ): ReportPart {
    const counts = [...this.#counts].map(([code, count]) => `${formatCount(count)} × ${code}`);
    const after = counts.length > 0 ? `, repeated after ${counts.join(', ')}` : '';
    context.runner.line(`${plural(requests, 'request')} for ${plural(files, 'file')}${after}`);
    const invalid = this.#counts.get('SIGNATURE_INVALID') ?? 0;
    if (this.#tunnels > 0 && outcomes.every(({ status }) => status === 'signed'))
      return annotate(
        context,
        ['warning', 'Refused tunnels'],
        `The proxy refused ${plural(this.#tunnels, 'tunnel')} to the service and opened others: the proxy may limit the connections of a client, or one of several proxies may have other rules. Ask the operators of the proxy, or lower concurrency.`,
      );
    if (invalid === 0 || outcomes.some(({ error }) => error?.code === 'SIGNATURE_INVALID')) return {};
    const text = `${plural(invalid, 'answer')} held a signature that is not valid for its file, and repeats brought valid ones: one of several servers of the service signs with another key, or answers are mixed up. Ask the operators of the service.`;
    return annotate(context, ['warning', 'Invalid signatures'], text);
  }
}

/** Describes the result of a file for the debug log. */
export function describeOutcome({ file, status, attempts, elapsedMs }: FileOutcome): string {
  return `${show(file.path)}: ${status} after ${attempts === 1 ? '1 try' : `${formatCount(attempts)} tries`}, ${formatMs(elapsedMs)}`;
}

const FILES_FAILED =
  'Every file that is left has failed, so these files may be the cause: several requests at a time are sent again.';

/** Says that an outage is over, and of what it was: `The proxy is back, and the service signs.` */
function describeRecovery(unreached: string | undefined): string {
  if (unreached === undefined) return 'The service is back.';
  const [, what] = /^the ([a-z ]+) did not recover$/.exec(unreached) ?? [];
  return what === undefined
    ? 'The service is reached again, and signs.'
    : `The ${what} is back, and the service signs.`;
}

/** Returns a function that prints each event of a run. */
export function printEvents({ runner }: Context, files: readonly ReleaseFile[]): (event: PolicyEvent) => void {
  let unreached: string | undefined;
  return (event) => {
    if (event.type === 'recovery')
      runner.line(event.because === 'every file has failed' ? FILES_FAILED : describeRecovery(unreached));
    else if (event.type === 'outage') {
      const { code, message, facts } = event.failure;
      unreached = facts.unreached;
      const what = unreached === undefined ? 'The service is in trouble' : 'The service is not reached';
      runner.line(
        `${what} (${code}: ${sentence(message)}) From now on one request at a time is sent, until the service signs again.`,
      );
    } else if (event.type === 'shortage') {
      if (event.isFirst) runner.line(`${sentence(event.failure.message)} Fewer requests go out at once from now on.`);
    } else if (event.type === 'retry') {
      const { code, message } = event.failure;
      runner.debug(`${show(files[event.job]?.path ?? '')}: ${code}, again in ${formatMs(event.delayMs)}: ${message}`);
    }
  };
}

/** Notes that a successful run without a request proves nothing about the service. */
export function describeUnasked(context: Context, kept: readonly FileOutcome[], requests: number): ReportPart {
  if (kept.length === 0 || requests > 0) return {};
  const text =
    'Every file has a valid signature from before, so the service was not asked: this run does not show that credentials, network and service work.';
  return annotate(context, ['notice', 'Nothing new to sign'], text);
}
