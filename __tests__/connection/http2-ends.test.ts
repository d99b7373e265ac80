import {
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Stream,
} from 'node:http2';
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
type React = (stream: ServerHttp2Stream, nth: number, headers: IncomingHttpHeaders) => void;

const sign = (stream: ServerHttp2Stream): void => {
  stream.resume().on('end', () => {
    if (stream.destroyed || stream.closed) return;
    stream.respond({ ':status': 200 });
    stream.end('{"signData":"QUJD"}');
  });
};
const every3rd =
  (react: React): React =>
  (stream, nth, headers) =>
    (nth % 3 === 0 ? react : sign)(stream, nth, headers);
const hint: React = (stream) => {
  stream.additionalHeaders({ ':status': 103 });
  sign(stream);
};
const endEvery5th: React = (stream, nth) => {
  sign(stream);
  if (nth % 5 === 4) stream.session?.close();
};
const goAway =
  (code: number): React =>
  ({ session }) => {
    session?.goaway(code, 0);
    setTimeout(() => session?.destroy(), 10);
  };

/** Starts a service that reacts so over HTTP/2, and signs over HTTP/1.1. */
async function start(react: React, options: SecureServerOptions = {}) {
  const { server: own, client, root } = await pki;
  const tls = { cert: own.cert, key: own.key, ca: root.cert, requestCert: true, allowHTTP1: true };
  const server = createSecureServer({ ...tls, ...options }, (request, response) => {
    if (request.httpVersion !== '2.0') request.resume().on('end', () => response.end('{"signData":"QUJD"}'));
  });
  let streams = 0;
  let sessions = 0;
  server.on('session', (session) => {
    sessions++;
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) =>
    react(
      stream.on('error', () => {}),
      streams++,
      headers,
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
  return { url, transport, counts: () => ({ streams, sessions }) };
}

/** Signs files at a service that reacts so, until a deadline if there is one. */
async function signAt(react: React, options: SecureServerOptions = {}, deadlineMs = 0) {
  const { url, transport, counts } = await start(react, options);
  const { client, root, signingPublicKeyPem: verifyKeyPem } = await pki;
  const [{ cert, key }, chain] = [client, root.cert];
  const credentials = { cert, key, chain, appKey: 'app', appSecret: 'secret', verifyKeyPem };
  const service = { url, signPath: '/sign', appKey: 'app', appSecret: 'secret', credentials };
  const run = await signTree(service, plantMany(FILES), { transport, algorithm: 'none', deadlineMs });
  return { run, ...counts(), signed: run.outcomes.filter(({ status }) => status === 'signed').length };
}

test.each<[string, React, SecureServerOptions]>([
  ['allows one request at a time', sign, { settings: { maxConcurrentStreams: 1 } }],
  ['takes 100 bytes at a time', sign, { settings: { initialWindowSize: 100 } }],
  ['refuses every third request', every3rd((stream) => stream.close(NGHTTP2_REFUSED_STREAM)), {}],
  ['wants fewer requests now and then', every3rd((stream) => stream.close(NGHTTP2_ENHANCE_YOUR_CALM)), {}],
  ['sends an early hint first', hint, {}],
  ['ends each connection after some requests', endEvery5th, {}],
  [
    'gives a connection up once',
    (stream, nth, headers) => (nth === 7 ? goAway(NGHTTP2_NO_ERROR) : sign)(stream, nth, headers),
    {},
  ],
])('a server that %s signs every file', async (_, react, options) => {
  const { run, signed } = await signAt(react, options);
  expect(run.ending).toBeUndefined();
  expect(signed).toBe(FILES);
});

const HTTP2_ONLY = { allowHTTP1: false, ALPNProtocols: ['h2'] };

test('a server that ends one connection with many requests keeps HTTP/2', async () => {
  const { run, signed, sessions } = await signAt((stream, nth) => {
    if (nth === 5) stream.session?.goaway(NGHTTP2_NO_ERROR);
    sign(stream);
  }, HTTP2_ONLY);
  expect([run.ending, signed, sessions]).toEqual([undefined, FILES, 2]);
});

test('a server that takes one request for each connection gets each request once', async () => {
  const once: React = (stream) => {
    sign(stream);
    stream.session?.goaway(NGHTTP2_NO_ERROR);
  };
  const { run, signed, streams } = await signAt(once, { ...HTTP2_ONLY, settings: { maxConcurrentStreams: 1 } });
  expect([run.events, signed, streams]).toEqual([[], FILES, FILES]);
});

test('a server of HTTP/2 alone that ends each connection after a few requests signs every file', async () => {
  const { run, signed } = await signAt(endEvery5th, HTTP2_ONLY);
  expect(run.ending).toBeUndefined();
  expect(signed).toBe(FILES);
});

test('the error for a server that speaks only HTTP/2 and asks for HTTP/1.1 names HTTP_1_1_REQUIRED, and nothing hangs', async () => {
  const { signed, run } = await signAt((stream) => stream.close(NGHTTP2_HTTP_1_1_REQUIRED), HTTP2_ONLY, 2000);
  expect(signed).toBe(0);
  expect(run.ending?.message).toContain('HTTP_1_1_REQUIRED');
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

const body = Buffer.alloc(100_000);
const post = { method: 'POST', path: '/sign', headers: ['Content-Type', 'text/plain'], body };
const never = new AbortController().signal;

test.each([
  ['before anything is sent', 0],
  ['while its body is sent', 5],
  ['while it waits for the answer', 100],
])('a request that is given up %s ends at once, and others go on', async (_, ms) => {
  const { transport } = await start((stream, nth) => (nth === 1 ? stream.resume() : sign(stream)), {
    settings: { initialWindowSize: ms === 100 ? 1_000_000 : 1000 },
  });
  await transport.post({ ...post, body: Buffer.from('first') }, never);
  const giveUp = new AbortController();
  const first = transport.post(post, giveUp.signal);
  const second = transport.post({ ...post, body: Buffer.from('small') }, never);
  setTimeout(() => giveUp.abort(new Error('given up')), ms);
  await expect(first).rejects.toThrow('given up');
  expect((await second).status).toBe(200);
  // As many turns of the event loop as Node may need to write what is left.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect((await transport.post(post, never)).status).toBe(200);
});

test('after a request that got no answer in time, the next one takes a new connection', async () => {
  const limit = new AbortController();
  const { transport, counts } = await start((stream, nth) => (nth > 0 ? sign(stream) : limit.abort(new Error('late'))));
  await expect(transport.post(post, limit.signal)).rejects.toThrow('late');
  expect((await transport.post(post, never)).status).toBe(200);
  expect(counts()).toEqual({ streams: 2, sessions: 2 });
});

test('a connection that nothing used for a second is not used again', async () => {
  const { transport, counts } = await start(sign);
  await transport.post(post, never);
  const before = counts().sessions;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect((await transport.post(post, never)).status).toBe(200);
  expect(counts().sessions).toBe(before + 1);
});

test('each body arrives whole, also in pieces, and each request says its length', async () => {
  const seen: [number, string | undefined][] = [];
  const { transport } = await start((stream, _, { 'content-length': length }) => {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
    stream.on('end', () => seen.push([bytes, length]));
    sign(stream);
  });
  async function* pieces(): AsyncIterable<Uint8Array> {
    for (let left = 8; left > 0; left--) yield await Promise.resolve(body);
  }
  let sent = 0;
  const onSent = (): void => void sent++;
  await transport.post({ ...post, onSent }, never);
  const headers = [...post.headers, 'Content-Length', '800000'];
  await transport.post({ ...post, headers, body: pieces(), onSent }, never);
  expect(seen).toEqual([
    [100_000, '100000'],
    [800_000, '800000'],
  ]);
  expect(sent).toBe(2);
});

test('a body that fails on the way ends the request with its error', async () => {
  const { transport } = await start(sign);
  async function* pieces(): AsyncIterable<Uint8Array> {
    yield await Promise.resolve(body);
    throw new RangeError('The file was cut.');
  }
  await expect(transport.post({ ...post, body: pieces() }, never)).rejects.toThrow('The file was cut');
  expect((await transport.post(post, never)).status).toBe(200);
});
