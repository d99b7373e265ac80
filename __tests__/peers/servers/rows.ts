import { alertBytes } from '../../connection/front.ts';
import { ANSWERS } from './answers.ts';
import { FRAMING } from './framing-rows.ts';
import { FURTHER_ANSWERS } from './further-answers.ts';
import { FURTHER } from './further-rows.ts';
import { IDENTITIES } from './identity-rows.ts';
import { MAKES } from './make-rows.ts';
import { NETWORK } from './network-rows.ts';
import { ODD } from './odd-rows.ts';
import { fault, type Row, row } from './row.ts';
import { CA, SMALL, type Started, type World } from './world.ts';

const TLS12 = 'ssl_protocols TLSv1.2;';
const P384 = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'];
const RSA = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];

/** Servers that curl signs with. */
const GOOD: readonly Row[] = [
  row('nginx, TLS 1.3', (w) => w.nginx('')),
  row('nginx, TLS 1.2 only', (w) => w.nginx(TLS12)),
  row('nginx, RSA 2048', (w) => w.nginx('', [w.server({ key: RSA })])),
  row('nginx, EC P-384', (w) => w.nginx('', [w.server({ key: P384 })])),
  row('nginx, Ed25519', (w) => w.nginx('', [w.server({ key: ['-algorithm', 'ED25519'] })])),
  row('nginx, RSA-PSS', (w) =>
    w.nginx('', [w.server({ key: ['-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'] })]),
  ),
  row('nginx, AES-CBC with RSA key exchange', (w) =>
    w.nginx(`${TLS12} ssl_ciphers AES128-SHA;`, [w.server({ key: RSA })]),
  ),
  row('nginx, one cipher suite of TLS 1.2', (w) => w.nginx(`${TLS12} ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384;`)),
  row('nginx, client certificate optional', (w) => w.nginx('ssl_verify_client optional;')),
  row('nginx, session tickets off', (w) => w.nginx('ssl_session_tickets off;')),
  row('nginx, one request per connection', (w) => w.nginx('keepalive_timeout 0;')),
  row('nginx, HTTP/2 offered', (w) => w.nginx('', ['server'], 'ssl http2')),
  row('nginx, the root sent with the chain', (w) => w.nginx('', ['server', 'root'])),
  row('nginx, an unrelated certificate sent with the chain', (w) => w.nginx('', ['server', 'other'])),
  row('haproxy, client certificate required', (w) => w.haproxy('')),
  row('haproxy, TLS 1.2 only', (w) => w.haproxy('ssl-max-ver TLSv1.2')),
  row('haproxy, strict server names', (w) => w.haproxy('strict-sni')),
  row('haproxy, HTTP/2 offered', (w) => w.haproxy('alpn h2,http/1.1')),
  row('Node, certificate for the address', (w) => w.node(['server'], {}, '127.0.0.1')),
  row('Node, intermediate sent', (w) => {
    const by = w.authority('Issuing CA', { issuer: 'root' });
    return w.node([w.server({ issuer: by }), by]);
  }),
  row('Node, only the intermediate in chain', async (w) => {
    const by = w.authority('Issuing CA', { issuer: 'root' });
    return { ...(await w.node([w.server({ issuer: by })])), chain: w.pem(by) };
  }),
  row('Node, only its own certificate in chain', async (w) => ({
    ...(await w.node(['server'])),
    chain: w.pem('server'),
  })),
  row('Node, its own certificate in chain, from a CA without keyCertSign', async (w) => {
    const leaf = w.server({ issuer: w.authority('Odd CA', { extensions: `${CA}keyUsage=digitalSignature\n` }) });
    return { ...(await w.node([leaf])), chain: w.pem(leaf) };
  }),
  row('Node, self-signed and in chain', async (w) => {
    const extensions = 'subjectAltName=DNS:localhost\n';
    w.pki.issue('lonely', { extensions });
    return { ...(await w.node(['lonely'])), chain: w.pem('lonely') };
  }),
  row('Node, an expired intermediate beside the root in chain', async (w) => {
    const [old, by] = [
      w.authority('Issuing CA', { issuer: 'root', days: -1 }),
      w.authority('Issuing CA', { issuer: 'root' }),
    ];
    return { ...(await w.node([w.server({ issuer: by }), by])), chain: w.pem('root', old) };
  }),
  row('Node, no client certificate asked for', (w) => w.node(['server'], { requestCert: false })),
  row('a proxy that opens the tunnel', (w) => w.proxied(() => 200)),
  row('a proxy that opens the tunnel with HTTP/1.0 and more headers', (w) =>
    w.proxied(() => 'HTTP/1.0 200 OK\r\nproxy-agent: x\r\nconnection: close\r\nset-cookie: a=b\r\n\r\n'),
  ),
  row('a proxy that opens the tunnel with a length', (w) =>
    w.proxied(() => 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
  ),
  row('a proxy that opens the tunnel with 204', (w) => w.proxied(() => 'HTTP/1.1 204 No Content\r\n\r\n')),
  row('a firewall that reads one packet of a handshake', (w) => w.shortHello()),
];

/** Servers and networks with a fault. */
const FAULTS: readonly Row[] = [
  fault('TLS_SERVER_UNTRUSTED', 'Node, from a CA that is not in chain', (w) => w.node([w.server({ issuer: 'other' })])),
  fault('TLS_SERVER_UNTRUSTED', 'Node, intermediate not sent', (w) =>
    w.node([w.server({ issuer: w.authority('Issuing CA', { issuer: 'root' }) })]),
  ),
  fault('TLS_SERVER_UNTRUSTED', 'Node, self-signed', (w) => {
    w.pki.issue('self', { extensions: 'subjectAltName=DNS:localhost\n' });
    return w.node(['self']);
  }),
  fault('TLS_SERVER_NAME', 'Node, certificate for another host', (w) =>
    w.node([w.server({ extensions: 'subjectAltName=DNS:sign.example.com\n' })]),
  ),
  fault('TLS_SERVER_NAME', 'Node, the address as a DNS name', (w) =>
    w.node([w.server({ extensions: 'subjectAltName=DNS:127.0.0.1\n' })], {}, '127.0.0.1'),
  ),
  fault('TLS_SERVER_EXPIRED', 'Node, expired', (w) => w.node([w.server({ days: -1 })])),
  fault('TLS_SERVER_EXPIRED', 'Node, expired intermediate sent', (w) => {
    const by = w.authority('Issuing CA', { issuer: 'root', days: -1 });
    return w.node([w.server({ issuer: by }), by]);
  }),
  fault('TLS_SERVER_EXPIRED', 'Node, the root in chain has expired', async (w) => {
    const old = w.authority('Old Root CA', { days: -1 });
    return { ...(await w.node([w.server({ issuer: old })])), chain: w.pem(old) };
  }),
  fault('TLS_SERVER_PURPOSE', 'Node, certificate for clients', (w) =>
    w.node([w.server({ extensions: 'subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth\n' })]),
  ),
  fault('TLS_SERVER_PURPOSE', 'Node, intermediate for clients only', (w) => {
    const by = w.authority('Issuing CA', { issuer: 'root', extensions: `${CA}extendedKeyUsage=clientAuth\n` });
    return w.node([w.server({ issuer: by }), by]);
  }),
  fault('TLS_SERVER_INVALID', 'Node, CA without keyCertSign', (w) => below(w, `${CA}keyUsage=digitalSignature\n`)),
  fault('TLS_SERVER_INVALID', 'Node, path length exceeded', async (w) => {
    const top = w.authority('Narrow CA', { extensions: 'basicConstraints=critical,CA:TRUE,pathlen:0\n' });
    const by = w.authority('Issuing CA', { issuer: top });
    return { ...(await w.node([w.server({ issuer: by }), by])), chain: w.pem(top) };
  }),
  fault('TLS_SERVER_INVALID', 'Node, outside the name constraints', (w) =>
    below(w, `${CA}nameConstraints=critical,permitted;DNS:example.com\n`),
  ),
  fault('TLS_SERVER_INVALID', 'Node, signed with SHA-1', (w) => w.node([w.server({ digest: 'sha1' })])),
  fault('TLS_SERVER_INVALID', 'Node, signed with SHA-1, and its own certificate in chain', async (w) => {
    const weak = w.server({ digest: 'sha1' });
    return { ...(await w.node([weak])), chain: w.pem(weak) };
  }),
  fault('TLS_SERVER_INVALID', 'Node, RSA 1024', (w) => w.node([w.server({ key: SMALL })])),
  fault('TLS_SERVER_INVALID', 'Node, CA with RSA 1024', async (w) => {
    const by = w.authority('Small CA', { key: SMALL });
    return { ...(await w.node([w.server({ issuer: by })])), chain: w.pem(by) };
  }),
  fault('TLS_SERVER_INVALID', 'Node, a critical extension that OpenSSL does not know', (w) =>
    w.node([w.server({ extensions: 'subjectAltName=DNS:localhost\n1.2.3.4=critical,ASN1:UTF8String:x\n' })]),
  ),
  fault('TLS_SERVER_PURPOSE', 'Node, certificate for code signing', (w) =>
    w.node([w.server({ extensions: 'subjectAltName=DNS:localhost\nextendedKeyUsage=codeSigning\n' })]),
  ),
  fault('TLS_SERVER_PURPOSE', 'Node, from an issuer that is no CA', (w) => below(w, 'basicConstraints=CA:FALSE\n')),
  fault('TLS_SERVER_UNTRUSTED', 'Node, the CA was renewed with another key under the same name', async (w) => {
    const [old, renewed] = [w.authority('Renewed CA'), w.authority('Renewed CA')];
    return { ...(await w.node([w.server({ issuer: renewed })])), chain: w.pem(old) };
  }),
  fault('TLS_VERSION', 'Node, TLS 1.1 only', (w) =>
    w.node(['server'], { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }),
  ),
  fault('TLS_HANDSHAKE_REFUSED', 'Node, no cipher suite in common', (w) =>
    w.node(['server'], { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-CCM8@SECLEVEL=0' }),
  ),
  fault('TLS_HANDSHAKE_REFUSED', 'nginx, a host name that it does not know', (w) =>
    w.nginx('ssl_reject_handshake on;'),
  ),
  fault('TLS_HANDSHAKE_REFUSED', 'Node, HTTP/2 only', (w) => w.node(['server'], { ALPNProtocols: ['h2'] })),
  fault('TLS_NOT_SPOKEN', 'plain HTTP', (w) => w.plain()),
  fault('TLS_NOT_SPOKEN', 'an SSH server', (w) => w.tcp((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))),
  fault('TLS_HANDSHAKE_FAILED', 'bytes that are no message of TLS', (w) =>
    w.tcp((socket) => socket.end(Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0]))),
  ),
  fault('TLS_HANDSHAKE_REFUSED', 'a server that asks for more security', (w) =>
    w.tcp((socket) => socket.end(alertBytes(71))),
  ),
  fault('TLS_HANDSHAKE_REFUSED', 'a server that cannot decode each hello', (w) =>
    w.tcp((socket) => socket.end(alertBytes(50))),
  ),
  fault('CONNECTION_LOST', 'a server in trouble (alert internal error)', (w) =>
    w.tcp((socket) => socket.end(alertBytes(80))),
  ),
  fault('TLS_CLIENT_REJECTED', 'nginx, our certificate from another CA', async (w) => ({
    ...(await w.nginx('')),
    client: 'stranger',
  })),
  fault('TLS_CLIENT_REJECTED', 'haproxy, our certificate from another CA', async (w) => ({
    ...(await w.haproxy('')),
    client: 'stranger',
  })),
  fault('TLS_CLIENT_REJECTED', 'haproxy, the same over TLS 1.2', async (w) => ({
    ...(await w.haproxy('ssl-max-ver TLSv1.2')),
    client: 'stranger',
  })),
  fault('TLS_CLIENT_REJECTED', 'Node, which sends no alert', async (w) => ({
    ...(await w.node(['server'], { rejectUnauthorized: true })),
    client: 'stranger',
  })),
  fault('CONNECT_REFUSED', 'nobody listens', (w) => w.nobody()),
  fault('CONNECTION_LOST', 'closes each connection at once', (w) => w.tcp((socket) => socket.destroy())),
  fault('DNS_NOT_FOUND', 'a host name that does not exist', async () => ({
    url: 'https://no-such-host.invalid',
    close: async () => {},
  })),
  fault('PROXY_AUTHENTICATION', 'a proxy that asks for credentials', (w) => w.proxied(() => 407)),
  fault('PROXY_AUTHENTICATION', 'a proxy that refuses the credentials', (w) =>
    w.proxied(() => 407, { credentials: 'user:wrong@' }),
  ),
  fault('PROXY_REFUSED', 'a proxy whose rules forbid the service', (w) => w.proxied(() => 403)),
  fault('PROXY_TLS', 'a proxy over https:// that speaks plain HTTP', async (w) => {
    const started = await w.proxied(() => 200);
    return { ...started, proxy: started.proxy?.replace('http:', 'https:') ?? '' };
  }),
  fault('PROXY_UNREACHABLE', 'a proxy that is not there', async (w) => {
    const [started, nobody] = [await w.proxied(() => 200), await w.nobody()];
    return { ...started, proxy: nobody.url.replace('https:', 'http:') };
  }),
];

/** Every row of the table in docs/servers.md. */
export const ROWS: readonly Row[] = [
  ...GOOD,
  ...MAKES,
  ...ANSWERS,
  ...FAULTS,
  ...ODD,
  ...FRAMING,
  ...IDENTITIES,
  ...NETWORK,
  ...FURTHER,
  ...FURTHER_ANSWERS,
];

async function below(world: World, extensions: string): Promise<Started> {
  const by = world.authority('Odd CA', { extensions });
  return { ...(await world.node([world.server({ issuer: by })])), chain: world.pem(by) };
}
