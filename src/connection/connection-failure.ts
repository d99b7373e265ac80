import type { Code } from '../codes.ts';
import { codeOf } from '../errors.ts';
import { Failure, type FailureFacts, type FailureKind, tooManyOpen } from '../signing/policy/failure.ts';
import type { ExchangeProgress } from './exchange-progress.ts';
import { describeHttp2Error } from './http2-errors.ts';
import { rejection, tlsCodeOf, tlsFailure } from './tls/failure.ts';

type Row = readonly [kind: FailureKind, code: Code, sentence: string, hint: string, facts?: FailureFacts];

const UNREACHABLE: Row = [
  'service',
  'CONNECT_UNREACHABLE',
  'the host cannot be reached',
  "Check the runner's network, VPN and firewall.",
];
const HEADERS_TOO_LARGE: Row = [
  'file',
  'RESP_TOO_LARGE',
  'the headers of the answer are too large',
  'Check server-url, and the path of the requests below it: they must lead to the signing service.',
];
const ROWS: Readonly<Record<string, Row>> = {
  ENOTFOUND: [
    'request',
    'DNS_NOT_FOUND',
    'the host name does not exist',
    'Check server-url for a typing error; a private name needs a runner inside that network.',
    { maxAttempts: 3, endsRun: 'not-found' },
  ],
  EAI_AGAIN: ['service', 'DNS_UNAVAILABLE', 'the name server did not answer', "Check the runner's network and DNS."],
  ECONNREFUSED: [
    'service',
    'CONNECT_REFUSED',
    'the connection was refused',
    'Check host and port in server-url, and that the service is up.',
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
    'Let nothing write to the build outputs while they are signed.',
  ],
};

/** What is known of the connection that a request failed on. */
export interface ConnectionFacts {
  readonly origin: string;
  /** OpenSSL's code of a TLS alert that came after the handshake. */
  readonly alert?: string | undefined;
  /** The connection had served a request before and this attempt read no byte from it. */
  readonly stale?: boolean;
  /** `shared`: the connection serves all requests, over HTTP/2. */
  readonly sharing?: 'own' | 'shared';
  /** How far the exchange had come. */
  readonly progress?: ExchangeProgress;
}

/** Finds the failure behind an error on an established connection: kind, code, sentence and way out. */
export function connectionFailure(error: unknown, facts: ConnectionFacts): Failure {
  const known = error instanceof Failure ? error : tooManyOpen(error);
  if (known) return known;
  const code = codeOf(error) ?? '';
  const { origin, alert } = facts;
  // A server that refuses our client certificate may say so after the handshake, under TLS 1.3 always.
  const rejected = rejection(alert ?? tlsCodeOf(error), error, origin);
  if (rejected) return rejected;
  const row =
    ROWS[code] ??
    defectRow(error, code) ??
    http2Row(error, facts) ??
    protocolRow(error, code) ??
    lostRow(facts.progress?.describe() ?? 'before the answer was complete', facts);
  return toFailure(row, error, origin);
}

/** Finds the failure behind an error of a dial, from the name look-up to the end of the TLS handshake. */
export function dialFailure(error: unknown, origin: string): Failure {
  const known = error instanceof Failure ? error : tooManyOpen(error);
  if (known) return known;
  const code = codeOf(error) ?? '';
  const row =
    addressesRow(error) ?? ROWS[code] ?? (code === 'ETIMEDOUT' ? NO_ANSWER : undefined) ?? defectRow(error, code);
  if (row) return toFailure(row, error, origin);
  const isOwnFault = tlsCodeOf(error).endsWith('_ALERT_INTERNAL_ERROR');
  const lost = isOwnFault ? SERVER_FAULT : lostRow('during the TLS handshake', {});
  return tlsFailure(error, origin) ?? toFailure(lost, error, origin);
}

function toFailure([kind, code, sentence, hint, facts]: Row, cause: unknown, origin: string): Failure {
  return new Failure(kind, code, `${origin}: ${sentence}.`, { ...facts, hint, cause });
}

