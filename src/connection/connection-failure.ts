import { codeOf } from '../errors.ts';
import { Failure, type FailureFacts, type FailureKind } from '../signing/policy/failure.ts';

/** What is known of the connection that a try failed on. */
export interface ConnectionFacts {
  readonly origin: string;
  /** OpenSSL's code of a TLS alert seen after the handshake. */
  readonly alert?: string | undefined;
  /** The connection had served a request before and this try read no byte from it. */
  readonly stale?: boolean;
}

type Row = readonly [kind: FailureKind, code: string, sentence: string, hint: string, facts?: FailureFacts];

const CHAIN_HINT =
  "Put the certificate of the CA that issued the server's certificate into chain; an intermediate or the server's own certificate works too.";
const ROWS: Readonly<Record<string, Row>> = {
  CERT_HAS_EXPIRED: ['config', 'TLS_SERVER_EXPIRED', "the server's certificate has expired", clockHint()],
  CERT_NOT_YET_VALID: ['config', 'TLS_SERVER_NOT_YET_VALID', "the server's certificate is not valid yet", clockHint()],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'config',
    'TLS_SERVER_NAME',
    "the server's certificate is for another host",
    'Use the host name that the certificate bears in server-url.',
  ],
  ...rows(
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'CERT_UNTRUSTED',
      'CERT_SIGNATURE_FAILURE',
    ],
    ['config', 'TLS_SERVER_UNTRUSTED', "the server's certificate does not chain to a certificate in chain", CHAIN_HINT],
  ),
  INVALID_PURPOSE: [
    'config',
    'TLS_SERVER_PURPOSE',
    "the server's certificate is not meant for servers",
    'The operators of the service must install a certificate with the extended key usage serverAuth.',
  ],
  ...rows(
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'],
    [
      'config',
      'TLS_NOT_SPOKEN',
      'this port does not speak TLS',
      'Check the port in server-url; plain HTTP is never used.',
    ],
  ),
  ...rows(
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_SSL_VERSION_TOO_LOW'],
    [
      'config',
      'TLS_VERSION',
      'the server speaks no TLS version from 1.2 on',
      'The operators of the service must enable TLS 1.2 or 1.3.',
    ],
  ),
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
  ...rows(
    ['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
    ['service', 'CONNECT_UNREACHABLE', 'the host cannot be reached', "Check the runner's network, VPN and firewall."],
  ),
  UND_ERR_HEADERS_OVERFLOW: [
    'file',
    'RESP_TOO_LARGE',
    'the headers of the answer are too large',
    'Check that server-url and sign-path lead to the signing service.',
  ],
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: [
    'file',
    'FILE_CHANGED',
    'the file changed its size while it was sent',
    'Let nothing write to the build outputs while they are signed.',
  ],
};

function rows(codes: readonly string[], row: Row): Record<string, Row> {
  return Object.fromEntries(codes.map((code) => [code, row]));
}

function clockHint(): string {
  return `Renew the certificate of the service, or correct the runner's clock if it is wrong.`;
}

/** Says what a failure below HTTP means: kind, code, sentence and way out. */
export function connectionFailure(error: unknown, facts: ConnectionFacts): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error) ?? '';
  const alert = facts.alert ?? (code.includes('_ALERT_') ? code : undefined);
  const row =
    ROWS[code] ??
    (alert ? alertRow(alert) : undefined) ??
    defectRow(error, code) ??
    protocolRow(error, code) ??
    lostRow(facts);
  const [kind, name, sentence, hint, more] = row;
  return new Failure(kind, name, `${facts.origin}: ${sentence}.`, { ...more, hint, cause: error });
}

const CLIENT_ALERTS: readonly (readonly [RegExp, string])[] = [
  [/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/, 'it got no client certificate it accepts'],
  [/UNKNOWN_CA/, 'it does not know the CA of our client certificate'],
  [/CERTIFICATE_EXPIRED/, 'our client certificate has expired'],
  [/CERTIFICATE_REVOKED/, 'our client certificate has been revoked'],
  [/UNSUPPORTED_CERTIFICATE/, 'our client certificate is not meant for clients'],
  [/BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|ACCESS_DENIED|DECRYPT_ERROR/, 'it does not accept our client certificate'],
];

/** Names the reason behind an alert with which a server refuses a client certificate. */
function alertRow(alert: string): Row | undefined {
  const reason = CLIENT_ALERTS.find(([pattern]) => pattern.test(alert))?.[1];
  if (reason === undefined) return undefined;
  return [
    'config',
    'TLS_CLIENT_REJECTED',
    `the server refused our client certificate: ${reason} (alert ${alertName(alert)})`,
    'Check that cert is the certificate the service expects, with its intermediates, and has not been revoked.',
  ];
}

/** Turns `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED` into `certificate required`. */
function alertName(code: string): string {
  return code
    .replace(/^.*_ALERT_/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
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
    'Check server-url, sign-path and app-key for odd characters; if they are right, this is a defect of the action: please report it.',
  ];
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
  if (
    !code.startsWith('HPE_') &&
    !/HTTPParserError|bad response/.test(text) &&
    code !== 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'
  ) {
    return undefined;
  }
  return [
    'request',
    'HTTP_MALFORMED',
    'the answer is not HTTP/1.1',
    'Check that server-url leads to the signing service; a gateway in between may be broken.',
    { endsRun: 'canary-twice' },
  ];
}

function lostRow(facts: ConnectionFacts): Row {
  return [
    'service',
    'CONNECTION_LOST',
    'the connection was lost before the answer was complete',
    'The service, or a gateway in front of it, may have restarted or be overloaded.',
    facts.stale ? { staleConnection: true } : {},
  ];
}
