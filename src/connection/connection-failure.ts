import type { Code } from '../codes.ts';
import { codeOf } from '../errors.ts';
import { Failure, type FailureFacts, type FailureKind, tooManyOpen } from '../signing/policy/failure.ts';
import type { ExchangeProgress } from './exchange-progress.ts';
import { describeHttp2Error } from './http2-errors.ts';
import { rejection, tlsCodeOf } from './tls/failure.ts';

/** Kind, code, sentence (without the origin), hint and facts of a failure. */
export type FailureRow = readonly [kind: FailureKind, code: Code, sentence: string, hint: string, facts?: FailureFacts];

/** Failure of a host that no packet reaches. */
export const UNREACHABLE: FailureRow = [
  'service',
  'CONNECT_UNREACHABLE',
  'the host cannot be reached',
  "Ask the operators of the runner's network: check its routes, VPN and firewall.",
  { unreached: 'the network did not recover' },
];
/** What kept requests from the service, for the end of the run: the name server. */
export const NO_NAME_SERVER = 'the name server did not recover';
/** The same: no connection was made. */
export const NO_CONNECTION = 'no connection was made';

const HEADERS_TOO_LARGE: FailureRow = [
  'file',
  'RESP_TOO_LARGE',
  'the headers of the answer are too large',
  'Check server-url, and the path of the requests below it: they must lead to the signing service.',
];
const ROWS: Readonly<Record<string, FailureRow>> = {
  ENOTFOUND: [
    'request',
    'DNS_NOT_FOUND',
    'the host name does not exist',
    'Check server-url for a typing error; a private name needs a runner inside that network.',
    { maxAttempts: 3, endsRun: 'not-found', unreached: NO_NAME_SERVER },
  ],
  EAI_AGAIN: [
    'service',
    'DNS_UNAVAILABLE',
    'the name server did not answer',
    "Ask the operators of the runner's network: its name server (DNS) does not answer.",
    { unreached: NO_NAME_SERVER },
  ],
  ECONNREFUSED: [
    'service',
    'CONNECT_REFUSED',
    'the connection was refused',
    'Check host and port in server-url, and that the service is up; a firewall that rejects the connection looks like this as well.',
    { unreached: NO_CONNECTION },
  ],
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EADDRNOTAVAIL: UNREACHABLE,
  UND_ERR_HEADERS_OVERFLOW: HEADERS_TOO_LARGE,
  HPE_HEADER_OVERFLOW: HEADERS_TOO_LARGE,
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: [
    'file',
    'FILE_CHANGED',
    'the file changed its size while it was sent',
    'Make sure that nothing writes to the build outputs while they are signed.',
  ],
};

/** Returns what a code of the system or of HTTP means. */
export function rowOf(code: string): FailureRow | undefined {
  return ROWS[code];
}

/** Facts about the connection of a failed request. */
export interface ConnectionFacts {
  readonly origin: string;
  /** OpenSSL's code of a TLS alert that came after the handshake. */
  readonly alert?: string | undefined;
  /** The connection had served a request before and this attempt read no byte from it. */
  readonly stale?: boolean;
  /** `shared`: the connection serves all requests, over HTTP/2. */
  readonly sharing?: 'own' | 'shared';
  /** Whether a request was answered well before. */
  readonly hasSucceeded?: boolean;
  /** Whether the server asked for a client certificate; `undefined` when that is not known. */
  readonly asksForCertificate?: boolean | undefined;
  /** The proxy in use, by variable, host and port. */
  readonly proxy?: string | undefined;
  /** Hint from the time for which connections were silent before they were lost. */
  readonly silence?: string | undefined;
  /** Progress of the exchange. */
  readonly progress?: ExchangeProgress;
}

/** Finds the failure behind an error on an established connection: kind, code, sentence and way out. */
export function connectionFailure(error: unknown, facts: ConnectionFacts): Failure {
  const known = error instanceof Failure ? error : tooManyOpen(error);
  if (known) return known;
  const code = codeOf(error) ?? '';
  const { origin, alert } = facts;
  // A server may refuse our client certificate after the handshake; with TLS 1.3 it always does.
  const rejected = rejection(alert ?? tlsCodeOf(error), error, origin);
  if (rejected) return rejected;
  const row =
    ROWS[code] ??
    defectRow(error, code) ??
    http2Row(error, facts) ??
    protocolRow(error, code, facts) ??
    lostRow(facts.progress?.describe() ?? 'before the answer was complete', facts);
  return toFailure(row, error, origin);
}

/** Builds the failure of a row. */
export function toFailure([kind, code, sentence, hint, facts]: FailureRow, cause: unknown, origin: string): Failure {
  return new Failure(kind, code, `${origin}: ${sentence}.`, { ...facts, hint, cause });
}