const NO_ANSWER: Row = [
  'service',
  'CONNECT_TIMEOUT',
  'the host does not answer',
  'A firewall that drops packets looks like this. Check that the runner may reach the service.',
];

const SERVER_FAULT: Row = [
  'service',
  'CONNECTION_LOST',
  'the server broke off the TLS handshake because of a fault of its own (alert internal error)',
  'Its operators find the reason in the log of the server, or of a device in front of it that opens TLS.',
];

/** Words for what became of one address; the first code that any address has decides which failure that is. */
const ADDRESS_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'no route',
};

/** A host with several addresses of which none could be connected. */
function addressesRow(error: unknown): Row | undefined {
  if (!(error instanceof AggregateError)) return undefined;
  const codes = new Set(error.errors.map(codeOf));
  const decisive = Object.keys(ADDRESS_ERRORS).find((code) => codes.has(code)) ?? '';
  const [kind, code, , hint] = ROWS[decisive] ?? NO_ANSWER;
  return [kind, code, `no address of the host can be reached: ${error.errors.map(describeAddress).join(', ')}`, hint];
}

function describeAddress(error: unknown): string {
  const address = error instanceof Error && 'address' in error ? String(error.address) : 'an address';
  const code = codeOf(error) ?? 'unknown';
  return `${address} (${ADDRESS_ERRORS[code] ?? code})`;
}

/** What undici and Node say when they are asked for something that cannot be; asking again changes nothing. */
const IMPOSSIBLE = /^(?:UND_ERR_(?:INVALID_ARG|INVALID_RETURN_VALUE|NOT_SUPPORTED)|ERR_(?:HTTP_)?INVALID_\w+)$/;

/** Nothing has reached the network: no request can be made from these settings, or a step on the way to it is broken. */
function defectRow(error: unknown, code: string): Row | undefined {
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

function http2Row(error: unknown, { stale }: ConnectionFacts): Row | undefined {
  const described = describeHttp2Error(error);
  if (described === undefined) return undefined;
  const [sentence, hint, facts] = described;
  return ['service', 'CONNECTION_LOST', sentence, hint, stale ? { staleConnection: true } : facts];
}

function protocolRow(error: unknown, code: string): Row | undefined {
  const text = error instanceof Error ? `${error.name} ${error.message}` : '';
  if (/bad upgrade/.test(text)) {
    return [
      'config',
      'HTTP_UPGRADE',
      'the server wants to switch to another protocol',
      'Check that server-url leads to the signing service.',
    ];
  }
  const isWrongLength = code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
  if (!code.startsWith('HPE_') && !/HTTPParserError|bad response/.test(text) && !isWrongLength) return undefined;
  return [
    'request',
    'HTTP_MALFORMED',
    isWrongLength
      ? 'the answer has another length than its headers say'
      : `the answer is not HTTP/1.1${parserWords(error)}`,
    'Check that server-url leads to the signing service; a gateway in between may be broken.',
    { endsRun: 'canary-twice' },
  ];
}

/** Returns what the parser says, such as ` (Invalid header token)`; empty when it says nothing of use. */
function parserWords(error: unknown): string {
  const words =
    error instanceof Error
      ? /^(?:Parse Error: |Response does not match the HTTP\/1\.1 protocol \()([^)]*)/.exec(error.message)?.[1]
      : '';
  return words ? ` (${words})` : '';
}

function lostRow(when: string, { stale }: Pick<ConnectionFacts, 'stale'>): Row {
  return [
    'service',
    'CONNECTION_LOST',
    `the connection was lost ${when}`,
    when.startsWith('within')
      ? 'The service, or a gateway in front of it, cut its own answer: their logs say why.'
      : 'The service, or a gateway in front of it, may have restarted or be overloaded. When small files get through and large ones do not, something on the way breaks off large requests.',
    stale ? { staleConnection: true } : {},
  ];
}
