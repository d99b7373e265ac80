import { sServer } from './makes.ts';
import { fault, type Row, row } from './row.ts';
import { ANSWER, CA, type Started, type World } from './world.ts';

/** A service that knows its client in a full handshake only, and answers so to a session that is resumed. */
function forgetful(w: World, status: number, body: string, version: 'TLSv1.2' | 'TLSv1.3'): Promise<Started> {
  return w.raw(
    (socket) => {
      const [code, text] = socket.isSessionReused() ? [status, body] : [200, ANSWER];
      socket.end(`HTTP/1.1 ${code} X\r\nconnection: close\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
    },
    { maxVersion: version },
  );
}

const NO_CERTIFICATE = '<html><head><title>400 No required SSL certificate was sent</title></head></html>';

const SESSIONS: readonly Row[] = [
  row('Node, 403 to each resumed session', (w) => forgetful(w, 403, '{"error":"no client certificate"}', 'TLSv1.3')),
  row('Node, 400 to each resumed session, as from nginx', (w) => forgetful(w, 400, NO_CERTIFICATE, 'TLSv1.3')),
  row('Node, 500 to each resumed session, TLS 1.2', (w) => forgetful(w, 500, '{"error":"no subject"}', 'TLSv1.2')),
  row('nginx, sessions that end after a second', (w) => w.nginx('ssl_session_timeout 1s; keepalive_timeout 0;')),
];

/** Certificate authorities of one name, without the identifiers of keys that tell them apart. */
function namesakes(w: World): readonly [string, string] {
  const bare = { extensions: `${CA}subjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n` };
  return [w.authority('Bare CA', bare), w.authority('Bare CA', bare)];
}

const CHAINS: readonly Row[] = [
  row('Node, two CAs of one name in chain', async (w) => {
    const [other, own] = [w.authority('Twin CA'), w.authority('Twin CA')];
    return { ...(await w.node([w.server({ issuer: own })])), chain: w.pem(other, own) };
  }),
  fault('TLS_SERVER_UNTRUSTED', 'Node, two CAs of one name without key identifiers in chain', async (w) => {
    // The newer one comes first, and has another key.
    const [own, other] = namesakes(w);
    const leaf = w.server({ issuer: own, extensions: 'subjectAltName=DNS:localhost\nauthorityKeyIdentifier=none\n' });
    return { ...(await w.node([leaf])), chain: w.pem(other, own) };
  }),
];

/** A client certificate with another key. */
async function withKey(w: World, key: readonly string[], start: Promise<Started>): Promise<Started> {
  const name = `client-${key.join('')}`.replace(/\W/g, '');
  w.pki.issue(name, { issuer: 'root', extensions: 'extendedKeyUsage=clientAuth\n', key });
  return { ...(await start), client: name };
}

const TLS12 = 'ssl_protocols TLSv1.2;';
const CLIENTS: readonly Row[] = [
  row('nginx, our key is RSA-PSS, TLS 1.2', (w) =>
    withKey(w, ['-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'], w.nginx(TLS12)),
  ),
  row('nginx, our key is Ed25519, TLS 1.2', (w) => withKey(w, ['-algorithm', 'ED25519'], w.nginx(TLS12))),
  row('haproxy, our key is Ed448', (w) => withKey(w, ['-algorithm', 'ED448'], w.haproxy(''))),
  fault('TLS_CLIENT_REJECTED', 's_server, takes RSA certificates only and ours is EC', (w) =>
    sServer(w, ['-client_sigalgs', 'RSA-PSS+SHA256']),
  ),
  fault('TLS_CLIENT_REJECTED', 's_server, the same over TLS 1.2', (w) =>
    sServer(w, ['-client_sigalgs', 'RSA-PSS+SHA256', '-tls1_2']),
  ),
];

const refuses = (w: World, status: string, headers: string, body = ''): Promise<Started> =>
  w.raw((socket) =>
    socket.write(`HTTP/1.1 ${status}\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
  );

const REFUSALS: readonly Row[] = [
  fault('UNAUTHORIZED', 'answer: 401 that demands Negotiate', (w) =>
    refuses(w, '401 Unauthorized', 'www-authenticate: Negotiate\r\n', '{"error":"login"}'),
  ),
  fault('UNAUTHORIZED', 'answer: 401 with its reason in a header', (w) =>
    refuses(w, '401 Unauthorized', 'www-authenticate: Bearer realm="sign", error_description="token expired"\r\n'),
  ),
  fault('FORBIDDEN', 'nginx, its rules want a certificate of another CA', async (w) => ({
    ...(await w.nginx('ssl_verify_client optional_no_ca; if ($ssl_client_verify != SUCCESS) { return 403; }')),
    client: 'stranger',
  })),
];

/** Rows about what a server makes of sessions, chains and client certificates. */
export const IDENTITIES: readonly Row[] = [...SESSIONS, ...CHAINS, ...CLIENTS, ...REFUSALS];