/** Errors of undici and Node for impossible requests; a retry changes nothing. */
const IMPOSSIBLE = /^(?:UND_ERR_(?:INVALID_ARG|INVALID_RETURN_VALUE|NOT_SUPPORTED)|ERR_(?:HTTP_)?INVALID_\w+)$/;

/** Describes an error before anything was sent: the settings do not allow a request, or a preceding step failed. */
export function defectRow(error: unknown, code: string): FailureRow | undefined {
  const isImpossible = IMPOSSIBLE.test(code);
  if (!isImpossible && !(error instanceof TypeError || error instanceof RangeError)) return undefined;
  const reason = error instanceof Error ? error.message.replace(/\.$/, '') : code;
  return [
    isImpossible ? 'config' : 'file',
    'INTERNAL',
    `no request can be made (${reason})`,
    'Check server-url, and the inputs that the request is made of (sign-path and app-key, or request), for odd characters; if they are right, this is a defect of the action: please report it.',
  ];
}

const CHECK_URL =
  'The service, or a gateway in front of it, is broken: ask their operators. If server-url is new, check that it leads to the signing service.';
const CHECK_PORT = 'Check the port in server-url: another service than the signing service answers there.';
const HTTP2_ONLY =
  'Set the input http2: true. If the error stays the same, the server does not offer HTTP/2 in the TLS handshake (ALPN): its operators must turn that on.';
const GOOD_BEFORE =
  'Answers of this address were good before in this run: a gateway in front of the service, or one of several servers, is broken. Ask the operators of the service.';

function http2Row(error: unknown, { stale }: ConnectionFacts): FailureRow | undefined {
  const described = describeHttp2Error(error);
  if (described === undefined) return undefined;
  const [sentence, hint, facts] = described;
  return ['service', 'CONNECTION_LOST', sentence, hint, stale ? { staleConnection: true } : facts];
}

function protocolRow(error: unknown, code: string, facts: ConnectionFacts): FailureRow | undefined {
  const { hasSucceeded, asksForCertificate } = facts;
  const text = error instanceof Error ? `${error.name} ${error.message}` : '';
  // One of several nodes may do this. Each of these answers costs a connection, so not every file may meet many of them.
  const ending: FailureFacts = hasSucceeded
    ? { endsRun: 'bad-node', isOneOfSeveral: true }
    : { endsRun: 'canary-twice' };
  if (/bad upgrade/.test(text)) {
    return [
      'request',
      'HTTP_UPGRADE',
      'the server answered 101 Switching Protocols, although the request asked for no other protocol',
      'Check that server-url leads to the signing service, not to a WebSocket; a gateway in between may be broken.',
      ending,
    ];
  }
  if (code === 'HPE_FOREIGN' && error instanceof Error) {
    const unasked = asksForCertificate === false ? ', and did not ask for a client certificate' : '';
    const sentence = `the server does not speak HTTP/1.1: within TLS it ${error.message}${unasked}`;
    const hint = error.message.includes('HTTP/2') ? HTTP2_ONLY : CHECK_PORT;
    return ['request', 'HTTP_MALFORMED', sentence, hasSucceeded ? GOOD_BEFORE : hint, ending];
  }
  const isWrongLength = code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
  if (!code.startsWith('HPE_') && !/HTTPParserError|bad response/.test(text) && !isWrongLength) return undefined;
  const what = isWrongLength
    ? 'the answer has another length than its headers say'
    : `the answer is not HTTP/1.1${parserWords(error)}`;
  return ['request', 'HTTP_MALFORMED', what, hasSucceeded ? GOOD_BEFORE : CHECK_URL, ending];
}

/** Returns the parser's message, such as ` (Invalid header token)`; empty without a useful one. */
function parserWords(error: unknown): string {
  const words =
    error instanceof Error
      ? /^(?:Parse Error: |Response does not match the HTTP\/1\.1 protocol \()([^)]*)/.exec(error.message)?.[1]
      : '';
  return words ? ` (${words})` : '';
}

/** Describes a lost connection. */
export function lostRow(when: string, { stale, proxy, silence }: Partial<ConnectionFacts>): FailureRow {
  return [
    'service',
    'CONNECTION_LOST',
    `the connection was lost ${when}`,
    when.startsWith('within')
      ? 'The service, or a gateway in front of it, cut its own answer: their logs say why.'
      : `${proxy ? `Ask the operators of ${proxy} whether it ends tunnels after some time, or after so many bytes. If not: ` : ''}${silence ?? 'The service, or a gateway in front of it, may have restarted or be overloaded.'}`,
    {
      ...(stale ? { staleConnection: true } : {}),
      ...(when.endsWith('handshake') ? { unreached: NO_CONNECTION } : {}),
    },
  ];
}
