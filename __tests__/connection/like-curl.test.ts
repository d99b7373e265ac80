import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { beforeAll, expect, test } from 'vitest';
import { createTlsContext } from '../../src/connection/route.ts';
import type { Transport } from '../../src/connection/transport.ts';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import { listenInTest } from '../helpers/listen.ts';
import { openTo, REQUEST } from './open.ts';

let pki: Pki;
beforeAll(async () => {
  pki = await createPki();
});

/** Starts a TLS server that answers each request with what `answer` returns, or breaks off when that is nothing. */
function tlsServer(
  answer: (socket: TLSSocket) => string | undefined,
  options: TlsOptions = {},
  pace: 'at once' | 'byte by byte' = 'at once',
) {
  const { server, root } = pki;
  return createTlsServer({ ...server, ca: root.cert, requestCert: true, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (!data.toString('latin1').endsWith('{}')) return;
      const text = answer(socket);
      if (text === undefined) socket.destroy();
      else if (pace === 'byte by byte') for (const byte of text) socket.write(byte);
      else socket.write(text, () => /^connection: close/im.test(text) && socket.end());
    });
  });
}

function open(port: number): Transport {
  const { client, root } = pki;
  const material = { cert: client.cert, key: client.key, ca: [root.cert], maxVersion: 'TLSv1.2' } as const;
  return openTo(pki, port, { tls12Context: () => createTlsContext(material) });
}

