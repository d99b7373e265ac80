import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { sServer } from './makes.ts';
import { fault, type Row, row } from './row.ts';
import { CA, type Started, type World } from './world.ts';

const RSA = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
const curve = (name: string): readonly string[] => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${name}`];
const port = ({ url }: Started): number => Number(new URL(url).port);

/** Puts a device before servers, of which it takes one after the other; `carry` hands on what they send. */
async function before(w: World, behind: readonly Started[], carry: (client: Socket, server: Socket) => void) {
  let turn = 0;
  const front = await w.tcp((client) => {
    const next = behind[turn++ % behind.length];
    const server = connect(next ? port(next) : 0, '127.0.0.1').on('error', () => client.destroy());
    client.on('close', () => server.destroy()).pipe(server);
    carry(client.setNoDelay(true), server);
  });
  return {
    url: front.url,
    async close() {
      await front.close();
      for (const each of behind) await each.close();
    },
  };
}

/** Sends each byte in a packet of its own, as far as the system lets it. */
function dribble(client: Socket, server: Socket): void {
  server.on('data', (bytes) => {
    for (const byte of bytes) client.write(Buffer.from([byte]));
  });
}

const suite = (name: string, ...args: readonly string[]): Row =>
  row(`s_server, suite ${name}`, (w) => sServer(w, args));
const HANDSHAKES: readonly Row[] = [
  suite('ECDHE-ECDSA-CHACHA20-POLY1305', '-tls1_2', '-cipher', 'ECDHE-ECDSA-CHACHA20-POLY1305'),
  suite('ECDHE-ECDSA-AES128-CCM', '-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-CCM'),
  suite('TLS_CHACHA20_POLY1305_SHA256', '-tls1_3', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'),
  suite('TLS_AES_128_GCM_SHA256', '-tls1_3', '-ciphersuites', 'TLS_AES_128_GCM_SHA256'),
  row('s_server, early data offered', (w) => sServer(w, ['-early_data'])),
  row('Node, group X25519MLKEM768 only', (w) => w.node(['server'], { ecdhCurve: 'X25519MLKEM768' })),
  fault('TLS_HANDSHAKE_REFUSED', 'Node, group SecP256r1MLKEM768 only', (w) =>
    w.node(['server'], { ecdhCurve: 'SecP256r1MLKEM768' }),
  ),
  row('a network that carries a byte at a time', async (w) => before(w, [await w.node(['server'])], dribble)),
  row('a network that carries a byte at a time, TLS 1.2', async (w) =>
    before(w, [await w.node(['server'], { maxVersion: 'TLSv1.2' })], dribble),
  ),
  row('a balancer before two servers that do not share their session tickets', async (w) =>
    before(w, [await w.node(['server']), await w.node(['server'])], (client, server) => void server.pipe(client)),
  ),
  fault('CONNECTION_LOST', 'a server that breaks off within its first message', async (w) =>
    before(w, [await w.node(['server'])], (client, server) =>
      server.once('data', (hello) => client.end(hello.subarray(0, 100))),
    ),
  ),
];

/** A host of this name whose certificate bears that one. */
const named = (expected: string, host: string, borne: string): Row => ({
  name: `Node, a certificate for ${borne} at ${host}`,
  expected,
  start: async (w) => {
    const started = await w.node([w.server({ extensions: `subjectAltName=DNS:${borne}\n` })]);
    return { ...started, url: started.url.replace('localhost', host), addresses: ['127.0.0.1'] };
  },
});
const extended = (expected: string, name: string, lines: string): Row =>
  fault(expected, `Node, ${name}`, (w) =>
    w.node([w.server({ extensions: `subjectAltName=DNS:localhost\n${lines}\n` })]),
  );
const subject =
  (text: string, lines = ''): Row['start'] =>
  (w) =>
    w.node([w.server({ subject: text, extensions: `extendedKeyUsage=serverAuth\n${lines}` })]);

const CERTIFICATES: readonly Row[] = [
  named('signs', 'a.example.test', '*.example.test'),
  named('TLS_SERVER_NAME', 'example.test', '*.example.test'),
  named('TLS_SERVER_NAME', 'a.b.example.test', '*.example.test'),
  named('TLS_SERVER_NAME', 'a.b.test', 'a.*.test'),
  named('signs', 'my_host.example.test', 'my_host.example.test'),
  named('signs', 'my_host.example.test', '*.example.test'),
  named('signs', 'münchen.test', 'xn--mnchen-3ya.test'),
  named('signs', 'a.münchen.test', '*.xn--mnchen-3ya.test'),
  named('signs', 'sign', 'sign'),
  row('Node, two names in the subject, of which the last is the host', subject('/CN=x/CN=localhost')),
  row('Node, an e-mail address as its only alternative name', subject('/CN=localhost', 'subjectAltName=email:a@b.c\n')),
  row('Node, a certificate without extensions', (w) =>
    w.node([w.server({ subject: '/CN=localhost', extensions: '' })]),
  ),
  extended('signs', 'certificate for servers by the old purpose of Microsoft', 'extendedKeyUsage=msSGC'),
  extended('TLS_SERVER_PURPOSE', 'certificate for any extended key usage', 'extendedKeyUsage=anyExtendedKeyUsage'),
  extended('TLS_SERVER_PURPOSE', 'certificate of the Netscape type for clients', 'nsCertType=client'),
  extended('TLS_SERVER_PURPOSE', 'certificate whose key may only sign certificates', 'keyUsage=critical,keyCertSign'),
  extended('signs', 'certificate that is a CA', 'basicConstraints=critical,CA:TRUE'),
  row('Node, RSA key for encryption only', (w) =>
    w.node([w.server({ key: RSA, extensions: 'subjectAltName=DNS:localhost\nkeyUsage=keyEncipherment\n' })]),
  ),
  row('Node, signed with SHA3-256', (w) => w.node([w.server({ digest: 'sha3-256' })])),
  row('Node, each certificate sent twice', (w) => {
    const by = w.authority('Issuing CA', { issuer: 'root' });
    const leaf = w.server({ issuer: by });
    return w.node([leaf, leaf, by, by, 'root', 'root']);
  }),
  fault('TLS_SERVER_INVALID', 'Node, EC key with written-out parameters', (w) =>
    w.node([w.server({ key: [...curve('P-256'), '-pkeyopt', 'ec_param_enc:explicit'] })]),
  ),
  fault('TLS_SERVER_NAME', 'Node, the address as an address of IPv6', (w) =>
    w.node([w.server({ extensions: 'subjectAltName=IP:::ffff:127.0.0.1\n' })], {}, '127.0.0.1'),
  ),
  fault('TLS_SERVER_UNTRUSTED', 'Node, chain holds the CA of the clients', async (w) => ({
    ...(await w.node(['server'])),
    chain: w.pem(w.authority('Client CA')),
  })),
  row('Node, an intermediate and its expired root in chain', async (w) => {
    const old = w.authority('Gone Root CA', { days: -1 });
    const by = w.authority('Issuing CA', { issuer: old });
    return { ...(await w.node([w.server({ issuer: by }), by, old])), chain: w.pem(by, old) };
  }),
  fault('TLS_SERVER_INVALID', 'Node, an address that the CA may not certify', async (w) => {
    const excluded = 'nameConstraints=critical,excluded;IP:127.0.0.0/255.0.0.0\n';
    const by = w.authority('Odd CA', { extensions: `${CA}${excluded}` });
    return { ...(await w.node([w.server({ issuer: by })])), chain: w.pem(by) };
  }),
];

/** A client certificate like this, and the certificates sent with it. */
async function client(w: World, name: string, options: object, sent: readonly string[] = []): Promise<string> {
  w.pki.issue(name, { issuer: 'root', extensions: 'extendedKeyUsage=clientAuth\n', ...options });
  writeFileSync(join(w.pki.directory, `${name}.pem`), w.pem(name, ...sent));
  return name;
}

const CLIENTS: readonly Row[] = [
  row('nginx, our key is EC P-384', async (w) => ({
    ...(await w.nginx('')),
    client: await client(w, 'client-p384', { key: curve('P-384') }),
  })),
  row('haproxy, our key is EC P-521, TLS 1.2', async (w) => ({
    ...(await w.haproxy('ssl-max-ver TLSv1.2')),
    client: await client(w, 'client-p521', { key: curve('P-521') }),
  })),
  row('nginx, our certificate with its intermediate and root', async (w) => {
    const by = w.authority('Client Issuing CA', { issuer: 'root' });
    return { ...(await w.nginx('')), client: await client(w, 'client-chain', { issuer: by }, [by, 'root']) };
  }),
  fault('TLS_CLIENT_REJECTED', 'nginx, our certificate without its intermediate', async (w) => ({
    ...(await w.nginx('')),
    client: await client(w, 'client-alone', { issuer: w.authority('Client Issuing CA', { issuer: 'root' }) }),
  })),
  fault('TLS_CLIENT_REJECTED', 'haproxy, our certificate has expired', async (w) => ({
    ...(await w.haproxy('')),
    client: await client(w, 'client-expired', { days: -1 }),
  })),
  fault('TLS_CLIENT_REJECTED', 'haproxy, our certificate is for servers', async (w) => ({
    ...(await w.haproxy('')),
    client: await client(w, 'client-server', { extensions: 'extendedKeyUsage=serverAuth\n' }),
  })),
];

/** Rows about handshakes and certificates that nobody had tried. */
export const FURTHER: readonly Row[] = [...HANDSHAKES, ...CERTIFICATES, ...CLIENTS];
