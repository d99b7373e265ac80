import { isOfOtherServer } from '../../connection/diagnosis/environments.ts';
import type { WireResponse } from '../../connection/exchange.ts';

/** What the time in an answer tells about the clock of this machine. */
export type ClockFinding = 'agrees' | 'differs' | 'differ-among-servers' | 'unknown';

/** What the advice about a named reason depends on. */
interface Asked {
  /** What proves to the service who asks. */
  readonly credentials: string;
  readonly clock?: (() => ClockFinding) | undefined;
  /** Whether the server asked for a client certificate in its handshake; `undefined` when unknown. */
  readonly asksForCertificate?: boolean | undefined;
}

/** What to check of the clock for a refusal without a reason; begins with a blank unless it is empty. */
export function clockAdvice(finding: ClockFinding): string {
  return {
    agrees: '',
    differs: ' The clock of the runner and the Date of the answer differ: compare both with a clock that you trust.',
    'differ-among-servers':
      ' Two answers of the service have different times in Date, so the clock of one of several servers is wrong: ask the operators of the service.',
    unknown: ' Check the clock of the runner too.',
  }[finding];
}

const ABOUT_TIME = /\b(?:time|timestamp|clock|nonce|skew|replay(?:ed)?|stale|too old|request.*\bexpired)\b/;
const ABOUT_SIGNATURE = /\bsignature|\bhmac\b|\bsign\b.*\b(?:mismatch|fit|match|wrong|invalid)|\bsign mismatch\b/;
const ABOUT_CREDENTIALS = /\bsecret\b|\bkey|\bappkey|\btoken|\bcredential|\bpassword|\buser|\baccount|\bclient id\b/;

/** What to do when the contract with the service has ended. */
export const OF_CONTRACT =
  'Whoever holds the contract with the service must renew or extend it: show them this answer. The operators of the service tell what has ended.';

