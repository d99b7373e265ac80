import { constants, createSecureServer, type SecureServerOptions, type ServerHttp2Stream } from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import { createTlsContext } from '../../src/connection/route.ts';
import { openTransport } from '../../src/connection/transport.ts';
import { createPki } from '../../src/rehearsal/pki.ts';
import { listen } from '../helpers/listen.ts';
import { plantMany, signTree } from '../signing/signing-run.ts';

const FILES = 30;
const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_HTTP_1_1_REQUIRED, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;
const pki = createPki();

/** What a service does with its nth request over HTTP/2. */
type React = (stream: ServerHttp2Stream, nth: number) => void;

const sign: React = (stream) => {
  stream.resume().on('end', () => {
    if (stream.destroyed || stream.closed) return;
    stream.respond({ ':status': 200 });
    stream.end('{"signData":"QUJD"}');
  });
};
const every3rd =
  (react: React): React =>
  (stream, nth) =>
    (nth % 3 === 0 ? react : sign)(stream, nth);
const hint: React = (stream, nth) => {
  stream.additionalHeaders({ ':status': 103 });
  sign(stream, nth);
};
const endEvery5th: React = (stream, nth) => {
  sign(stream, nth);
  if (nth % 5 === 4) stream.session?.close();
};
const goAway =
  (code: number): React =>
  ({ session }) => {
    session?.goaway(code, 0);
    setTimeout(() => session?.destroy(), 10);
  };

/** Signs files over HTTP/2 at a service that reacts so, and signs over HTTP/1.1. */
async function signAt(react: React, options: SecureServerOptions = {}) {
  const { server: own, client, root, signingPublicKeyPem: verifyKeyPem } = await pki;
  const tls = { cert: own.cert, key: own.key, ca: root.cert, requestCert: true, allowHTTP1: true };
  const server = createSecureServer({ ...tls, ...options }, (request, response) => {
    if (request.httpVersion !== '2.0') request.resume().on('end', () => response.end('{"signData":"QUJD"}'));
  });
  let streams = 0;
  server.on('session', (session) => session.on('error', () => {}));
  server.on('stream', (stream) =>
    react(
      stream.on('error', () => {}),
      streams++,
    ),
  );
  const port = await listen(server);
  const url = `https://localhost:${port}`;
  const [{ cert, key }, chain] = [client, root.cert];
  const secureContext = createTlsContext({ cert, key, ca: [chain] });
  const transport = openTransport({ server: new URL(url), secureContext, timeoutMs: 10_000 }, { protocol: 'http2' });
  onTestFinished(() => {
    transport.close();
    server.close();
  });
  const credentials = { cert, key, chain, appKey: 'app', appSecret: 'secret', verifyKeyPem };
  const service = { url, signPath: '/sign', appKey: 'app', appSecret: 'secret', credentials };
  const run = await signTree(service, plantMany(FILES), { transport, algorithm: 'none' });
  return { run, streams, signed: run.outcomes.filter(({ status }) => status === 'signed').length };
}

test.each<[string, React, SecureServerOptions]>([
  ['allows one request at a time', sign, { settings: { maxConcurrentStreams: 1 } }],
  ['takes 100 bytes at a time', sign, { settings: { initialWindowSize: 100 } }],
  ['refuses every third request', every3rd((stream) => stream.close(NGHTTP2_REFUSED_STREAM)), {}],
  ['wants fewer requests now and then', every3rd((stream) => stream.close(NGHTTP2_ENHANCE_YOUR_CALM)), {}],
  ['sends an early hint first', hint, {}],
  ['ends each connection after some requests', endEvery5th, {}],
  ['gives a connection up once', (stream, nth) => (nth === 7 ? goAway(NGHTTP2_NO_ERROR) : sign)(stream, nth), {}],
])('a server that %s signs every file', async (_, react, options) => {
  const { run, signed } = await signAt(react, options);
  expect(run.ending).toBeUndefined();
  expect(signed).toBe(FILES);
});

test.each<[string, React]>([
  ['for a request', (stream) => stream.close(NGHTTP2_HTTP_1_1_REQUIRED)],
  ['for the connection', goAway(NGHTTP2_HTTP_1_1_REQUIRED)],
])('a server that asks for HTTP/1.1 %s gets it at once, and nothing waits', async (_, react) => {
  const { run, signed, streams } = await signAt(react);
  expect([signed, streams]).toEqual([FILES, 1]);
  expect(run.events).toEqual([]);
});

test('the error of HTTP/2 is named, and too many requests make the run send fewer', async () => {
  const { run } = await signAt(every3rd((stream) => stream.close(NGHTTP2_ENHANCE_YOUR_CALM)));
  const failures = run.events.flatMap((event) => ('failure' in event ? [event.failure] : []));
  expect(failures[0]?.message).toMatch(/the request was ended with the HTTP\/2 error ENHANCE_YOUR_CALM\.$/);
  expect(failures[0]?.facts.throttled).toBe(true);
});

test('an answer of another length than its headers say is not taken for another version of HTTP', async () => {
  const { run } = await signAt((stream) => {
    stream.resume().on('end', () => {
      stream.respond({ ':status': 200, 'content-length': 40 });
      stream.end('{"signData":"QUJD"}');
    });
  });
  expect(run.ending?.message).toMatch(/: the answer has another length than its headers say\.$/);
});
