import type { WireResponse } from '../../connection/exchange.ts';
import { Failure, type FailureFacts } from '../../signing/policy/failure.ts';
import { adviceOfIis, refusedByNginx, refusedByStatus } from './certificate-refused.ts';
import { answered, isJson, isOfGateway, isWebPage, quote, reasonIn } from './reason.ts';
import {
  ASK_FOR_RIGHT,
  ASKED_LATE,
  adviceOn,
  adviceOnPage,
  adviceOnSize,
  adviceOnState,
  type ClockFinding,
  clockAdvice,
  otherAccount,
  UNASKED,
} from './refusal-advice.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Scrub } from './scrub.ts';
import {
  ADDRESS,
  ASK_OPERATORS,
  adviceOnFault,
  BUSY,
  concernsAddress,
  gatewayAdvice,
  OTHER_HOST,
  OTHER_PATH,
  rowOfStatus,
  SPEAKS_SOAP,
} from './status-rows.ts';
import { adviceOnRedirect, allowed, challenge, gatewayHint, methodHint, redirectTarget } from './told-by-headers.ts';

/** What is needed, besides the answer itself, to explain it. */
export interface AnswerFacts {
  /** Size of the file in bytes; absent for a request with several files. */
  readonly size?: number | undefined;
  /** Removes secrets from the service's text. */
  readonly scrub: Scrub;
  /** Whether the server asked for a client certificate in its handshake; `undefined` when unknown. */
  readonly asksForCertificate?: boolean | undefined;
  /** Credentials of the request, for the hint about a refusal: `app-key and app-secret (…)`. */
  readonly credentials: string;
  /** The account in the request, which is not shown. */
  readonly account?: string | undefined;
  /** Compares the time in the answer with this machine's clock; absent when requests contain no time. */
  readonly clock?: (() => ClockFinding) | undefined;
  /** Media type of the request, for an answer that requires another one. */
  readonly sentType?: string | undefined;
  /** The inputs with the address, for the hint about a wrong one; absent for `server-url and sign-path`. */
  readonly address?: string | undefined;
  /** The input with the request that the workflow's author wrote; absent when the action composes the request. */
  readonly written?: string | undefined;
}

/** Explains an answer whose status or envelope says that there is no signature. */
export function statusFailure(response: WireResponse, facts: AnswerFacts): Failure {
  const { status, headers } = response;
  const asked = { retryAfterMs: retryAfterMs(status, headers) };
  if (status >= 300 && status < 400 && status !== 304) return redirect(response, facts);
  const said = quote(response, facts.scrub);
  switch (status) {
    case 400:
      return badRequest(response, { ...facts, asked });
    case 401:
    case 403:
      return refused(response, { ...facts, asked });
    case 413:
      return tooLarge(response, said, { ...facts, asked });
    case 495:
    case 496:
      return refusedByStatus(status);
    default: {
      const [kind, code, advice, more] = rowOfStatus(status);
      if (isOfGateway(response)) {
        const message = `A gateway in front of the service answered ${status}${said.replace(/^, a page/, ' with a page')}.`;
        return new Failure(kind, code, message, { ...asked, ...more, hint: gatewayAdvice(status) });
      }
      const methods = status === 405 ? allowed(response) : [];
      const allows = methods.length === 0 ? '' : ` (it allows ${methods.join(', ')} there)`;
      const message = answered(response, facts.scrub, allows);
      const isSoap = /<(?:\w+:)?Envelope[\s>]/.test(response.body.toString('latin1', 0, 4096));
      const plain = advice === ASK_OPERATORS ? contentHint(response, facts) : adviceOnFault(advice, said);
      const known = status === 404 && isJson(response) ? OTHER_PATH : methodHint(methods, facts);
      const told = isSoap ? SPEAKS_SOAP : (known ?? plain);
      const isAddress = isSoap || concernsAddress(status);
      const hint = (isAddress ? requestOf(response, facts) : '') + told.replace(ADDRESS, facts.address ?? ADDRESS);
      const refusal = code === 'REQUEST_REFUSED' ? ofPage(response) : undefined;
      return new Failure(kind, code, message, { ...asked, ...more, hint, refusal });
    }
  }
}

/** Describes the request for an answer that may come from a wrong address; ends in a blank unless empty. */
export function requestOf({ request }: WireResponse, { scrub }: AnswerFacts): string {
  return request === undefined ? '' : `The request was ${scrub(request)}. `;
}

function redirect(response: WireResponse, facts: AnswerFacts): Failure {
  const target = redirectTarget(response, facts.scrub);
  const message = `The service answered ${response.status}, a redirect${target}, which is never followed.`;
  const hint = requestOf(response, facts) + adviceOnRedirect(target, facts.address ?? ADDRESS);
  return new Failure('config', 'HTTP_REDIRECT', message, { hint });
}

/** Marks the refusal of a web page, which a rule of a gateway causes; `undefined` for another answer. */
function ofPage(response: WireResponse): FailureFacts['refusal'] {
  return isWebPage(response) ? { isPage: true, advice: undefined } : undefined;
}

