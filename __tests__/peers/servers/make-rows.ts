import { apache, pyOpenSsl, sServer } from './makes.ts';
import { fault, type Row, row } from './row.ts';

const RSA = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
const WHOLE_SITE = 'SSLVerifyClient require';
const PER_LOCATION = '<Location />\nSSLVerifyClient require\n</Location>';

/** Servers of more makes. */
export const MAKES: readonly Row[] = [
  row('Apache, client certificate required', (w) => apache(w, WHOLE_SITE)),
  row('Apache, TLS 1.2 only', (w) => apache(w, `${WHOLE_SITE}\nSSLProtocol TLSv1.2`)),
  row('Apache, client certificate per location, TLS 1.2', (w) => apache(w, `${PER_LOCATION}\nSSLProtocol TLSv1.2`)),
  row('Apache, client certificate per location, TLS 1.3', (w) => apache(w, PER_LOCATION)),
  fault('FILE_TOO_LARGE_FOR_SERVER', 'Apache, client certificate per location, 200 KB', async (w) => ({
    ...(await apache(w, `${PER_LOCATION}\nSSLProtocol TLSv1.2`)),
    size: 200_000,
  })),
  row('Apache, client certificate optional', (w) => apache(w, 'SSLVerifyClient optional')),
  row('Apache, no keep-alive', (w) => apache(w, `${WHOLE_SITE}\nKeepAlive Off`)),
  fault('TLS_CLIENT_REJECTED', 'Apache, our certificate from another CA', async (w) => ({
    ...(await apache(w, WHOLE_SITE)),
    client: 'stranger',
  })),
  fault('UNAUTHORIZED', 'Apache, 401', (w) => apache(w, `${WHOLE_SITE}\nRewriteEngine on\nRewriteRule ^ - [R=401,L]`)),
  fault('FORBIDDEN', 'Apache, 403 by its rules', (w) =>
    apache(w, `${WHOLE_SITE}\n<Location />\nRequire all denied\n</Location>`),
  ),
  fault('FORBIDDEN', 'Apache, the subject of our certificate is not allowed', (w) =>
    apache(w, `${WHOLE_SITE}\n<Location />\nSSLRequire %{SSL_CLIENT_S_DN_CN} eq "somebody"\n</Location>`),
  ),
  row('pyOpenSSL', (w) => pyOpenSsl(w, {})),
  row('pyOpenSSL, session id context', (w) => pyOpenSsl(w, { session_id: true })),
  row('pyOpenSSL, TLS 1.2', (w) => pyOpenSsl(w, { max_version: 'TLS1_2_VERSION' })),
  row('pyOpenSSL, TLS 1.2 and session id context', (w) =>
    pyOpenSsl(w, { max_version: 'TLS1_2_VERSION', session_id: true }),
  ),
  row('pyOpenSSL, empty list of CAs', (w) => pyOpenSsl(w, { ca_list: '' })),
  row('pyOpenSSL, a list of CAs without ours', (w) => pyOpenSsl(w, { ca_list: 'other.pem' })),
  row('pyOpenSSL, closes after each answer', (w) => pyOpenSsl(w, { close: 'announced' })),
  row('pyOpenSSL, closes after each answer without close_notify', (w) => pyOpenSsl(w, { close: 'silent' })),
  row('pyOpenSSL, ALPN http/1.1', (w) => pyOpenSsl(w, { alpn: 'http/1.1' })),
  row('pyOpenSSL, ALPN that nothing matches, ignored', (w) => pyOpenSsl(w, { alpn: 'spdy/1' })),
  fault('TLS_CLIENT_REJECTED', 'pyOpenSSL, our certificate from another CA', async (w) => ({
    ...(await pyOpenSsl(w, {})),
    client: 'stranger',
  })),
  ...(
    [
      ['TLS 1.3', ['-tls1_3']],
      ['no tickets', ['-no_ticket']],
      ['no tickets, TLS 1.2', ['-no_ticket', '-tls1_2']],
      ['20 tickets', ['-num_tickets', '20']],
      ['middlebox compatibility off', ['-no_middlebox']],
      ['ALPN http/1.1', ['-alpn', 'http/1.1']],
      ['group P-256', ['-groups', 'P-256']],
      ['group P-521', ['-groups', 'P-521']],
      ['group X448', ['-groups', 'X448']],
      ['group ffdhe2048', ['-groups', 'ffdhe2048']],
      ['suite ECDHE-ECDSA-AES128-SHA', ['-cipher', 'ECDHE-ECDSA-AES128-SHA', '-tls1_2']],
      ['server signs with SHA-384', ['-sigalgs', 'ECDSA+SHA384', '-tls1_2']],
      ['legacy renegotiation', ['-legacy_renegotiation', '-tls1_2']],
      ['record padding', ['-record_padding', '512']],
      ['small fragments', ['-max_send_frag', '512']],
      ['no EtM, no EMS', ['-no_etm', '-tls1_2']],
    ] as const
  ).map(([name, args]) => row(`s_server, ${name}`, (w) => sServer(w, args))),
  ...(
    [
      ['AES128-SHA', ['-cipher', 'AES128-SHA', '-tls1_2']],
      ['DHE-RSA-AES128-GCM', ['-cipher', 'DHE-RSA-AES128-GCM-SHA256', '-tls1_2']],
    ] as const
  ).map(([name, args]) => row(`s_server with RSA, ${name}`, (w) => sServer(w, args, w.server({ key: RSA })))),
];
