import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { fault, type Row, row } from './row.ts';
import { ANSWER, type Request } from './world.ts';

const LENGTH = `content-length: ${ANSWER.length}`;
const whole = (headers: string, body: string = ANSWER): string => `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n${body}`;
const says = (text: string | Buffer) => (socket: Socket) => void socket.write(text);
/** Sends an answer and then closes TCP, with or without the message of TLS that announces it. */
const ends = (text: string, how: 'announced' | 'cut' | 'reset') => (socket: Socket, request: Request) =>
  void socket.write(text, () => {
    if (how === 'announced') socket.end();
    else if (how === 'cut') request.tcp.end();
    else request.tcp.resetAndDestroy();
  });
const chunked = (headers = '', trailer = ''): string =>
  `HTTP/1.1 200 OK\r\n${headers}transfer-encoding: chunked\r\n\r\n8\r\n${ANSWER.slice(0, 8)}\r\n${(ANSWER.length - 8).toString(16)};note=x\r\n${ANSWER.slice(8)}\r\n0\r\n${trailer}\r\n`;

const WAYS: readonly Row[] = [
  row('whole, then TCP closed without close_notify', (w) => w.raw(ends(whole(LENGTH), 'cut'))),
  row('whole, then a reset', (w) => w.raw(ends(whole(LENGTH), 'reset'))),
  row('Connection: close on each answer', (w) => w.raw(ends(whole(`connection: close\r\n${LENGTH}`), 'announced'))),
  row('Connection: close, closed without close_notify', (w) =>
    w.raw(ends(whole(`connection: close\r\n${LENGTH}`), 'cut')),
  ),
  row('Connection: close, and the server never closes', (w) => w.raw(says(whole(`connection: close\r\n${LENGTH}`)))),
  row('no length, ended by the end of the connection', (w) => w.raw(ends(whole('connection: close'), 'announced'))),
  row('no length, ended by the end of TCP without close_notify', (w) => w.raw(ends(whole('connection: close'), 'cut'))),
  row('100 Continue without being asked', (w) => w.raw(says(`HTTP/1.1 100 Continue\r\n\r\n${whole(LENGTH)}`))),
  row('102 Processing, then the answer', (w) => w.raw(says(`HTTP/1.1 102 Processing\r\n\r\n${whole(LENGTH)}`))),
  row('103 Early Hints', (w) =>
    w.raw(says(`HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n${whole(LENGTH)}`)),
  ),
  row('chunked', (w) => w.raw(says(chunked()))),
  row('chunked, with trailers', (w) => w.raw(says(chunked('', 'x-check: 1\r\n')))),
  row('HTTP/1.0', (w) => w.raw(ends(`HTTP/1.0 200 OK\r\n\r\n${ANSWER}`, 'announced'))),
  row('HTTP/1.0 with a length', (w) => w.raw(ends(`HTTP/1.0 200 OK\r\n${LENGTH}\r\n\r\n${ANSWER}`, 'announced'))),
  row('HTTP/1.0 that keeps the connection', (w) =>
    w.raw(says(`HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n${LENGTH}\r\n\r\n${ANSWER}`)),
  ),
  row('no reason phrase', (w) => w.raw(says(`HTTP/1.1 200\r\n${LENGTH}\r\n\r\n${ANSWER}`))),
  row('a reason phrase in UTF-8', (w) => w.raw(says(`HTTP/1.1 200 Größe\r\n${LENGTH}\r\n\r\n${ANSWER}`))),
  row('headers in capitals', (w) => w.raw(says(`HTTP/1.1 200 OK\r\nCONTENT-LENGTH:${ANSWER.length}\r\n\r\n${ANSWER}`))),
  row('a header in UTF-8', (w) => w.raw(says(whole(`x-name: Größe\r\n${LENGTH}`)))),
  row('an empty header', (w) => w.raw(says(whole(`x-name:\r\n${LENGTH}`)))),
  row('the same length twice', (w) => w.raw(says(whole(`${LENGTH}\r\n${LENGTH}`)))),
  row('a length beside chunks', (w) => w.raw(says(chunked('content-length: 999\r\n')))),
  row('lines that end in LF', (w) => w.raw(says(whole(LENGTH).replaceAll('\r\n', '\n')))),
  row('a blank before the colon of a header', (w) => w.raw(says(whole(`x-name : 1\r\n${LENGTH}`)))),
  row('a header folded over two lines', (w) => w.raw(says(whole(`x-name: 1\r\n  2\r\n${LENGTH}`)))),
  row('headers of 12 KiB', (w) => w.raw(says(whole(`x-policy: ${'x'.repeat(12_288)}\r\n${LENGTH}`)))),
  row('headers of 60 KiB', (w) => w.raw(says(whole(`${`x-policy: ${'x'.repeat(6000)}\r\n`.repeat(10)}${LENGTH}`)))),
  row('200 cookies', (w) => w.raw(says(whole(`${'set-cookie: a=b\r\n'.repeat(200)}${LENGTH}`)))),
  fault('RESP_ENCODED', 'gzip though it was not asked for', (w) => {
    const body = gzipSync(ANSWER);
    return w.raw(
      says(
        Buffer.concat([
          Buffer.from(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`),
          body,
        ]),
      ),
    );
  }),
  row('content-encoding: identity', (w) => w.raw(says(whole(`content-encoding: identity\r\n${LENGTH}`)))),
  row('a byte order mark before the JSON', (w) =>
    w.raw(says(whole(`content-length: ${ANSWER.length + 3}`, `\uFEFF${ANSWER}`))),
  ),
  row('each request over TLS 1.3 broken off, no certificate asked for', (w) =>
    w.raw(
      (socket, { tcp }) =>
        socket.getProtocol() === 'TLSv1.3' ? void tcp.resetAndDestroy() : void socket.write(whole(LENGTH)),
      { requestCert: false },
    ),
  ),
  row('a byte at a time', (w) =>
    w.raw((socket) => {
      const bytes = whole(LENGTH);
      let at = 0;
      const timer = setInterval(
        () => (at < bytes.length && !socket.destroyed ? socket.write(bytes[at++] ?? '') : clearInterval(timer)),
        1,
      );
    }),
  ),
  fault('ANSWER_TOO_EARLY', '200 while the body is still sent', (w) => w.early(whole(LENGTH))),
  row('Upgrade: h2c on an ordinary answer', (w) =>
    w.raw(says(whole(`upgrade: h2,h2c\r\nconnection: Upgrade\r\n${LENGTH}`))),
  ),
  row('Alt-Svc and HSTS', (w) =>
    w.raw(says(whole(`alt-svc: h3=":443"\r\nstrict-transport-security: max-age=1\r\n${LENGTH}`))),
  ),
  fault('STATUS_UNEXPECTED', '201', (w) => w.raw(says(`HTTP/1.1 201 Created\r\n${LENGTH}\r\n\r\n${ANSWER}`))),
  fault('STATUS_UNEXPECTED', '204', (w) => w.raw(says('HTTP/1.1 204 No Content\r\n\r\n'))),
  fault('HTTP_REDIRECT', '301', (w) =>
    w.raw(says('HTTP/1.1 301 Moved\r\nlocation: https://elsewhere.example.com/sign\r\ncontent-length: 0\r\n\r\n')),
  ),
  fault('HTTP_REDIRECT', '307', (w) =>
    w.raw(says('HTTP/1.1 307 Temporary Redirect\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n')),
  ),
  fault('FILE_TOO_LARGE_FOR_SERVER', '413 before the body was sent', (w) =>
    w.early('HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 9\r\n\r\ntoo large', 'close'),
  ),
  fault('UNAUTHORIZED', '401 before the body was sent', (w) =>
    w.early('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 9\r\n\r\nbad token', 'close'),
  ),
  fault('REQUEST_REFUSED', '417', (w) => w.raw(says('HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\n\r\n'))),
  fault('REQUEST_REFUSED', '426', (w) =>
    w.raw(
      says('HTTP/1.1 426 Upgrade Required\r\nupgrade: TLS/1.3\r\nconnection: upgrade\r\ncontent-length: 0\r\n\r\n'),
    ),
  ),
];

/** Ways to answer. */
export const ANSWERS: readonly Row[] = WAYS.map(({ name, expected, start }) => ({
  name: `answer: ${name}`,
  expected,
  start,
}));
