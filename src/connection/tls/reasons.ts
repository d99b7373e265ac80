import type { Failure } from '../../signing/policy/failure.ts';

/** Code, sentence and hint of a failure. */
export type Row = readonly [code: Failure['code'], sentence: string, hint: string];

/** Reasons of a failing server, with OpenSSL's names as in all tables here. */
export const OUTAGES: ReadonlySet<string> = new Set(
  'INTERNAL_ERROR USER_CANCELLED UNEXPECTED_EOF_WHILE_READING'.split(' '),
);

type Rejection = readonly [sentence: string, hint: string];

const CHECK_CERT =
  'Check that cert is the certificate the service expects, with its intermediates. If cert did not change since the server last accepted it, the server may trust other CAs now, or the certificate was revoked: ask the operators of the service.';
const NONE_ACCEPTED: Rejection = ['it got no client certificate it accepts', CHECK_CERT];
const NOT_ACCEPTED: Rejection = ['it does not accept our client certificate', CHECK_CERT];

/** Alerts about a client certificate, with their meaning and what to do. */
export const CLIENT_REJECTIONS: Readonly<Record<string, Rejection>> = {
  CERTIFICATE_REQUIRED: NONE_ACCEPTED,
  HANDSHAKE_FAILURE: NONE_ACCEPTED,
  NO_CERTIFICATE: NONE_ACCEPTED,
  UNKNOWN_CA: ['it does not know the CA of our client certificate', CHECK_CERT],
  // The dates of the certificate were checked before, by the clock of this machine.
  CERTIFICATE_EXPIRED: [
    'it takes our client certificate for expired',
    'By the clock of this machine the certificate is valid. The clock of the server may be wrong, or its revocation list (CRL) outdated, or a CA certificate expired there or in cert: ask the operators of the service first.',
  ],
  CERTIFICATE_REVOKED: [
    'it takes our client certificate for revoked',
    'A certificate is revoked when another one replaces it: store the newest one in cert, and its key in key. If this is the newest one, ask the certificate authority whether it was revoked, and why; if it was not, ask the operators of the service.',
  ],
  UNSUPPORTED_CERTIFICATE: [
    'it does not take our client certificate as one for clients',
    'If this run warned that the certificate is not issued for client authentication, ask the certificate authority for one that is (extended key usage clientAuth). If not, ask the operators of the service which certificates and keys the server takes.',
  ],
  BAD_CERTIFICATE: NOT_ACCEPTED,
  CERTIFICATE_UNKNOWN: NOT_ACCEPTED,
  ACCESS_DENIED: NOT_ACCEPTED,
  DECRYPT_ERROR: NOT_ACCEPTED,
};

const OLD_VERSION: Row = [
  'TLS_VERSION',
  'the server speaks no TLS version from 1.2 on',
  'The operators of the service must enable TLS 1.2 or 1.3.',
];

/** Describes an alert with which a server refuses the handshake. */
export function refusal(alert: string): Row {
  return [
    'TLS_HANDSHAKE_REFUSED',
    `the server refused the handshake (alert ${alert})`,
    'Its operators must enable cipher suites, groups and signature algorithms of today for TLS 1.2 or 1.3; their log says what was missing.',
  ];
}

const OTHER_ALERTS = `
  INSUFFICIENT_SECURITY INAPPROPRIATE_FALLBACK UNSUPPORTED_EXTENSION MISSING_EXTENSION EXPORT_RESTRICTION
  NO_RENEGOTIATION CERTIFICATE_UNOBTAINABLE BAD_CERTIFICATE_STATUS_RESPONSE BAD_CERTIFICATE_HASH_VALUE
`
  .trim()
  .split(/\s+/);

/** Alerts with which a server refuses every handshake with us. */
export const REFUSALS: Readonly<Record<string, Row>> = {
  PROTOCOL_VERSION: OLD_VERSION,
  UNRECOGNIZED_NAME: [
    'TLS_HANDSHAKE_REFUSED',
    'the server does not know the host name in server-url (alert unrecognized name)',
    'Check the host name in server-url. If it is right, the server, or a gateway in front of it, is not set up for it, or the DNS entry leads elsewhere: ask the operators of the service.',
  ],
  NO_APPLICATION_PROTOCOL: [
    'TLS_HANDSHAKE_REFUSED',
    'the server speaks no HTTP version that was offered (alert no application protocol)',
    'Set http2: true if the server speaks HTTP/2 only; otherwise its operators must enable HTTP/1.1.',
  ],
  ...Object.fromEntries(OTHER_ALERTS.map((alert) => [alert, refusal(alert.toLowerCase().replaceAll('_', ' '))])),
};

const NOT_SPOKEN: Row = [
  'TLS_NOT_SPOKEN',
  'this port does not speak TLS',
  'Check the port in server-url. If it is right, ask the operators of the service.',
];
const CLOCK_HINT = "Renew the certificate of the service, or correct the runner's clock if it is wrong.";
const UNTRUSTED: Row = [
  'TLS_SERVER_UNTRUSTED',
  "the server's certificate does not chain to a certificate in chain",
  "Put the certificate of the CA that issued the server's certificate into chain; an intermediate or the server's own certificate works too.",
];

