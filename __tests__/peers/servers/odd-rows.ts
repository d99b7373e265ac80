import { stunnel } from './makes.ts';
import { fault, type Row, row } from './row.ts';
import { ANSWER, type World } from './world.ts';

const curve = (name: string): readonly string[] => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${name}`];
const names = (list: string) => ({ extensions: `subjectAltName=${list}\nextendedKeyUsage=serverAuth\n` });
const HOME_MADE = 'extendedKeyUsage=serverAuth\n';

/** Certificates that some clients refuse and curl takes. */
const ODD_CERTIFICATES: readonly Row[] = [
  row('nginx, EC P-521', (w) => w.nginx('', [w.server({ key: curve('P-521') })])),
  row('nginx, Ed448', (w) => w.nginx('', [w.server({ key: ['-algorithm', 'ED448'] })])),
  row('nginx, must-staple without a stapled answer', (w) =>
    w.nginx('', [w.server({ extensions: 'subjectAltName=DNS:localhost\ntlsfeature=status_request\n' })]),
  ),
  row('Node, the host name in the subject only', (w) =>
    w.node([w.server({ subject: '/CN=localhost', extensions: HOME_MADE })]),
  ),
  row('Node, the address in the subject only', (w) =>
    w.node([w.server({ subject: '/CN=127.0.0.1', extensions: HOME_MADE })], {}, '127.0.0.1'),
  ),
  row('Node, a name in capitals', (w) => w.node([w.server(names('DNS:LOCALHOST'))])),
  row('Node, a name with a dot at its end', (w) => w.node([w.server(names('DNS:localhost.'))])),
  row('Node, intermediates sent in the wrong order', (w) => {
    const upper = w.authority('Upper CA', { issuer: 'root' });
    const lower = w.authority('Lower CA', { issuer: upper });
    return w.node([w.server({ issuer: lower }), upper, lower]);
  }),
  row('Node, intermediate not sent but in chain', async (w) => {
    const by = w.authority('Issuing CA', { issuer: 'root' });
    return { ...(await w.node([w.server({ issuer: by })])), chain: w.pem('root', by) };
  }),
  fault('TLS_SERVER_NAME', 'Node, no name at all', (w) =>
    w.node([w.server({ subject: '/O=x', extensions: HOME_MADE })]),
  ),
  fault('TLS_SERVER_NAME', 'Node, a lone asterisk as its name', (w) => w.node([w.server(names('DNS:*'))])),
  fault('TLS_HANDSHAKE_REFUSED', 'nginx, EC secp256k1', (w) => w.nginx('', [w.server({ key: curve('secp256k1') })])),
  fault('TLS_HANDSHAKE_REFUSED', 'nginx, EC brainpoolP256r1', (w) =>
    w.nginx('', [w.server({ key: curve('brainpoolP256r1') })]),
  ),
];

const LENGTH = `content-length: ${ANSWER.length}`;
const answers = (w: World, head: string, body: string = ANSWER) =>
  w.raw((socket) => void socket.write(`HTTP/1.1 ${head}\r\n\r\n${body}`));

/** Answers between good and broken. */
const ODD_ANSWERS: readonly Row[] = [
  ...['utf-8', 'none', 'identity, identity', 'aws-chunked'].map((coding) =>
    row(`answer: content-encoding: ${coding}, and a plain body`, (w) =>
      answers(w, `200 OK\r\ncontent-encoding: ${coding}\r\n${LENGTH}`),
    ),
  ),
  row('answer: a line end more than the length', (w) => answers(w, `200 OK\r\n${LENGTH}`, `${ANSWER}\n`)),
  row('answer: a keep-alive time of 0', (w) => answers(w, `200 OK\r\nkeep-alive: timeout=0\r\n${LENGTH}`)),
  row('answer: chunked, and HTTP/1.0', (w) =>
    w.raw((socket) =>
      socket.end(
        `HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${ANSWER.length.toString(16)}\r\n${ANSWER}\r\n0\r\n\r\n`,
      ),
    ),
  ),
  row('answer: the same length twice in one header', (w) =>
    answers(w, `200 OK\r\ncontent-length: ${ANSWER.length}, ${ANSWER.length}`),
  ),
  row('answer: a header name with an umlaut', (w) => answers(w, `200 OK\r\nx-größe: 1\r\n${LENGTH}`)),
  fault('CONNECTION_LOST', 'answer: shorter than its length', (w) =>
    w.raw((socket) => void socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n${ANSWER}`)),
  ),
  fault('STATUS_UNEXPECTED', 'answer: 304', (w) => answers(w, '304 Not Modified', '')),
  fault('PROXY_AUTHENTICATION', 'answer: 407 from the server itself', (w) =>
    answers(w, '407 Proxy Authentication Required\r\ncontent-length: 0', ''),
  ),
  fault('REQUEST_REFUSED', 'answer: 421', (w) => answers(w, '421 Misdirected Request\r\ncontent-length: 0', '')),
];

/** Tunnels, and what may stand behind a port instead of TLS. */
const FOREIGN: readonly Row[] = [
  row('stunnel', (w) => stunnel(w, 'service')),
  fault('TLS_CLIENT_REJECTED', 'stunnel without its service', (w) => stunnel(w, 'nobody')),
  fault('TLS_NOT_SPOKEN', 'a mail server', (w) => w.tcp((socket) => socket.write('220 mail.example.com ESMTP\r\n'))),
  fault('TLS_NOT_SPOKEN', 'a balancer that sends the PROXY protocol', (w) =>
    w.tcp((socket) => socket.write('PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n')),
  ),
  fault('TLS_NOT_SPOKEN', 'a database that takes no TLS', (w) =>
    w.tcp((socket) => socket.once('data', () => socket.end('N'))),
  ),
  fault('TLS_NOT_SPOKEN', 'nginx without TLS', (w) => w.nginx('ssl_verify_client off;', ['server'], '')),
  fault('CONNECTION_LOST', 'haproxy that expects the PROXY protocol', (w) => w.haproxy('accept-proxy')),
  fault('CONNECTION_LOST', 'nginx that expects the PROXY protocol', (w) =>
    w.nginx('', ['server'], 'ssl proxy_protocol'),
  ),
];

/** Rows of further servers. */
export const ODD: readonly Row[] = [...ODD_CERTIFICATES, ...ODD_ANSWERS, ...FOREIGN];
