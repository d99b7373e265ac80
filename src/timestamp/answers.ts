import type { WireResponse } from '../connection/exchange.ts';
import { ActionError } from '../errors.ts';
import { show } from '../files/names.ts';
import { namePage, reasonIn } from '../protocols/answers/reason.ts';
import type { Scrub } from '../protocols/answers/scrub.ts';
import { redirectTarget } from '../protocols/answers/told-by-headers.ts';
import { readStampAnswer } from './check.ts';
import type { StampAnswer } from './structures.ts';

/** Longest quote of an authority, in characters. */
const MAX_QUOTED = 200;

/** Thrown for an answer that another try cannot change. */
export class FinalError extends ActionError {}

/** Builds the error of an answer whose status is that of no success. */
export function badStatus(response: WireResponse, scrub: Scrub): ActionError {
  const { status, forwardedBy: forwarder } = response;
  const isPassing = status >= 500 || status === 408 || status === 429;
  const kind = isPassing ? ActionError : FinalError;
  const own = status === 401 || status === 403 ? NO_ACCESS : isPassing ? OUTAGE : status < 400 ? MOVED : '';
  const hint = [forwarder === undefined ? '' : ofForwarder(forwarder), own].filter(Boolean).join(' ');
  const who = forwarder === undefined ? 'The authority' : `The authority, or ${forwarder},`;
  const target =
    status >= 300 && status < 400 ? `, a redirect${redirectTarget(response, scrub)}` : said(response, scrub);
  return new kind('TIMESTAMP_FAILED', `${who} answered ${status}${target}.`, hint ? { hint } : {});
}

const ofForwarder = (proxy: string): string =>
  `The answer may be that of the proxy: ask the operators of ${proxy} first whether the proxy lets this runner reach the authority.`;
const SECOND = 'or give a second authority on a line of its own in timestamp-url.';
const OUTAGE = `The authority is busy or in trouble, or limits requests: run this job again later, ${SECOND}`;
const MOVED =
  'A redirect is never followed: write the address that it leads to, probably with https, into timestamp-url.';
const NO_ACCESS =
  'The authority does not give stamps to everybody: ask its operators which access it demands, such as an account or an allowed address. The action sends no credentials, except those that a URL in timestamp-url holds in its path or query. Or use an authority that needs none.';

/** Reads an answer; one that is no time stamp is told by its type and what it says, as that of another kind of server. */
export function readReply(response: WireResponse, scrub: Scrub): StampAnswer {
  try {
    return readStampAnswer(response.body);
  } catch (error) {
    const type = scrub(String(response.headers['content-type'] ?? 'no content type'), MAX_TYPE);
    const what = `It answered ${response.status} (${show(type)})${said(response, scrub)}`;
    throw new ActionError('TIMESTAMP_UNREADABLE', `${what}, which is not a time stamp (RFC 3161).`, {
      hint: 'Check that timestamp-url is the address of a time stamp authority, with its path; a web page means that it is not.',
      cause: error,
    });
  }
}

/** Most characters of a content type that a sentence shows. */
const MAX_TYPE = 60;

function said(response: WireResponse, scrub: Scrub): string {
  const reason = reasonIn(response, scrub);
  if (reason === undefined) return ` with ${response.body.length} bytes`;
  return reason.kind === 'words' ? `: “${reason.text}”` : ` with a page ${namePage(reason)}`;
}

/** Reasons of RFC 3161 that pass by themselves. */
const PASSING = ['timeNotAvailable', 'addInfoNotAvailable', 'systemFailure'];

/** Builds the error of a request that the authority understood and refused. */
export function refused({ flags, reason: words }: Pick<StampAnswer, 'flags' | 'reason'>, scrub: Scrub): ActionError {
  const reason = show(scrub(words, MAX_QUOTED));
  const kind = flags.some((flag) => PASSING.includes(flag)) ? ActionError : FinalError;
  const why = [flags.join(', '), reason && `“${reason}”`].filter(Boolean).join(', ');
  return new kind('TIMESTAMP_REFUSED', `The authority refused the request${why ? ` (${why})` : ''}.`, {
    hint:
      kind === FinalError
        ? `Ask the operators of the authority about that reason, such as a limit, an account or a policy, ${SECOND}`
        : OUTAGE,
  });
}