/** Reasons of our own side with their own code. */
export const ROWS: Readonly<Record<string, Row>> = {
  CERT_HAS_EXPIRED: ['TLS_SERVER_EXPIRED', "the server's certificate has expired", CLOCK_HINT],
  CERT_NOT_YET_VALID: ['TLS_SERVER_NOT_YET_VALID', "the server's certificate is not valid yet", CLOCK_HINT],
  TLS_CERT_ALTNAME_INVALID: [
    'TLS_SERVER_NAME',
    "the server's certificate is for another host",
    'Check the host name in server-url. If it is right, another server answers in place of the service, or its certificate lacks that name: ask the operators of the service about its certificate, its gateway and the DNS entry, and those of a proxy where the name leads.',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  INVALID_PURPOSE: [
    'TLS_SERVER_PURPOSE',
    "the server's certificate is not meant for servers",
    'The operators of the service must install a certificate with the extended key usage serverAuth.',
  ],
  WRONG_VERSION_NUMBER: NOT_SPOKEN,
  PACKET_LENGTH_TOO_LONG: NOT_SPOKEN,
  HTTP_REQUEST: NOT_SPOKEN,
  HTTPS_PROXY_REQUEST: NOT_SPOKEN,
  UNSUPPORTED_PROTOCOL: OLD_VERSION,
  UNSUPPORTED_SSL_VERSION: OLD_VERSION,
  VERSION_TOO_LOW: OLD_VERSION,
  WRONG_SSL_VERSION: OLD_VERSION,
};

/** Faults that OpenSSL finds when it verifies a chain, by OpenSSL's own words. */
export const VERIFICATION_FAULTS: Readonly<Record<string, string>> = {
  'key usage does not include certificate signing':
    "a CA in the server's chain may not sign certificates: its key usage lacks keyCertSign",
  'invalid ca certificate': "an issuer in the server's chain is not a CA certificate",
  'path length constraint exceeded':
    "a CA in the server's chain allows fewer CAs below it than there are (path length)",
  'permitted subtree violation':
    "a CA in the server's chain may not issue certificates for this host (name constraints)",
  'excluded subtree violation':
    "a CA in the server's chain may not issue certificates for this host (name constraints)",
  'ca signature digest algorithm too weak':
    "a certificate of the server's chain is signed with a digest that is too weak, such as SHA-1",
  'ee certificate key too weak': "the key of the server's certificate is too small",
  'ca certificate key too weak': "the key of a CA in the server's chain is too small",
  'unhandled critical extension':
    "a certificate of the server's chain has a critical extension that OpenSSL does not know",
  'certificate revoked': "a certificate of the server's chain has been revoked",
};

/** Hints for reasons of our own TLS library. */
export const HINTS: Readonly<Record<string, string>> = {
  UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
    'The operators of the server must enable secure renegotiation (RFC 5746) or TLS 1.3: their TLS library is older than 2010, or a device in between is.',
  DH_KEY_TOO_SMALL:
    'The operators of the server must enable ECDHE, or use Diffie-Hellman parameters of at least 2048 bits.',
  TLS_DH_PARAM_SIZE:
    'The operators of the server must enable ECDHE, or use Diffie-Hellman parameters of at least 2048 bits.',
  EE_KEY_TOO_SMALL:
    'The operators of the server must make a new key of at least 2048 bits (RSA), and have its certificate issued for that key.',
  CA_KEY_TOO_SMALL: 'The CA of the server must use a key of at least 2048 bits (RSA).',
  CA_MD_TOO_WEAK: 'The certificates of the server must be signed with SHA-256 or better.',
  WRONG_SIGNATURE_TYPE:
    'The server signs the handshake with an algorithm that was not offered, such as SHA-1; its operators must update it.',
  LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED:
    'The server signs the handshake with SHA-1; its operators must enable SHA-256.',
};

const DEFINITE = `
  TLS_CERT_ALTNAME_INVALID TLS_CERT_ALTNAME_FORMAT CERTIFICATE_VERIFY_FAILED ECC_CERT_NOT_FOR_SIGNING
  NO_PROTOCOLS_AVAILABLE NO_SHARED_SIGNATURE_ALGORITHMS NO_SUITABLE_SIGNATURE_ALGORITHM NO_SUITABLE_KEY_SHARE
  REQUIRED_CIPHER_MISSING SIGNATURE_FOR_NON_SIGNING_CERTIFICATE UNKNOWN_CERTIFICATE_TYPE
  UNKNOWN_CIPHER_RETURNED UNSUPPORTED_ELLIPTIC_CURVE UNSUPPORTED_PROTOCOL UNSUPPORTED_SSL_VERSION
  VERSION_TOO_HIGH VERSION_TOO_LOW WRONG_CERTIFICATE_TYPE WRONG_CIPHER_RETURNED WRONG_CURVE WRONG_SSL_VERSION
`;

/** Reasons of our own TLS library that neither damaged bytes nor a starting server can cause. */
export const DEFINITE_REASONS: ReadonlySet<string> = new Set([...Object.keys(HINTS), ...DEFINITE.trim().split(/\s+/)]);
