import { createHash, randomInt, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConnectProxy } from '../../src/connection/proxy/proxy.ts';
import { chooseProxy } from '../../src/connection/proxy/proxy.ts';
import { ActionError } from '../../src/errors.ts';
import { childrenOf, readElement } from '../../src/identity/der/der.ts';
import { createPki } from '../../src/rehearsal/pki.ts';
import { checkStamp, readStampAnswer } from '../../src/timestamp/check.ts';
import { createPost } from '../../src/timestamp/post.ts';
import { type NewStamp, requestStamp } from '../../src/timestamp/request.ts';
import { encodeRequest } from '../../src/timestamp/structures.ts';
import { listen } from '../helpers/listen.ts';
import { workMs } from '../helpers/time.ts';
import { type Authority, opensslVerifies, startAuthority } from './authority.ts';

const DATA = 'checksums\n';
const SHA256 = createHash('sha256').update(DATA).digest();

let authority: Authority;
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stamps-'));
  authority = await startAuthority();
  await writeFile(join(directory, 'data'), DATA);
});

afterAll(async () => {
  await authority[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

interface Asking {
  readonly urls?: readonly string[];
  readonly trusted?: readonly string[];
  readonly proxy?: ConnectProxy | undefined;
  /** How far the clock of the runner is ahead. */
  readonly aheadMs?: number;
}

async function ask({
  urls = [authority.url],
  trusted = [authority.root],
  proxy,
  aheadMs = 0,
}: Asking = {}): Promise<NewStamp> {
  const post = createPost({ proxyFor: () => proxy, anchors: trusted, timeoutMs: 5000 });
  const world = {
    post,
    randomInt: (bound: number) => randomInt(bound),
    sleep: async () => {},
    now: () => Date.now() + aheadMs,
    scrub: (text: string, maxLength?: number) => text.slice(0, maxLength),
    signal: new AbortController().signal,
  };
  const anchors = trusted.map((pem) => new X509Certificate(pem));
  return requestStamp(
    urls.map((url) => new URL(url)),
    { sha256: SHA256, anchors },
    world,
  );
}

async function failureOf(work: Promise<unknown>): Promise<ActionError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ActionError) return error;
  throw new Error('this was to fail', { cause: error });
}

test('a stamp of the real OpenSSL is accepted, and OpenSSL accepts it as it is kept', async () => {
  authority.behave('sound');
  const { bytes, time, signer, authority: from } = await ask();
  expect([from, signer]).toEqual([authority.url, 'O=Example, CN=sound stamps']);
  expect(Math.abs(time.getTime() - Date.now())).toBeLessThan(60_000);
  expect(authority.headers()).toMatchObject({ 'content-type': 'application/timestamp-query' });
  await writeFile(join(directory, 'data.tsr'), bytes);
  expect(await opensslVerifies(join(directory, 'data'), join(directory, 'data.tsr'), authority.rootPath)).toBe(true);
});

test('an authority with RSA, SHA-384 and the older attribute for its certificate is understood', async () => {
  await using older = await startAuthority({ kind: 'rsa' });
  const stamp = await ask({ urls: [older.url], trusted: [older.root] });
  expect(stamp.signer).toBe('O=Example, CN=sound stamps');
});

test.each([
  ['another imprint', 'TIMESTAMP_IMPRINT_DIFFERS', 3],
  ['another nonce', 'TIMESTAMP_NONCE_DIFFERS', 3],
  ['ten days ahead', 'TIMESTAMP_TIME_DIFFERS', 1],
  ['no certificate', 'TIMESTAMP_UNTRUSTED', 3],
  ['another certificate', 'TIMESTAMP_UNTRUSTED', 3],
  ['rejection', 'TIMESTAMP_REFUSED', 1],
  ['a web page', 'TIMESTAMP_UNREADABLE', 3],
  ['HTTP status 503', 'TIMESTAMP_FAILED', 3],
] as const)('%s is no stamp: %s after %d requests', async (behaviour, code, requests) => {
  authority.behave(behaviour);
  const before = authority.digests.length;
  const failure = await failureOf(ask());
  expect(failure.code).toBe('TIMESTAMP_FAILED');
  expect(failure.message).toMatch(new RegExp(`^${authority.url}: .* \\(${code}\\)$`, 'm'));
  expect(authority.digests.length - before).toBe(requests);
});

test('an answer of another kind of server is told by its status, type and words, and the input that leads there', async () => {
  authority.behave('a web page');
  const page = await failureOf(ask());
  expect(page.message).toMatch(
    /: It answered 200 \(no content type\) with a page that says “Welcome”, which is not a time stamp/,
  );
  expect(page.hint).toMatch(/^Check that timestamp-url is the address of a time stamp authority/);
  authority.behave('HTTP status 403');
  const closed = await failureOf(ask());
  expect(closed.hint).toMatch(/^The authority does not give stamps to everybody: .* account/);
  authority.behave('HTTP status 503');
  const busy = await failureOf(ask());
  expect(busy.message).toContain('The authority answered 503: “busy” (TIMESTAMP_FAILED)');
  expect(busy.hint).toMatch(
    /^The authority is busy .* give a second authority on a line of its own in timestamp-url\.$/,
  );
  authority.behave('rejection');
  expect((await failureOf(ask())).hint).toMatch(
    /^Ask the operators of the authority about that reason, .* or give a second/,
  );
});

test('an answer that no verification would read is no stamp, whatever is in it, and takes no time', () => {
  // A refusal whose status has 900,000 bytes.
  const status = Buffer.concat([Buffer.from('02830dbba0', 'hex'), Buffer.alloc(900_000, 0x55)]);
  const body = [0x30830dbbaa, 0x30830dbba5].map((head) => Buffer.from(head.toString(16), 'hex'));
  const ms = workMs(() =>
    expect(() => readStampAnswer(Buffer.concat([...body, status]))).toThrow(/has 900015 bytes.* read up to 65536/),
  );
  expect(ms).toBeLessThan(200);
});

const HOUR_MS = 60 * 60_000;

test.each([
  ['within 5 minutes', 4 * 60_000, 'accepted'],
  ['within 5 minutes', -4 * 60_000, 'accepted'],
  ['by hours', 14 * HOUR_MS, 'accepted with a warning'],
  ['by hours', -14 * HOUR_MS, 'accepted with a warning'],
  ['by more than a day', 25 * HOUR_MS, 'refused'],
  ['by years', 3 * 365 * 24 * HOUR_MS, 'refused'],
  ['by more than a day', -25 * HOUR_MS, 'refused'],
] as const)('a new stamp that differs from the clock of the runner %s (%d ms) is %s', async (_, aheadMs, verdict) => {
  authority.behave('sound');
  const asking = ask({ aheadMs });
  const both = new RegExp(
    `The time stamp says ${today()}T[^ ]+Z, and the clock of this machine says ${today(aheadMs)}T[^ ]+Z(?:\\.| \\()`,
  );
  if (verdict !== 'refused') {
    const { clockWarning } = await asking;
    return verdict === 'accepted' ? expect(clockWarning).toBeUndefined() : expect(clockWarning).toMatch(both);
  }
  const { message, hint } = await failureOf(asking);
  expect(message).toMatch(both);
  expect(message).toMatch(/ \(TIMESTAMP_TIME_DIFFERS\)$/);
  expect(hint).toMatch(/If that of this machine is wrong, set it.*if the time stamp is wrong, use another authority/);
});

function today(aheadMs = 0): string {
  return new Date(Date.now() + aheadMs).toISOString().slice(0, 10);
}

test('a stamp that already exists is not compared with the clock, whatever time it says', async () => {
  authority.behave('ten days ahead');
  const body = new Uint8Array(encodeRequest(SHA256, Buffer.alloc(8, 0x41)));
  const answer = await fetch(authority.url, { method: 'POST', body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const anchors = [new X509Certificate(authority.root)];
  const { time } = checkStamp(bytes, { sha256: SHA256, nonce: undefined, anchors });
  expect(Math.round((time.getTime() - Date.now()) / HOUR_MS)).toBe(240);
});

test('the error quotes the reason that an authority gives for its rejection', async () => {
  authority.behave('rejection');
  expect((await failureOf(ask())).message).toMatch(/refused the request \(badAlg, “[^”]*algorithm[^”]*”\)/);
});

test('authorities are asked in order, and one that is down costs only its attempts', async () => {
  authority.behave('sound');
  const dead = 'http://127.0.0.1:1/';
  expect((await ask({ urls: [dead, authority.url] })).authority).toBe(authority.url);
  const { message } = await failureOf(ask({ urls: [dead, 'https://127.0.0.1:1/'] }));
  expect(message).toContain('http://127.0.0.1:1/: the connection was refused (CONNECT_REFUSED)');
  expect(message).toContain('https://127.0.0.1:1/: the connection was refused (CONNECT_REFUSED)');
});

test('the query of an authority, which may hold a token, is in no stamp and no error', async () => {
  authority.behave('sound');
  expect((await ask({ urls: [`${authority.url}?token=secret`] })).authority).toBe(authority.url);
  const { message, hint } = await failureOf(ask({ urls: ['http://127.0.0.1:1/tsa?token=secret'] }));
  expect(message).toContain('http://127.0.0.1:1/tsa: the connection was refused (CONNECT_REFUSED)');
  expect(message).not.toContain('secret');
  expect(hint).toBe(
    'Check host and port in timestamp-url, and that the time stamp authority is up; a firewall that rejects the connection looks like this as well.',
  );
});

test('an authority over TLS must have a trusted certificate for its host name', async () => {
  const pki = await createPki();
  await using secure = await startAuthority({ tls: pki.server });
  const stamp = await ask({ urls: [secure.url], trusted: [secure.root, pki.root.cert] });
  expect(stamp.authority).toBe(secure.url);
  const { message, hint } = await failureOf(ask({ urls: [secure.url], trusted: [secure.root] }));
  expect(message).toContain('TLS_SERVER_UNTRUSTED');
  expect(`${message} ${hint}`).toContain(' timestamp-chain');
  expect(`${message} ${hint}`).not.toMatch(/(in|into|If) chain|server-url|signing service/);
});

test('plain HTTP goes through http_proxy, which forwards the request; credentials go to the proxy only', async () => {
  authority.behave('sound');
  const seen: unknown[] = [];
  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    seen.push([request.url, request.headers.host, request.headers['proxy-authorization']]);
    const body = await buffer(request);
    const answer = await fetch(authority.url, { method: 'POST', body, headers: { 'content-type': 'x/y' } });
    response.end(Buffer.from(await answer.arrayBuffer()));
  };
  const proxy = createServer((request, response) => void forward(request, response));
  const port = await listen(proxy);
  const server = 'http://stamps.example.com/tsa?x=1';
  try {
    const chosen = chooseProxy(
      { httpProxy: { name: 'http_proxy', value: `http://user:secret@127.0.0.1:${port}` } },
      new URL(server),
    );
    await ask({ urls: [server], proxy: chosen });
    const basic = `Basic ${Buffer.from('user:secret').toString('base64')}`;
    expect(seen).toEqual([[server, 'stamps.example.com', basic]]);
    proxy.removeAllListeners('request').on('request', (_, response) => response.writeHead(403).end());
    const closed = await failureOf(ask({ urls: [server], proxy: chosen }));
    const name = `the proxy of http_proxy (127.0.0.1:${port})`;
    expect(closed.message).toContain(`The authority, or ${name}, answered 403`);
    expect(closed.hint).toContain(`ask the operators of ${name} first whether the proxy lets this runner`);
  } finally {
    proxy.close();
  }
  expect(
    chooseProxy({ httpsProxy: { name: 'https_proxy', value: 'http://proxy:1' } }, new URL(server)),
  ).toBeUndefined();
  expect(
    chooseProxy(
      { httpProxy: { name: 'http_proxy', value: 'http://proxy:1' }, noProxy: 'example.com:80' },
      new URL(server),
    ),
  ).toBeUndefined();
  expect(() => chooseProxy({ httpProxy: { name: 'http_proxy', value: 'socks://proxy' } }, new URL(server))).toThrow(
    'variable http_proxy has',
  );
});

test.each([
  [
    'refuses the connection',
    undefined,
    /The proxy of http_proxy \(127\.0\.0\.1:\d+\) leads to this runner itself, and nothing listens there \(PROXY_UNREACHABLE\)/,
  ],
  ['asks for credentials', 407, /The proxy asks for credentials \(407\), and http_proxy holds none/],
])('plain HTTP through a proxy that %s blames the proxy and not the authority', async (_, status, told) => {
  const proxy = createServer(
    (_request, response) => void response.writeHead(status ?? 500, { 'proxy-authenticate': 'Basic' }).end(),
  );
  const port = await listen(proxy);
  if (status === undefined) await new Promise((resolve) => proxy.close(resolve));
  const server = 'http://stamps.example.com/tsa';
  const chosen = chooseProxy({ httpProxy: { name: 'http_proxy', value: `http://127.0.0.1:${port}` } }, new URL(server));
  const { message } = await failureOf(ask({ urls: [server], proxy: chosen }));
  proxy.close();
  expect(message).toMatch(told);
});

test('a stamp with more than 16 certificates is refused before any of them is read', async () => {
  authority.behave('sound');
  const { bytes } = await ask();
  const demand = { sha256: SHA256, nonce: undefined, anchors: undefined };
  const stuffed = withCertificates(bytes, 17);
  expect(() => checkStamp(stuffed, demand)).toThrow('The time stamp holds 17 certificates.');
  expect(checkStamp(withCertificates(bytes, 16), demand).signer).toBe('O=Example, CN=sound stamps');
});

test('whichever byte of a stamp is changed: it is refused, or says the same of the same signer', async () => {
  authority.behave('sound');
  const { bytes, time, signer } = await ask();
  const demand = { sha256: SHA256, nonce: undefined, anchors: [new X509Certificate(authority.root)] };
  const codes = new Set<string>();
  for (let at = 0; at < bytes.length; at += 5) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    try {
      expect(checkStamp(changed, demand)).toEqual({ time, signer });
    } catch (error) {
      if (!(error instanceof ActionError)) throw error;
      codes.add(error.code);
    }
  }
  expect([...codes].sort()).toEqual([
    'TIMESTAMP_IMPRINT_DIFFERS',
    'TIMESTAMP_SIGNATURE_INVALID',
    'TIMESTAMP_UNREADABLE',
    'TIMESTAMP_UNTRUSTED',
  ]);
});

/** Repeats the certificate in a stamp of `openssl ts`, which holds one: so often. */
function withCertificates(bytes: Buffer, count: number): Buffer {
  const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
    const content = Buffer.concat(parts);
    const length = Buffer.alloc(5, 0x84);
    length.writeUInt32BE(content.length, 1);
    return Buffer.concat([Buffer.from([tag]), length, content]);
  };
  const [status = Buffer.alloc(0), token = Buffer.alloc(0)] = childrenIn(bytes);
  const [type = Buffer.alloc(0), explicit = Buffer.alloc(0)] = childrenIn(token);
  const pieces = childrenIn(childrenIn(explicit)[0] ?? Buffer.alloc(0)).map((piece) =>
    piece[0] === 0xa0 ? der(0xa0, ...Array.from({ length: count }, () => childrenIn(piece)[0] ?? piece)) : piece,
  );
  return der(0x30, status, der(0x30, type, der(0xa0, der(0x30, ...pieces))));
}

function childrenIn(bytes: Buffer): Buffer[] {
  return childrenOf(readElement(bytes)).map(({ raw }) => raw);
}