/** Sends one request; returns its status and body, or the failure. */
async function post(transport: Transport): Promise<unknown> {
  try {
    const { status, body } = await transport.post(REQUEST, AbortSignal.timeout(8000));
    return `${status} ${body.toString()}`;
  } catch (error) {
    return error;
  }
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';

test.each([
  ['lines that end in LF', OK.replaceAll('\r\n', '\n')],
  ['100 Continue that was not asked for', `HTTP/1.1 100 Continue\r\n\r\n${OK}`],
  ['chunks whose lines end in LF', CHUNKED.replaceAll('\r\n', '\n')],
  ['a head in CRLF and chunks whose lines end in LF', CHUNKED.replace(/(?<=\r\n\r\n).*/s, '2\nok\n0\n\n')],
  ['a last chunk whose lines end in LF', CHUNKED.replace('0\r\n\r\n', '000 ;last\n\n')],
  ['a size of a chunk that ends in LF', CHUNKED.replace('2\r\n', '2\n')],
  ['a folded header', OK.replace('content', 'x-note: a\r\n b\r\ncontent')],
  ['a header without a name', OK.replace('content', ': a\r\ncontent')],
  ['a header whose name has an umlaut', OK.replace('content', 'größe: 1\r\ncontent')],
  ['a line without a colon among its headers', OK.replace('content', 'odd\r\ncontent')],
  ['a bare CR in a header', OK.replace('content', 'x-note: a\rcontent-length: 9\r\ncontent')],
  ['the same length twice', OK.replace('2\r\n', '2, 2\r\nContent-Length: 2\r\n')],
  ['blanks in its status line', OK.replace('200', ' 200 ')],
  ['a length beside a coding that is none', OK.replace('content', 'transfer-encoding: identity\r\ncontent')],
  ['chunks that are not the last coding', CHUNKED.replace('chunked', 'chunked, identity')],
  ['a blank before the extension of a chunk', CHUNKED.replace('2\r\n', '2 ; a = b\r\n')],
  ['an early hint that is not quite HTTP', `HTTP/1.1 103 Early\n: a\n\n${OK}`],
])('an answer with %s is read on the second attempt, and every later one on the first', async (_, answer) => {
  const transport = open(await listenInTest(tlsServer(() => answer)));
  const first = await post(transport);
  expect(first).toBeInstanceOf(Failure);
  expect(Object(first).code).toBe('HTTP_MALFORMED');
  expect([await post(transport), await post(transport)]).toEqual(['200 ok', '200 ok']);
});

test.each([
  ['two lengths', OK.replace('2\r\n', '2\r\ncontent-length: 3\r\n'), 'Invalid Content-Length'],
  ['a length with a sign', OK.replace(': 2', ': +2'), 'Invalid Content-Length'],
  ['a bare CR in its status line', OK.replace('OK', 'OK\rx: y'), 'Invalid status line'],
  ['lines that end in CR', OK.replaceAll('\r\n', '\r'), 'Missing expected LF after the status line'],
  ['a size of a chunk that is no number', CHUNKED.replace('2\r\n', '0x2\r\n'), 'Invalid character in chunk size'],
  ['more in a chunk than its size', CHUNKED.replace('ok', 'okay'), 'Expected the end of a chunk'],
])('an answer with %s stays refused, because its end is a guess', async (_, answer, words) => {
  const transport = open(await listenInTest(tlsServer(() => answer)));
  expect(Object(await post(transport)).code).toBe('HTTP_MALFORMED');
  expect(Object(await post(transport)).message).toContain(`the answer is not HTTP/1.1 (${words}).`);
});

test('an answer that comes a byte at a time is read leniently too, with each value of a header that is given twice', async () => {
  const answer = CHUNKED.replace('transfer', 'x-a: 1\r\nX-A: 2\r\n__proto__: b\r\n: c\r\ntransfer');
  const transport = open(await listenInTest(tlsServer(() => answer, {}, 'byte by byte')));
  expect(Object(await post(transport)).code).toBe('HTTP_MALFORMED');
  const { headers, body } = await transport.post(REQUEST, AbortSignal.timeout(8000));
  expect([headers['x-a'], Object.getPrototypeOf(headers), body.toString()]).toEqual([
    ['1', '2'],
    Object.prototype,
    'ok',
  ]);
});

test.each([
  ['220 mail.example.com ESMTP\r\n', 'speaks SMTP'],
  ['\0\0\0\x04\0\0\0\0\0', 'speaks HTTP/2'],
  ['<html><h1>It works</h1></html>', 'speaks HTTP/0.9'],
  ['\x30\x84\0\0\0\x10', 'speaks another protocol (binary data)'],
  ['\x30\x24\x02\x01\0\x78\x1F', 'speaks LDAP'],
  // A server may send back a secret of the request, and the end of a quote would cut it: nothing is quoted.
  [`220 ${'x'.repeat(40)}s.secret-of-the-request\r\n`, 'speaks another protocol (text)'],
])('what is no HTTP/1.1 at all stays refused, and what the server speaks is told: %j', async (bytes, spoken) => {
  const transport = open(await listenInTest(tlsServer(() => bytes)));
  const first = Object(await post(transport)).message;
  const { message, code } = Object(await post(transport));
  expect(first).toMatch(/the answer is not HTTP\/1\.1 \(Expected HTTP\/.*\)\.$/);
  expect(code).toBe('HTTP_MALFORMED');
  expect(message.replace(/^https:\/\/\S+: /, '')).toBe(`the server does not speak HTTP/1.1: within TLS it ${spoken}.`);
});

/** A blank before a colon, which only the lenient client reads. */
const ODD = OK.replace('length:', 'length :');

/** Opens a transport that has met an answer for the lenient client; `next` says what becomes of each later request. */
async function openLenient(next: (socket: TLSSocket) => string | undefined): Promise<Transport> {
  let isFirst = true;
  const answer = (socket: TLSSocket): string | undefined => {
    if (!isFirst) return next(socket);
    isFirst = false;
    return ODD;
  };
  const transport = open(await listenInTest(tlsServer(answer)));
  expect(Object(await post(transport)).code).toBe('HTTP_MALFORMED');
  return transport;
}

test.each([
  ['101', 'HTTP_UPGRADE', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
  ['nothing, and then closes', 'CONNECTION_LOST', undefined],
])(
  'a server that answers the lenient client with %s has the failure %s, before any timeout',
  async (_, code, answer) => {
    const transport = await openLenient(() => answer);
    const failure = await post(transport);
    expect(failure).toBeInstanceOf(Failure);
    expect(Object(failure).code).toBe(code);
  },
);

test('a transport that is closed drops the connection of a lenient exchange', async () => {
  const asked = Promise.withResolvers<TLSSocket>();
  const transport = await openLenient((socket) => {
    asked.resolve(socket);
    return '';
  });
  const asking = post(transport);
  const closed = once(await asked.promise, 'close');
  transport.close();
  await closed;
  expect(Object(await asking).code).toBe('CONNECTION_LOST');
});

test('a connection that stands only after its lenient request was aborted is closed', async () => {
  const server = tlsServer(() => ODD);
  const held = Promise.withResolvers<Socket>();
  let isFirst = true;
  const port = await listenInTest(
    createServer((socket) => {
      if (isFirst) server.emit('connection', socket);
      else held.resolve(socket);
      isFirst = false;
    }),
  );
  const transport = open(port);
  expect(Object(await post(transport)).code).toBe('HTTP_MALFORMED');
  const controller = new AbortController();
  const asking = transport.post(REQUEST, controller.signal);
  const late = await held.promise;
  controller.abort(new Error('cancelled'));
  await expect(asking).rejects.toThrow('cancelled');
  const closed = once(late, 'close');
  server.emit('connection', late);
  await closed;
});

test('100 KiB of headers are read', async () => {
  const headers = `x-policy: ${'p'.repeat(10_000)}\r\n`.repeat(10);
  const transport = open(await listenInTest(tlsServer(() => OK.replace('content', `${headers}content`))));
  expect(await post(transport)).toBe('200 ok');
});

test.each([
  ['answers 403', 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'],
  ['breaks off', undefined],
])('a server that %s over TLS 1.3 without having asked for a certificate is asked over TLS 1.2', async (_, answer) => {
  const server = tlsServer((socket) => (socket.getProtocol() === 'TLSv1.3' ? answer : OK), { requestCert: false });
  const transport = open(await listenInTest(server));
  const asking = post(transport);
  await transport.firstConnection;
  // These speak TLS 1.3 too, and must not get the later requests.
  transport.prepare(3, new AbortController().signal);
  const first = await asking;
  expect(Object(first).facts).toMatchObject({ staleConnection: true });
  expect([await post(transport), await post(transport)]).toEqual(['200 ok', '200 ok']);
});

test('a server that speaks TLS 1.3 only keeps its 403', async () => {
  const forbidden = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno';
  const server = tlsServer(() => forbidden, { requestCert: false, minVersion: 'TLSv1.3' });
  const transport = open(await listenInTest(server));
  expect(Object(await post(transport)).facts).toMatchObject({ staleConnection: true });
  expect([await post(transport), await post(transport)]).toEqual(['403 no', '403 no']);
});

test('a server that asks for the certificate keeps TLS 1.3 after a 403', async () => {
  const versions: unknown[] = [];
  const server = tlsServer((socket) => {
    versions.push(socket.getProtocol());
    return 'HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno';
  });
  const transport = open(await listenInTest(server));
  expect([await post(transport), await post(transport)]).toEqual(['403 no', '403 no']);
  expect(versions).toEqual(['TLSv1.3', 'TLSv1.3']);
});

/** A front that lets one connection through after the other. */
async function startQueue(to: ReturnType<typeof createTlsServer>): Promise<number> {
  const waiting: Socket[] = [];
  let isBusy = false;
  const next = (): void => {
    const socket = isBusy ? undefined : waiting.shift();
    if (!socket) return;
    isBusy = true;
    socket.once('close', () => {
      isBusy = false;
      next();
    });
    to.emit('connection', socket);
  };
  return listenInTest(
    createServer((socket) => {
      waiting.push(socket.on('error', () => {}));
      next();
    }),
  );
}

test('a server that serves one connection after the other gets every request, also with connections opened ahead', async () => {
  const server = tlsServer(() => OK.replace('content', 'connection: close\r\ncontent'));
  const transport = open(await startQueue(server));
  const first = post(transport);
  await transport.firstConnection;
  transport.prepare(1, new AbortController().signal);
  expect(await first).toBe('200 ok');
  for (let turn = 0; turn < 4; turn++) expect(await post(transport)).toBe('200 ok');
});

test('the first message of a handshake fits into one packet', async () => {
  const length = Promise.withResolvers<number>();
  const port = await listenInTest(
    createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (hello) => {
        length.resolve(hello.length);
        socket.destroy();
      });
    }),
  );
  await post(open(port));
  expect(await length.promise).toBeLessThan(1000);
});

test.each(['X25519MLKEM768', 'P-256', 'P-521', 'X448', 'ffdhe2048'])(
  'a server that takes the group %s alone is spoken to',
  async (ecdhCurve) => {
    expect(await post(open(await listenInTest(tlsServer(() => OK, { ecdhCurve }))))).toBe('200 ok');
  },
);