/** Matches words about a certificate of a key that the service signs with, which is not the client certificate. */
const OF_SIGNING_KEY = new RegExp(
  [
    /^(?!.*\b(?:client|m?tls) cert)(?=.*\b(?:cert|ca\b|chain\b|issuer\b)).*\b(?:sign(?:ing|ature|er(?:'?s)?) (?:key|cert)|(?:hsm|slot|key ?store|key ?vault|kms|pkcs ?#?11)\b)/,
    /\bcert\w*(?: chain| authority| issuer)? (?:of|for|on|in) (?:the |a |this |your )?(?:private )?key\b(?! (?:compromise|usage))/,
    /(?<!\b(?:app|api|access|client|subscription) )\bkey (?!compromise|usage)(?:[^ :]+:? ){0,4}cert\w* (?:has |is |was )?(?:been )?(?:not yet valid|expired|revoked|blocked)/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

type Topic = readonly [about: RegExp, advice: string];

/** Reasons that name a state of the certificate, the contract, the account or the key, with who can mend it. */
const STATES: readonly Topic[] = [
  [
    /\balready (?:been )?signed\b|\bsigned already\b/,
    'The service signs the same bytes only once: take their signature from the earlier release, and leave these files out with an exclude pattern. If that signature is lost, ask the operators of the service.',
  ],
  [
    OF_SIGNING_KEY,
    'This concerns a certificate of the signing key, which the service keeps, not the client certificate: ask the operators of the service to put it right.',
  ],
  [
    // No run begins with a client certificate that is not valid at that time.
    /\bcert\w*\b.*\b(?:expired|not yet valid)\b|\bexpired\b.*\bcert/,
    'The client certificate was valid by its dates when this run began: ask the operators of the service which certificate is meant, such as that of the signing key.',
  ],
  [
    /\bcert\w*\b.*\b(?:revoked|compromised?|blocked)\b|\b(?:revoked|compromised|blocked)\b.*\bcert/,
    'Ask whoever issues the client certificate for a new one with a new key, store them in cert and key, and find out why the service refuses the old one.',
  ],
  [/\b(?:licen[cs]e|subscription(?! key)|contract|billing|payment|invoice)\b/, OF_CONTRACT],
  [
    /\block(?:ed|out)?\b|\bdisabled|\bnot enabled|\bsuspended|\bdeactivated|\binactive|\brevoked|\bwithdrawn|\b(?:key|account|credentials?)\b.*\bexpired/,
    'Ask the operators of the service why this happened, and to put it right.',
  ],
];

const ACCEPT =
  'Ask the operators of the service to accept this client certificate for these credentials; or give the certificate that they do accept as cert.';
const TURN_ON =
  'If server-url is right, the server or gateway that ends TLS there does not ask for a client certificate: its operators must turn that on (mTLS). Another certificate in cert changes nothing.';

const NONCE_USED =
  'The action sends no nonce twice: a gateway or proxy on the way repeats requests. Ask the operators of the service and of its gateway to turn that off.';

/** By what a reason speaks of: who can change it, and what to ask them for. The first that fits counts. */
const TOPICS: readonly Topic[] = [
  [
    /\bquota|\blimit|\bexceed|\bexhaust|\brate\b|\btoo many\b/,
    'Ask the operators of the service to raise this limit, or to tell when it is reset.',
  ],
  [
    /\bunable to (?:verify the first|get (?:local )?issuer) cert|\bunknown (?:ca|authority|issuer)\b|\bself signed cert/,
    'Put the intermediates of the client certificate after it into cert. If they are there, ask the operators of the gateway or server that ends TLS to trust the CA of the client certificate.',
  ],
  ...STATES,
  [/\bnonce\b.*\b(?:re ?used|used|duplicate|seen|twice)\b|\b(?:duplicate|re ?used)\b.*\bnonce\b/, NONCE_USED],
  [
    /\bapprov|\bsecond person\b|\bfour eyes\b/,
    'Have the release approved by those who may do that, then run this job again. The operators of the service tell who may.',
  ],
  [
    /\bip\b|\baddress|\ballow ?list|\bwhite ?list|\bblock ?list/,
    'Ask the operators of the service to allow this address, which is that of the runner or of a proxy or gateway on the way; or use a runner whose address is allowed.',
  ],
  [
    /\bcert|\bsubject\b|\bcn\b|\bdn\b|\bclient\b(?! (?:id|secret)).*\b(?:name|known|unknown|enrolled|registered)\b/,
    ACCEPT,
  ],
  [
    /\brights\b|\b(?:no|the) right\b(?! key| secret)|\bright to\b|\bpermission to|\bnot (?:allowed|permitted|authori[sz]ed|entitled) (?:to|for)|\bprivilege|\bscope|\bpolicy|\brole\b/,
    'Ask the operators of the service to give these credentials this right.',
  ],
];

const ASK = 'Ask the operators of the service about this reason.';

const MISSING_HEADER =
  /\bheader\b.*\b(?:missing|absent|required|not (?:set|present|found))\b|\b(?:missing|absent)\b.*\bheader\b/;
const REMOVED =
  'Every request has the headers of this protocol, so that a gateway or proxy on the way may remove some: ask the operators of the gateway to pass them on, and those of the service which header they miss.';

/**
 * Says who can mend a state of the account, the key or the certificate that a service names; `undefined` for other reasons.
 * A header that is missing is removed on the way where `isFixed` says that no author of a workflow writes the headers.
 */
export function adviceOnState(reason: string, isFixed: boolean): string | undefined {
  const words = wordsIn(reason);
  if (isFixed && MISSING_HEADER.test(words)) return REMOVED;
  return STATES.find(([about]) => about.test(words))?.[1];
}

function wordsIn(reason: string): string {
  return reason
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]/g, ' ')
    .toLowerCase();
}

/** Says who can change the reason that a service names for a refusal, and how; `undefined` for words that name none. */
export function adviceOn(reason: string, { credentials, clock, asksForCertificate }: Asked): string | undefined {
  const words = wordsIn(reason);
  if (words.replace(EMPTY_WORDS, '').replace(/[^\p{L}]/gu, '') === '') return undefined;
  const topic = TOPICS.find(([about]) => about.test(words));
  if (topic?.[1] === ACCEPT && asksForCertificate === false) return TURN_ON;
  if (topic !== undefined) return topic[1];
  if (clock !== undefined && ABOUT_TIME.test(words)) return timeAdvice(clock());
  if (ABOUT_SIGNATURE.test(words))
    return `Check ${credentials}. If all that is right, something on the way changes the request: ask the operators of the service.`;
  return ABOUT_CREDENTIALS.test(words)
    ? `Check ${credentials}. If all that is right, ask the operators of the service.`
    : ASK;
}

/** Words that say no more than the status. */
const EMPTY_WORDS =
  /\b(?:access|permission|authorization|authorisation|authentication|request|denied|forbidden|unauthori[sz]ed|unauthenticated|not|authori[sz]ed|allowed|rejected|refused|error|failed|failure|required|exception|is|was|the|http|status|code|invalid|bad|type)\b/g;

function timeAdvice(finding: ClockFinding): string {
  if (finding === 'agrees')
    return 'The clock of the runner agrees with the Date of the answer, so a clock behind the service is wrong: ask its operators.';
  return finding !== 'unknown'
    ? clockAdvice(finding).trim()
    : 'Check the clock of the runner; if it is right, ask the operators of the service about theirs.';
}

/** Advice about the page with which a server in front of the service refuses the request. */
export function adviceOnPage(status: number, caseNumber: string | undefined): string {
  if (status === 401)
    return 'That server demands a login of its own, or does not accept the client certificate for this path: ask its operators.';
  if (status === 400 && caseNumber === undefined)
    return 'That server does not take the request as it came: it may not serve this host name, or what ends TLS in front of it may send plain HTTP to its TLS port. Ask its operators.';
  const give = caseNumber === undefined ? '' : `, and give them the ${caseNumber}`;
  return `A rule of that server forbids the request for its path, size or content, the address of this runner, the number of its requests, ${status === 403 ? 'the client certificate, ' : ''}or because no browser sent it: ask its operators${give}.`;
}
/** What to do about a 403 without a reason. */
export const ASK_FOR_RIGHT =
  'Ask the operators whether the client certificate and these credentials have the right to sign here. ';
/** What to do about a server that asks for the certificate after the request. */
export const ASKED_LATE =
  'The server asks for the certificate only after the request, which clients of TLS 1.3 need not answer: its operators must demand it for the whole host (Apache: SSLVerifyClient outside of Location).';
const SMALL_BUFFER =
  'The server did not ask for a client certificate in the handshake. Apache that asks for it later, for one path only, holds at most 128 KiB of a body meanwhile: its operators must demand it for the whole host, or raise SSLRenegBufferSize. ';
const OF_GATEWAY =
  'This page is probably that of a gateway in front of the service: ask its operators, and those of the service, to raise their limits.';

/** Says who can raise the limit behind a 413. */
export function adviceOnSize(isPage: boolean, { asksForCertificate }: Pick<Asked, 'asksForCertificate'>): string {
  const first = asksForCertificate === false ? SMALL_BUFFER : '';
  return first + (isPage ? OF_GATEWAY : 'Ask the operators of the service to raise its limit.');
}

/** What to check where the server did not ask for a certificate. */
export const UNASKED =
  'Check that server-url leads to the host and port where the service demands a certificate; a gateway may have others that do not, or may demand it for the path only (Apache: SSLVerifyClient in a Location). ';

const OTHER_ACCOUNT =
  'By their names, app-key and the host in server-url are of different environments, such as staging and production: use the pair of one. ';

/** Says that the name of an account and the host are of different environments; ends in a blank unless it is empty. */
export function otherAccount({ request = '' }: WireResponse, account = ''): string {
  const [, url = ''] = request.split(' ');
  return URL.canParse(url) && isOfOtherServer(account, new URL(url)) ? OTHER_ACCOUNT : '';
}
