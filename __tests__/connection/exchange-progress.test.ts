import { createServer as createTcpServer } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { LossExamination } from '../../src/connection/diagnosis/loss-examination.ts';
import { ExchangeProgress, Silences } from '../../src/connection/exchange-progress.ts';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { Failure, timedOut } from '../../src/signing/policy/failure.ts';
import { listenInTest } from '../helpers/listen.ts';
import { openTo } from './open.ts';

let pki: Pki;
beforeAll(async () => {
  pki = await createPki();
});

/** Sends a request of so many bytes to a server that does this with each connection; resolves with how it failed. */
async function failWith(serve: (socket: TLSSocket) => void, { bytes = 2, limitMs = 5000 } = {}): Promise<Failure> {
  const server = createServer({ ...pki.server, ca: pki.root.cert, requestCert: true }, (socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  const port = await listenInTest(server);
  return post(port, { bytes, limitMs });
}

async function post(port: number, { bytes, limitMs }: { bytes: number; limitMs: number }): Promise<Failure> {
  const transport = openTo(pki, port, { timeoutMs: 60_000 });
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(timedOut(limitMs)), limitMs);
  onTestFinished(() => clearTimeout(timer));
  const piece = Buffer.alloc(64 * 1024);
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, Math.min(left, piece.length));
  }
  const request = { method: 'POST', path: '/', headers: ['content-length', String(bytes)], body: body() };
  return transport.post(request, over.signal).then(
    () => expect.unreachable(),
    (error: Failure) => error,
  );
}

const BEGUN = 'HTTP/1.1 200 OK\r\ncontent-length: 130\r\n\r\n{"signData":"MEUCIQD';
const MANY = 64 * 1024 * 1024;
const answerAndDrop = (socket: TLSSocket): void =>
  void socket.write(BEGUN, () => setTimeout(() => socket.destroy(), 50));

test.each<[string, (socket: TLSSocket) => void, number, string]>([
  ['while the request was sent', (socket) => void socket.once('data', () => socket.destroy()), MANY, ''],
  ['before the answer began', (socket) => void socket.on('data', () => setTimeout(() => socket.destroy(), 200)), 2, ''],
  [
    'within the answer (status 200, 20 of 130 bytes of its body)',
    (socket) => void socket.once('data', () => answerAndDrop(socket)),
    2,
    'cut its own answer',
  ],
])('a connection is lost %s', async (when, serve, bytes, hint) => {
  const failure = await failWith(serve, { bytes });
  expect([failure.code, failure.message]).toEqual([
    'CONNECTION_LOST',
    expect.stringContaining(`: the connection was lost ${when}.`),
  ]);
  expect(failure.hint).toContain(hint);
});

test.each<[string, (socket: TLSSocket) => void, number]>([
  ['The request was not sent whole within 1 s.', (socket) => void socket.pause(), MANY],
  ['No answer within 1 s, though the request was sent whole.', (socket) => void socket.resume(), 2],
  [
    'The answer did not end within 1 s (status 200, 20 of 130 bytes of its body).',
    (socket) => void socket.once('data', () => socket.write(BEGUN)),
    2,
  ],
  [
    'The answer did not end within 1 s (status 200, 2 bytes of its body).',
    (socket) =>
      void socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n')),
    2,
  ],
])('an attempt that runs out of time says: %s', async (message, serve, bytes) => {
  const failure = await failWith(serve, { bytes, limitMs: 1000 });
  expect([failure.code, failure.message]).toEqual(['TIMEOUT', message]);
});

test('the error of an attempt that runs out of time in the handshake says so', async () => {
  const server = createTcpServer((socket) => void socket.on('error', () => {}).resume());
  const port = await listenInTest(server);
  const failure = await post(port, { bytes: 2, limitMs: 1000 });
  expect([failure.code, failure.message]).toEqual(['TIMEOUT', 'No connection within 1 s.']);
});

test('connections that were lost after about the same silence show a time limit', () => {
  const after = (seconds: number): ExchangeProgress =>
    Object.assign(new ExchangeProgress(), { isSent: true, sentAt: performance.now() - seconds * 1000 });
  const adviceOn = (...lost: ExchangeProgress[]): string | undefined => {
    const silences = new Silences();
    return lost.map((each) => silences.add(each)).at(-1);
  };
  expect(adviceOn(after(300), after(310), after(305))).toMatch(
    /silent for 300\.\d to 310\.\d s after the whole request: .* NAT, firewall or VPN, and those of the service and its gateway/,
  );
  expect(adviceOn(after(300), after(300))).toBeUndefined();
  expect(adviceOn(after(100), after(300), after(200))).toBeUndefined();
  expect(adviceOn(after(0), after(0), after(0))).toBeUndefined();
  const unsent = Object.assign(after(300), { isSent: false });
  const answering = Object.assign(after(300), { status: 200 });
  expect(adviceOn(after(300), after(300), unsent)).toBeUndefined();
  expect(adviceOn(after(300), after(300), answering)).toBeUndefined();
});

test.each([
  ['was sent before and waits all the while', true, {}, ['bad-node', true]],
  ['failed meanwhile', false, {}, [undefined, undefined]],
  ['is not sent yet', true, { isSent: false }, [undefined, undefined]],
  ['was sent later', true, { sentAt: Number.POSITIVE_INFINITY }, [undefined, undefined]],
])('an examination tells of one of several servers when another request %s: %s', async (_, waits, facts, expected) => {
  const other = new ExchangeProgress();
  other.onSent();
  Object.assign(other, { sentAt: 0 }, facts);
  const found = new Failure('config', 'TLS_NOT_SPOKEN', 'This port does not speak TLS.');
  const losses = new LossExamination({
    explainServer: (failure) => failure,
    canTellMore: () => true,
    tell: async () => {
      if (!waits) losses.fail(other);
      return found;
    },
  });
  losses.begin(other);
  const { signal } = new AbortController();
  const { facts: told } = await losses.explain(new Failure('service', 'CONNECTION_LOST', 'It was lost.'), signal);
  expect([told.endsRun, told.isOneOfSeveral]).toEqual(expected);
  const next = losses.settled(signal).then(
    () => true,
    () => undefined,
  );
  expect(await next).toBe(told.isOneOfSeveral);
});

test('an examination that finds nothing leaves a later failure its own hint', async () => {
  const lost = (hint: string) => new Failure('service', 'CONNECTION_LOST', 'The connection was lost.', { hint });
  const losses = new LossExamination({
    explainServer: (failure) => failure,
    canTellMore: () => true,
    tell: async (failure) => failure,
  });
  const { signal } = new AbortController();
  expect((await losses.explain(lost('early'), signal)).hint).toBe('early');
  expect((await losses.explain(lost('late'), signal)).hint).toBe('late');
});
