import { fault, type Row, row } from './row.ts';
import { ANSWER, type Started, type World } from './world.ts';

const SIZE = ANSWER.length.toString(16);
const HEAD = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const CHUNKS = `${SIZE}\r\n${ANSWER}\r\n0\r\n\r\n`;
const says = (w: World, text: string): Promise<Started> => w.raw((socket) => void socket.write(text));
const body = (w: World, text: string): Promise<Started> =>
  says(w, `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`);

/** Answers whose frame is not quite that of HTTP/1.1. */
const FRAMES: readonly Row[] = [
  row('answer: chunks whose lines end in LF', (w) => says(w, `${HEAD}${SIZE}\n${ANSWER}\n0\n\n`)),
  row('answer: chunks and headers whose lines end in LF', (w) =>
    says(w, `${HEAD.replaceAll('\r\n', '\n')}${SIZE}\n${ANSWER}\n0\n\n`),
  ),
  row('answer: a last chunk whose lines end in LF', (w) => says(w, `${HEAD}${SIZE}\r\n${ANSWER}\r\n0\n\n`)),
  row('answer: blanks behind the size of a chunk', (w) => says(w, `${HEAD}${SIZE}  \r\n${ANSWER}\r\n0\r\n\r\n`)),
  row('answer: zeros before the size of a chunk', (w) => says(w, `${HEAD}000${SIZE}\r\n${ANSWER}\r\n000\r\n\r\n`)),
  fault('HTTP_MALFORMED', 'answer: a blank before the size of a chunk', (w) =>
    says(w, `${HEAD} ${SIZE}\r\n${ANSWER}\r\n0\r\n\r\n`),
  ),
  row('answer: a blank before the extension of a chunk', (w) =>
    says(w, `${HEAD}${SIZE} ; a = b\r\n${ANSWER}\r\n0\r\n\r\n`),
  ),
  row('answer: two blanks in the status line', (w) =>
    says(w, `HTTP/1.1  200 OK\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`),
  ),
  row('answer: an empty line before the status line', (w) =>
    says(w, `\r\nHTTP/1.1 200 OK\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`),
  ),
  fault('HTTP_MALFORMED', 'answer: lines that end in CR', (w) =>
    says(w, `HTTP/1.1 200 OK\rcontent-length: ${ANSWER.length}\r\r${ANSWER}`),
  ),
];

const LENGTH = `content-length: ${ANSWER.length}`;
const headed = (name: string, headers: string, content: string = ANSWER): readonly [string, Row['start']] => [
  `answer: ${name}`,
  (w) => says(w, `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n${content}`),
];

/** Answers whose headers are not quite those of HTTP/1.1. */
const HEADS: readonly Row[] = [
  row(...headed('chunked, and then no other coding', 'transfer-encoding: chunked, identity', CHUNKS)),
  row(...headed('chunked, said twice', 'transfer-encoding: chunked, chunked', CHUNKS)),
  row(...headed('a bare CR in a header', `x-note: a\rb: c\r\n${LENGTH}`)),
  row(...headed('a control character in a header', `x-note: a\u0001b\r\n${LENGTH}`)),
  row(...headed('a header without a name', `: value\r\n${LENGTH}`)),
  row(...headed('a blank in the name of a header', `x note: 1\r\n${LENGTH}`)),
  row(...headed('a line without a colon among the headers', `Something odd\r\n${LENGTH}`)),
  fault('HTTP_MALFORMED', ...headed('a length with a sign', LENGTH.replace(' ', ' +'))),
  fault('HTTP_MALFORMED', ...headed('a length with a unit', `${LENGTH} bytes`)),
  fault('HTTP_MALFORMED', ...headed('two lengths', `${LENGTH}\r\ncontent-length: 25`)),
];

/** Answers with status 200 whose body says otherwise. */
const ENVELOPES: readonly Row[] = [
  fault('UNAUTHORIZED', 'answer: 200, and a body with code 401', (w) =>
    body(w, '{"code":401,"message":"application is disabled"}'),
  ),
  fault('FORBIDDEN', 'answer: 200, and a body with status "403 FORBIDDEN"', (w) =>
    body(w, '{"status":"403 FORBIDDEN","detail":"no right to sign"}'),
  ),
  fault('UNAVAILABLE', 'answer: 200, and a body with an error of code 503', (w) =>
    body(w, '{"error":{"code":503,"message":"HSM offline"}}'),
  ),
];

/** Starts a good service behind something at the port of https_proxy that is no HTTP proxy. */
async function behind(w: World, start: () => Promise<Started>): Promise<Started> {
  const [started, other] = [await w.proxied(() => 200), await start()];
  return {
    ...started,
    proxy: `http://127.0.0.1:${new URL(other.url).port}`,
    async close() {
      await other.close();
      await started.close();
    },
  };
}

const PROXIES: readonly Row[] = [
  fault('PROXY_UNREACHABLE', 'https_proxy leads to an SSH server', (w) =>
    behind(w, () => w.tcp((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))),
  ),
  fault('PROXY_UNREACHABLE', 'https_proxy leads to a SOCKS proxy', (w) =>
    behind(w, () => w.tcp((socket) => void socket.once('data', () => socket.destroy()))),
  ),
  fault('PROXY_UNREACHABLE', 'https_proxy with http:// leads to a port with TLS', (w) =>
    behind(w, () => w.node(['server'])),
  ),
];

/** Rows about the frames and the envelopes of answers, and about ports that are no proxies. */
export const FRAMING: readonly Row[] = [...FRAMES, ...HEADS, ...ENVELOPES, ...PROXIES];
