import { gzipSync } from 'node:zlib';
import { apache } from './makes.ts';
import { fault, type Row, row } from './row.ts';
import { ANSWER, type Started, type World } from './world.ts';

const LENGTH = `content-length: ${ANSWER.length}`;
const GOOD = `HTTP/1.1 200 OK\r\n${LENGTH}\r\n\r\n${ANSWER}`;
const SIZE = ANSWER.length.toString(16);
const chunked = (first = `${SIZE}\r\n${ANSWER}\r\n`, last = '', coding = 'chunked'): string =>
  `HTTP/1.1 200 OK\r\ntransfer-encoding: ${coding}\r\n\r\n${first}0\r\n${last}\r\n`;
const says =
  (text: string | Buffer): Row['start'] =>
  (w) =>
    w.raw((socket) => void socket.write(text));
const packed = gzipSync(ANSWER);
const PACKED = Buffer.concat([
  Buffer.from(`HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n${packed.length.toString(16)}\r\n`),
  packed,
  Buffer.from('\r\n0\r\n\r\n'),
]);
const LATE = 'HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

const ANSWERED: readonly Row[] = [
  row('100, 103 and 102, then the answer', (w) =>
    says(
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${GOOD}`,
    )(w),
  ),
  row('100 Continue with a length', says(`HTTP/1.1 100 Continue\r\ncontent-length: 0\r\n\r\n${GOOD}`)),
  row('199, then the answer', says(`HTTP/1.1 199 Odd\r\n\r\n${GOOD}`)),
  row('HTTP/2 in the status line', says(GOOD.replace('1.1', '2'))),
  row('a status line in small letters', says(GOOD.replace('HTTP', 'http'))),
  row('a quoted extension of a chunk', says(chunked(`${SIZE};a="b;c\\"d"\r\n${ANSWER}\r\n`))),
  row('an extension of 20 KB', says(chunked(`${SIZE};${'a'.repeat(20_000)}\r\n${ANSWER}\r\n`))),
  row('3,000 trailers', says(chunked(undefined, 'x: y\r\n'.repeat(3000)))),
  row(
    'chunks of a byte',
    says(
      chunked(
        ANSWER.split('')
          .map((byte) => `1\r\n${byte}\r\n`)
          .join(''),
      ),
    ),
  ),
  row('Chunked with a capital', says(chunked(undefined, '', 'Chunked'))),
  row('chunked in two headers', says(chunked(undefined, '', 'chunked\r\ntransfer-encoding: chunked'))),
  row(
    'transfer-encoding: identity beside a length',
    says(GOOD.replace(LENGTH, `transfer-encoding: identity\r\n${LENGTH}`)),
  ),
  fault('RESP_ENCODED', 'transfer-encoding: gzip, chunked', says(PACKED)),
  row('content-encoding: gzip, and a plain body', says(GOOD.replace(LENGTH, `content-encoding: gzip\r\n${LENGTH}`))),
  row('the next answer before the next request', says(GOOD + GOOD.replace('QUJD', 'WFla'))),
  row('408 after the answer, without a request', (w) =>
    w.raw((socket) => socket.write(GOOD, () => setTimeout(() => socket.end(LATE), 1))),
  ),
  fault('STATUS_UNEXPECTED', '206', says(GOOD.replace('200 OK', '206 Partial Content'))),
  fault('STATUS_UNEXPECTED', '205', says('HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n')),
  fault('SERVER_ERROR', '999', says('HTTP/1.1 999 Denied\r\ncontent-length: 0\r\n\r\n')),
  fault('RESP_EMPTY', '200, and nothing', says('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')),
  fault('HTTP_UPGRADE', '101', says('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')),
  fault('HTTP_REDIRECT', '302 to a host without TLS', (w) =>
    says('HTTP/1.1 302 Found\r\nlocation: http://sign.example.com/sign\r\ncontent-length: 0\r\n\r\n')(w),
  ),
  fault('HTTP_MALFORMED', 'that of a mail server', says('220 mail.example.com ESMTP\r\n')),
  fault('HTTP_MALFORMED', 'that of a server of HTTP/2 alone', says(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))),
  fault('HTTP_MALFORMED', 'a page without a head', says('<html><h1>It works</h1></html>')),
];

const opens = (name: string, answer: string): Row =>
  row(`a proxy that opens the tunnel with ${name}`, (w) => w.proxied(() => answer));
const OK = 'HTTP/1.1 200 OK\r\n';

/** A port at which something answers as a proxy and opens no tunnel. */
const refuses = (expected: string, name: string, answer: string): Row =>
  fault(expected, name, async (w) => {
    const proxy = await w.tcp((socket) => void socket.once('data', () => socket.end(answer)));
    return {
      ...proxy,
      url: 'https://sign.example.test',
      proxy: proxy.url.replace('https://localhost', 'http://127.0.0.1'),
    };
  });

const PROXIES: readonly Row[] = [
  opens('lines that end in LF', 'HTTP/1.1 200 OK\nx: y\n\n'),
  opens('headers of 100 KB', `${OK}${`x: ${'y'.repeat(1000)}\r\n`.repeat(100)}\r\n`),
  opens('a folded header', `${OK}x: a\r\n b\r\n\r\n`),
  opens('a control character in a header', `${OK}x: \u0001\r\n\r\n`),
  opens('a length beside chunks', `${OK}content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n`),
  opens('chunks', `${OK}transfer-encoding: chunked\r\n\r\n`),
  opens('299', 'HTTP/1.1 299 Fine\r\n\r\n'),
  opens('a blank in the name of a header', `${OK}x note: a\r\n\r\n`),
  opens('two lengths', `${OK}content-length: 3\r\ncontent-length: 4\r\n\r\n`),
  refuses(
    'PROXY_REFUSED',
    'a proxy that leads to a portal',
    'HTTP/1.1 302 Found\r\nlocation: http://portal.example.com/login?x=1\r\n\r\n',
  ),
  refuses(
    'PROXY_REFUSED',
    'https_proxy leads to a web server',
    'HTTP/1.1 405 Method Not Allowed\r\nallow: GET\r\n\r\n',
  ),
  refuses(
    'PROXY_REFUSED',
    'a proxy that does not reach the service',
    'HTTP/1.1 502 Bad Gateway\r\n\r\n<html>down</html>',
  ),
  refuses(
    'PROXY_AUTHENTICATION',
    'a proxy that asks for a login of Windows',
    'HTTP/1.1 407 No\r\nproxy-authenticate: NTLM\r\nproxy-authenticate: Negotiate\r\n\r\n',
  ),
  refuses('PROXY_UNREACHABLE', 'a proxy of a later HTTP', 'HTTP/3 200 OK\r\n\r\n'),
  refuses(
    'TLS_NOT_SPOKEN',
    'a proxy that shows its login page in the tunnel',
    `${OK}\r\n<html><title>Log in</title></html>`,
  ),
];

const first =
  (bytes: string | Buffer) =>
  (w: World): Promise<Started> =>
    w.tcp((socket) => void socket.once('data', () => socket.end(bytes)));
const alert = (level: number, number: number): Buffer => Buffer.from([21, 3, 3, 0, 2, level, number]);

const PORTS: readonly Row[] = [
  fault('TLS_NOT_SPOKEN', 'an FTP server', (w) =>
    w.tcp((socket) => void socket.write('220 ProFTPD Server ready.\r\n')),
  ),
  fault('TLS_NOT_SPOKEN', 'a SOCKS proxy', first(Buffer.from([5, 255]))),
  fault('TLS_NOT_SPOKEN', 'a directory (LDAP)', first(Buffer.from('300c02010165070a010204000400', 'hex'))),
  fault('TLS_VERSION', 'a server that refuses the version before all else', first(alert(2, 70))),
  fault('TLS_HANDSHAKE_REFUSED', 'a firewall that denies access before all else', first(alert(2, 49))),
  fault('CONNECTION_LOST', 'a server that says good-bye before all else', first(alert(1, 0))),
  fault('DNS_NOT_FOUND', 'a host name without an address', async () => ({
    url: 'https://localhost:9',
    addresses: [],
    close: async () => {},
  })),
  row('a host whose first address is of IPv6 and not to be reached', async (w) => ({
    ...(await w.node(['server'])),
    addresses: ['2001:db8::1', '127.0.0.1'],
  })),
  row('nginx, one request for each connection by its limit', (w) => w.nginx('keepalive_requests 1;')),
  row('Apache, HTTP/2 offered', (w) => apache(w, 'SSLVerifyClient require\nProtocols h2 http/1.1')),
  fault('FILE_TOO_LARGE_FOR_SERVER', 'nginx, a file above its limit', async (w) => ({
    ...(await w.nginx('client_max_body_size 1k;')),
    size: 3_000_000,
  })),
];

/** Rows about answers, proxies and ports that nobody had tried. */
export const FURTHER_ANSWERS: readonly Row[] = [
  ...ANSWERED.map((each) => ({ ...each, name: `answer: ${each.name}` })),
  ...PROXIES,
  ...PORTS,
];