function badRequest(response: WireResponse, facts: Refusal): Failure {
  const { asked, asksForCertificate } = facts;
  const rejected = refusedByNginx(response.body, asksForCertificate);
  if (rejected) return rejected;
  const text = response.body.toString('utf8', 0, 4096);
  if (/"(ThrottlingException|SlowDown|TooManyRequests|Throttling)"/.test(text)) {
    const how = { ...asked, hint: BUSY, throttled: true };
    return new Failure('service', 'THROTTLED', answered(response, facts.scrub), how);
  }
  const refusal = ofPage(response);
  return new Failure('file', 'REQUEST_REFUSED', answered(response, facts.scrub), {
    ...asked,
    hint: (facts.written === undefined && !refusal ? '' : requestOf(response, facts)) + contentHint(response, facts),
    endsRun: 'first-four-files',
    refusal,
  });
}

/** If the workflow's author wrote the request, a mistake in the request is more likely, unless the answer names a state of the account or key. */
function contentHint(response: WireResponse, { written, sentType, scrub }: AnswerFacts): string {
  const { status } = response;
  const reason = reasonIn(response, scrub);
  const advice = reason?.kind === 'words' ? adviceOnState(reason.text, written === undefined) : undefined;
  if (advice !== undefined) return advice;
  if (/\binvalid host\s?name\b|\bhost\s?name is invalid\b/i.test(response.body.toString('latin1', 0, 4096)))
    return OTHER_HOST;
  if (isWebPage(response)) return adviceOnPage(status, reason?.caseNumber);
  if (status === 415 && sentType !== undefined) {
    const sent = `The request was sent as Content-Type: ${sentType}. `;
    return written === undefined
      ? `${sent}${ASK_OPERATORS}`
      : `${sent}Write the media type that the service wants into ${written}, and the body in that form.`;
  }
  if (status === 406 && written !== undefined)
    return `Write the media types that the service can answer in into the header Accept of ${written}, or leave that header out.`;
  if (written === undefined) return ASK_OPERATORS;
  return `Compare ${written} with what the service expects: path, headers, members of the body, encoding of the digest. ${ASK_OPERATORS}`;
}

type Refusal = AnswerFacts & { readonly asked: FailureFacts };

/** A server that did not ask for the certificate cannot identify this client. */
function refused(response: WireResponse, facts: Refusal): Failure {
  const { status, body } = response;
  const isBlind = facts.asksForCertificate === false;
  const isPage = isWebPage(response);
  const before = isBlind ? ' without having asked for a client certificate' : '';
  const iis = isPage && status === 403 ? adviceOfIis(body) : undefined;
  const isLate = isBlind && body.includes('Post-Handshake Authentication');
  const message = answered(response, facts.scrub, before, challenge(response, facts.scrub));
  return new Failure('request', status === 401 ? 'UNAUTHORIZED' : 'FORBIDDEN', message, {
    ...facts.asked,
    // A server that got the certificate too late has not checked the other credentials.
    hint: isLate
      ? ASKED_LATE
      : requestOf(response, facts) + otherAccount(response, facts.account) + (iis ?? refusalHint(response, facts)),
    refusal: { isPage, advice: isPage ? undefined : namedAdvice(response, facts) },
    mayConcernCertificate: isPage && !isBlind && gatewayHint(response) === '',
    endsRun: 'unauthorised',
    maxAttempts: 3,
  });
}

function refusalHint(response: WireResponse, facts: AnswerFacts): string {
  const { status } = response;
  const { asksForCertificate, credentials, clock } = facts;
  const check = `Check ${credentials}.${clock === undefined ? '' : clockAdvice(clock())}`;
  const named = namedAdvice(response, facts);
  if (asksForCertificate === false) return UNASKED + (named ?? check);
  const known = gatewayHint(response);
  if (isWebPage(response)) return known.trim() || adviceOnPage(status, reasonIn(response, facts.scrub)?.caseNumber);
  return known + (named ?? (status === 403 ? ASK_FOR_RIGHT : '') + check);
}

/** Returns the hint for the reason that an answer names; `undefined` without a reason. */
function namedAdvice(response: WireResponse, facts: AnswerFacts): string | undefined {
  const reason = reasonIn(response, facts.scrub);
  const isClear =
    reason?.kind === 'words' || (facts.asksForCertificate === false && /\bcert/i.test(reason?.text ?? ''));
  return reason && isClear ? adviceOn(reason.text, facts) : undefined;
}

function tooLarge(response: WireResponse, said: string, facts: Refusal): Failure {
  const { size, asked } = facts;
  return new Failure(
    asked.retryAfterMs === undefined ? 'file' : 'service',
    'FILE_TOO_LARGE_FOR_SERVER',
    `The service answered 413 to a ${size === undefined ? 'request' : `file of ${size} bytes`}${said}.`,
    { ...asked, hint: adviceOnSize(isWebPage(response), facts) },
  );
}
