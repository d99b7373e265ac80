import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AddressBook } from '../../src/connection/dialling/addresses.ts';
import { chooseProxy } from '../../src/connection/proxy/proxy.ts';
import { openTunnel } from '../../src/connection/proxy/tunnel.ts';
import { tunnelFailed } from '../../src/connection/proxy/tunnel-failure.ts';
import { createTlsContext } from '../../src/connection/route.ts';
import { issueCertificate } from '../../src/rehearsal/certificate.ts';
import { createPki } from '../../src/rehearsal/pki.ts';
import { Failure, timedOut } from '../../src/signing/policy/failure.ts';
import { startProxy } from '../faults/connect-proxy.ts';
import { listenInTest } from '../helpers/listen.ts';
import { startService } from '../rehearsal/faulty-service.ts';
import { openTo, REQUEST } from './open.ts';

const named = (value: string, name = 'https_proxy') => ({ name, value });

const usesProxy = (server: string, noProxy: string): boolean =>
  chooseProxy({ httpsProxy: named('http://proxy.example:3128'), noProxy }, new URL(server)) !== undefined;

describe('no_proxy', () => {
  test.each([
    ['https://sign.example.com', '*'],
    ['https://sign.example.com', 'sign.example.com'],
    ['https://sign.example.com', 'example.com'],
    ['https://sign.example.com', '.example.com'],
    ['https://sign.example.com', '*.example.com'],
    ['https://sign.example.com', 'other.test, EXAMPLE.COM'],
    ['https://sign.example.com', 'other.test example.com:443'],
    ['https://sign.example.com:8443', 'example.com:8443'],
    ['https://sign.example.com.', 'example.com'],
    ['https://sign.example.com', 'example.com.'],
    ['https://sign.münchen.example', 'MÜNCHEN.example'],
    ['https://sign.münchen.example', '.xn--mnchen-3ya.example'],
    ['https://10.1.2.3', '10.9.9.9/8'],
    ['https://[::ffff:10.1.2.3]', '10.0.0.0/8'],
    ['https://sign.example.com', ' , other.test,\texample.com '],
    ['https://10.1.2.3', '10.1.2.3'],
    ['https://10.1.2.3:8443', '10.1.2.3:8443'],
    ['https://10.1.2.3', '10.0.0.0/8'],
    ['https://10.1.2.3', '0.0.0.0/0'],
    ['https://[fd00::12]', 'fd00::12'],
    ['https://[fd00::12]', 'FD00:0:0:0:0:0:0:12'],
    ['https://[fd00::12]', '[fd00::12]'],
    ['https://[fd00::12]:8443', '[fd00::12]:8443'],
    ['https://[fd00::12]', 'fd00::/8'],
    ['https://[fd00::12]', '[fd00::]/8'],
    ['https://localhost', ''],
    ['https://127.0.0.2', ''],
    ['https://[::1]', ''],
  ])('%s goes past the proxy with %s', (server, noProxy) => {
    expect(usesProxy(server, noProxy)).toBe(false);
  });

  test.each([
    ['https://sign.example.com', ''],
    ['https://sign.example.com', 'notexample.com, sign.example.co'],
    ['https://sign.example.com:8443', 'example.com:443'],
    ['https://sign.example.com', '10.0.0.0/8'],
    ['https://10.1.2.3', '10.1.2.30'],
    ['https://10.1.2.3', '11.0.0.0/8'],
    ['https://10.1.2.3', '10.0.0.0/33'],
    ['https://10.1.2.3', '10.0.0.0/'],
    ['https://10.1.2.3:8443', '10.1.2.3:443'],
    ['https://[fd00::12]', 'fd00::13'],
    ['https://[fd00::12]', 'fe80::/10'],
    ['https://[fd00::12]:8443', '[fd00::12]:443'],
    ['https://127.example.com', ''],
    ['https://sign.example.com', '::1'],
  ])('%s goes through the proxy with %s', (server, noProxy) => {
    expect(usesProxy(server, noProxy)).toBe(true);
  });
});

/** Starts a proxy that answers each CONNECT with these bytes, and asks it for a tunnel. */
async function ask(answer: string | Buffer, url: (port: number) => string): Promise<Failure> {
  const server = createServer().on('connect', (_, socket: Socket) => socket.end(answer));
  return failTunnel(server, url);
}

async function failTunnel(server: ReturnType<typeof createServer>, url: (port: number) => string): Promise<Failure> {
  const port = await listenInTest(server);
  const proxy = chooseProxy({ httpsProxy: named(url(port)) }, new URL('https://sign.example.com'));
  if (proxy === undefined) throw new Error('no proxy');
  const target = { hostname: 'sign.example.com', port: 443, timeoutMs: 5000, addressBook: new AddressBook() };
  const failure = await openTunnel(proxy, target).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof Failure)) throw new Error('the tunnel was not refused');
  return failure;
}

test('a PAC file is not a proxy', () => {
  const httpsProxy = { name: 'https_proxy', value: 'http://wpad.example/proxy.pac' };
  expect(() => chooseProxy({ httpsProxy }, new URL('https://sign.example'))).toThrow(
    expect.objectContaining({ code: 'PROXY_UNUSABLE', message: expect.stringContaining('a PAC file (/proxy.pac)') }),
  );
});

describe('407', () => {
  const offering = (...offers: readonly string[]): string =>
    `HTTP/1.1 407 No\r\n${offers.map((offer) => `Proxy-Authenticate: ${offer}\r\n`).join('')}\r\n`;
  const open = (port: number): string => `http://127.0.0.1:${port}`;
  const signedIn = (port: number): string => `http://user:pass-4711@127.0.0.1:${port}`;

  test.each([
    [
      offering('Basic realm="a, b"'),
      open,
      'https_proxy holds none; it offers Basic.',
      'http://user:password@host:port',
    ],
    [
      offering(),
      open,
      ') answered 407 and named no scheme for credentials.',
      'no rule that allows this host: ask the operators of the proxy for that rule first. If the proxy does want credentials, put user and password into https_proxy (http://user:password@host:port). If',
    ],
    [
      offering(),
      signedIn,
      ') answered 407 and named no scheme for credentials.',
      'no rule that allows this host: ask the operators of the proxy for that rule first. If the proxy does want credentials, check user and password in https_proxy, with',
    ],
    [
      offering('Basic realm="x"'),
      signedIn,
      'refused the user and password of https_proxy (407); it offers Basic.',
      'Check user and password in https_proxy, with %-escapes',
    ],
    [
      offering('Negotiate', 'NTLM'),
      signedIn,
      'The proxy does not take the user and password of https_proxy (407); it offers Negotiate, NTLM.',
      'can only send Basic',
    ],
    [offering('Digest realm="x", nonce="y", qop="auth"'), open, 'it offers Digest.', 'can only send Basic'],
    [offering('Negotiate, basic realm="x"'), open, 'it offers Basic, Negotiate.', 'http://user:password@host:port'],
    [offering('PASS-4711, Pass'), signedIn, 'it offers an unknown scheme.', 'can only send Basic'],
  ])('%j says what the proxy offers and whether it got credentials', async (answer, url, says, todo) => {
    const failure = await ask(answer, url);
    expect([failure.kind, failure.code]).toEqual(['config', 'PROXY_AUTHENTICATION']);
    expect(failure.message).toContain(says);
    expect(failure.hint).toContain(todo);
    expect(failure.message + failure.hint).not.toContain('4711');
  });
});

test.each([
  ['X-Squid-Error: ERR_DNS_FAIL 0', '(503, ERR_DNS_FAIL)', /^The name server of the proxy does not find/],
  ['X-Squid-Error: ERR_CONNECT_FAIL 111', '(503, ERR_CONNECT_FAIL)', /^The proxy gets no connection to the service/],
  [
    'X-Squid-Error: ERR_CANNOT_FORWARD 0',
    '(503, ERR_CANNOT_FORWARD)',
    /^Ask the operators of the proxy why it finds no way/,
  ],
  ['X-Squid-Error: ERR_ACCESS_DENIED 0', '(503, ERR_ACCESS_DENIED)', /^The rules of the proxy do not allow/],
  ['Proxy-Status: p.example; error=dns_error; rcode="NXDOMAIN"', '(503, dns_error)', /^The name server of the proxy/],
  ['Proxy-Status: a, p.example;error=connection_refused', '(503, connection_refused)', /^The proxy gets no connection/],
  [
    'X-Squid-Error: ERR_PASSPHRASE_OF_A_PROXY 0',
    '(503)',
    /^Ask the operators of the proxy first: the proxy may not reach the service, may open TLS/,
  ],
  [
    'Proxy-Status: p.example; error=passphrase_of_a_proxy',
    '(503)',
    /^Ask the operators of the proxy first: the proxy may not reach the service, may open TLS/,
  ],
  [
    'X-Squid-Error: <b>user:pass</b>',
    '(503)',
    /^Ask the operators of the proxy first: the proxy may not reach the service, may open TLS/,
  ],
])('a refusal with %j is told by that reason', async (header, says, hint) => {
  const failure = await ask(`HTTP/1.1 503 No\r\n${header}\r\n\r\n`, (port) => `http://127.0.0.1:${port}`);
  expect(failure.message).toMatch(/^The proxy of https_proxy \(127\.0\.0\.1:\d+\) opened no tunnel to the service /);
  expect(failure.message.endsWith(`${says}.`)).toBe(true);
  expect(failure.hint).toMatch(hint);
});

test.each([
  [403, /^The rules of the proxy do not allow this host and port.*no_proxy/],
  [451, /^The rules of the proxy/],
  [405, /^A web server that is not a proxy answers so: check host and port in https_proxy/],
  [302, /^A portal that demands a login looks like this/],
  [503, /^Ask the operators of the proxy first: the proxy may not reach the service, may open TLS/],
])('a refusal with %i names the likely cause first', async (status, hint) => {
  const failure = await ask(`HTTP/1.1 ${status} No\r\n\r\n`, (port) => `http://127.0.0.1:${port}`);
  expect([failure.kind, failure.code]).toEqual(['service', 'PROXY_REFUSED']);
  expect(failure.hint).toMatch(hint);
});

test('a redirect is told by where it leads, without its path', async () => {
  const answer = 'HTTP/1.1 302 Found\r\nLocation: https://portal.example.com/login?token=x\r\n\r\n';
  expect((await ask(answer, (port) => `http://127.0.0.1:${port}`)).message).toMatch(/ to the service \(302\)\.$/);
});

/** Opens a tunnel through a proxy that answers CONNECT with these bytes; returns what the tunnel brings. */
async function bytesBehind(answer: string, { pace = 'at once' }: { readonly pace?: 'at once' | 'by bytes' } = {}) {
  const server = createServer().on('connect', (_, socket: Socket) => {
    socket.setNoDelay(true);
    if (pace === 'at once') return void socket.end(answer);
    for (const byte of answer) socket.write(byte);
    return void socket.end();
  });
  const url = new URL(`http://127.0.0.1:${await listenInTest(server)}`);
  const target = { hostname: 'sign.example.com', port: 443, timeoutMs: 5000, addressBook: new AddressBook() };
  return text(await openTunnel({ url, variable: 'https_proxy' }, target));
}

test.each([
  ['a blank in the name of a header', 'HTTP/1.1 200 OK\r\nX Note: a\r\n\r\n'],
  ['two different lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n'],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: none\r\n\r\n'],
  ['a line without a colon', 'HTTP/1.1 200 OK\r\nodd\r\n\r\n'],
  ['lines that end in LF', 'HTTP/1.0 200 OK\nVia: x\n\n'],
  ['100 Continue first', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
  ['headers of 200 KiB', `HTTP/1.1 200 OK\r\n${`${'X-Note: '.padEnd(1022, 'x')}\r\n`.repeat(200)}\r\n`],
])('a tunnel is open after an answer with %s, and brings each byte behind it', async (_, answer) => {
  expect(await bytesBehind(`${answer}first bytes`)).toBe('first bytes');
});

test('a tunnel is open after an answer that comes a byte at a time', async () => {
  expect(await bytesBehind('HTTP/1.1 200 OK\r\nX: y\r\n\r\nfirst bytes', { pace: 'by bytes' })).toBe('first bytes');
});

test('an answer with huge headers is told as that, and not as another protocol', async () => {
  const answer = `HTTP/1.1 200 OK\r\n${`${'X-Note: '.padEnd(1022, 'x')}\r\n`.repeat(301)}\r\n`;
  const failure = await ask(answer, (port) => `http://user:pass-4711@127.0.0.1:${port}`);
  expect([failure.kind, failure.code]).toEqual(['service', 'PROXY_UNREACHABLE']);
  expect(failure.message).toMatch(/\) answered CONNECT with headers that are too large\.$/);
});

test('101 in place of a tunnel is a refusal', async () => {
  const failure = await ask('HTTP/1.1 101 Switching Protocols\r\n\r\n', (port) => `http://127.0.0.1:${port}`);
  expect(failure.message).toMatch(/ refused a tunnel to the service \(101\)\.$/);
});

test.each(['ALL_PROXY', 'HTTPS_PROXY'])('every sentence names the variable that was read: %s', async (name) => {
  const target = new URL('https://sign.example.com');
  const tell = async (answer: string): Promise<string> => {
    const server = createServer().on('connect', (_, socket: Socket) => void socket.end(answer));
    const proxy = chooseProxy({ httpsProxy: named(`http://127.0.0.1:${await listenInTest(server)}`, name) }, target);
    const way = { hostname: 'sign.example.com', port: 443, timeoutMs: 5000, addressBook: new AddressBook() };
    const failure = proxy && (await openTunnel(proxy, way).catch((error: unknown) => error));
    return failure instanceof Failure ? `${failure.message} ${failure.hint}` : '';
  };
  const told = [
    ...(await Promise.all(
      ['', 'SSH-2.0-x\r\n', 'HTTP/3 200\r\n\r\n', 'HTTP/1.1 407 No\r\n\r\n', 'HTTP/1.1 405 No\r\n\r\n'].map(tell),
    )),
    String(
      Object(
        await Promise.resolve()
          .then(() => chooseProxy({ httpsProxy: named('socks5://a', name) }, target))
          .catch((error: unknown) => error),
      ).message,
    ),
  ];
  for (const each of told) expect(each).toContain(name);
  expect(told.join()).not.toContain('https_proxy');
});

test('a proxy that was good before in the run is not called wrong when it stops or refuses', async () => {
  const pki = await createPki();
  const service = await startService({ pki });
  onTestFinished(() => service.close());
  let status = 200;
  const started = await startProxy(() => status);
  const proxy = { url: new URL(`http://127.0.0.1:${started.port}`), variable: 'https_proxy' };
  const transport = openTo(pki, service.port, { proxy });
  const ask = (): Promise<unknown> => transport.post(REQUEST, AbortSignal.timeout(60_000));
  await ask();
  status = 502;
  transport.dropIdle();
  const good = /^Connections through this proxy were good before in this run: .* Ask the operators of the proxy/;
  await expect(ask()).rejects.toMatchObject({ code: 'PROXY_REFUSED', hint: expect.stringMatching(good) });
  await started.close();
  await expect(ask()).rejects.toMatchObject({ code: 'PROXY_UNREACHABLE', hint: expect.stringMatching(good) });
});

test('a connection that is lost in the handshake through a proxy names the operators of the proxy first', async () => {
  const pki = await createPki();
  const closing = createTcpServer((socket) => void socket.on('error', () => {}).once('data', () => socket.destroy()));
  const port = await listenInTest(closing);
  const started = await startProxy();
  onTestFinished(() => started.close());
  const proxy = { url: new URL(`http://127.0.0.1:${started.port}`), variable: 'https_proxy' };
  const lost = { code: 'CONNECTION_LOST', facts: { unreached: 'no connection through the proxy was made' } };
  const [through, direct] = [openTo(pki, port, { proxy }), openTo(pki, port)];
  await expect(through.post(REQUEST, AbortSignal.timeout(60_000))).rejects.toMatchObject({
    ...lost,
    hint: expect.stringContaining(
      `Ask the operators of the proxy of https_proxy (${proxy.url.host}) first: the tunnel`,
    ),
  });
  await expect(direct.post(REQUEST, AbortSignal.timeout(60_000))).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
    hint: expect.not.stringContaining('proxy'),
  });
});

test('a request without a connection when its time is over names the operators of the proxy', async () => {
  const pki = await createPki();
  const silent = createTcpServer((socket) => void socket.on('error', () => {}).resume());
  const url = new URL(`http://127.0.0.1:${await listenInTest(silent)}`);
  const transport = openTo(pki, 443, { proxy: { url, variable: 'https_proxy' } });
  const over = new AbortController();
  const asked = transport.post(REQUEST, over.signal);
  silent.once('connection', () => over.abort(timedOut(1000)));
  await expect(asked).rejects.toMatchObject({
    message: 'No connection within 1 s.',
    hint: `Ask the operators of the proxy of https_proxy (${url.host}) whether it reaches the service.`,
    facts: { unreached: 'no connection through the proxy was made' },
  });
});

describe('a proxy that cannot be used', () => {
  test('over TLS that it does not speak ends the run, with the likely mistake', async () => {
    const failure = await ask('HTTP/1.1 200 OK\r\n\r\n', (port) => `https://127.0.0.1:${port}`);
    expect([failure.kind, failure.code]).toEqual(['config', 'PROXY_TLS']);
    expect(failure.message).toContain('it does not speak TLS');
    expect(failure.hint).toContain('write http:// in https_proxy');
  });

  test.each([
    ['proxy.example.test', true],
    ['sign.example.com', false],
  ])('over TLS must bear its own name, not that of the service: %s', async (host, opens) => {
    const { server: identity, root } = await createPki({ extraHosts: [host] });
    const server = createTlsServer({ cert: identity.cert, key: identity.key });
    server.on('connect', (_, socket: Socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    const port = await listenInTest(server);
    const secureContext = createTlsContext({ ca: [root.cert] });
    const addressBook = new AddressBook(async () => [{ address: '127.0.0.1', family: 4 }]);
    const target = { hostname: 'sign.example.com', port: 443, timeoutMs: 5000, addressBook };
    const opening = openTunnel(
      { url: new URL(`https://proxy.example.test:${port}`), variable: 'https_proxy', secureContext },
      target,
    );
    if (opens) (await opening).destroy();
    else
      await expect(opening).rejects.toThrow('failed: its certificate is for another host name: CN=rehearsal-service.');
  });

  test.each([
    [-9, -1, 'its certificate has expired: CN=proxy ended at ', 'The operators of the proxy must renew'],
    [1, 9, 'its certificate is not valid yet: CN=proxy begins at ', 'The operators of the proxy must install'],
  ])('over TLS with a certificate from day %i to day %i says when, and who must act', async (from, to, says, todo) => {
    const { root } = await createPki();
    const day = (days: number): Date => new Date(Date.now() + days * 86_400_000);
    const dates = { notBefore: day(from), notAfter: day(to) };
    const { cert, key } = await issueCertificate(root, { commonName: 'proxy', hosts: ['127.0.0.1'], ...dates });
    const url = new URL(`https://127.0.0.1:${await listenInTest(createTlsServer({ cert, key }))}`);
    const secureContext = createTlsContext({ ca: [root.cert] });
    const target = { hostname: 'sign.example.com', port: 443, timeoutMs: 5000, addressBook: new AddressBook() };
    const opening = openTunnel({ url, variable: 'https_proxy', secureContext }, target);
    await expect(opening).rejects.toMatchObject({
      code: 'PROXY_TLS',
      message: expect.stringContaining(
        `${says}${(from < 0 ? dates.notAfter : dates.notBefore).toISOString().slice(0, 17)}`,
      ),
      hint: expect.stringContaining(todo),
    });
    await expect(opening).rejects.toThrow("this machine's clock says");
  });

  test.each([
    [
      'ENOTFOUND',
      'request',
      'has a host name that does not exist.',
      'Correct the host name in the environment variable',
    ],
    ['EAI_AGAIN', 'service', 'for which the name server gave no answer.', "Ask the operators of the runner's network"],
  ])('because of its host name, with %s of the name server', async (code, kind, says, todo) => {
    const url = new URL('http://proxy.example.test:3128');
    const addressBook = new AddressBook(async () => Promise.reject(Object.assign(new Error(code), { code })));
    const target = { hostname: 'sign.example.com', port: 443, timeoutMs: 5000, addressBook };
    const opening = openTunnel({ url, variable: 'https_proxy' }, target);
    await expect(opening).rejects.toMatchObject({
      kind,
      code: 'PROXY_UNREACHABLE',
      message: expect.stringContaining('The proxy of https_proxy (proxy.example.test:3128) has a host name'),
      hint: expect.stringContaining(todo),
      facts: expect.objectContaining({ unreached: 'the name server did not recover' }),
    });
    await expect(opening).rejects.toThrow(says);
  });

  test.each([
    ['socks5://127.0.0.1:1080', /^SOCKS proxies are not supported: write the address of an HTTP proxy/],
    ['ftp://127.0.0.1', /^Other schemes are not supported: write the address of an HTTP proxy/],
  ])('because of its scheme says what is supported: %s', (url, hint) => {
    const choose = () => chooseProxy({ httpsProxy: named(url) }, new URL('https://sign.example.com'));
    expect(choose).toThrow(expect.objectContaining({ code: 'PROXY_UNUSABLE', hint: expect.stringMatching(hint) }));
  });

  test.each(['#', '/', '?'])(
    'because of a %s in its password says how to write that, and shows no part of it',
    (sign) => {
      // The characters before the sign may be taken for a port, or for none.
      for (const start of ['12', 'pa']) {
        const choose = () =>
          chooseProxy(
            { httpsProxy: named(`http://user:${start}${sign}34@proxy.example.com:3128`) },
            new URL('https://a.example'),
          );
        expect(choose).toThrow(
          expect.objectContaining({
            code: 'PROXY_UNUSABLE',
            message: expect.not.stringMatching(/user|12|34|pa#/),
            hint: expect.stringContaining('percent-encoded (%2F %23 %3F %40 %25)'),
          }),
        );
      }
    },
  );

  test('with a certificate that cannot be trusted gets no credentials, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const { server: identity } = await createPki();
    const asked: unknown[] = [];
    const server = createTlsServer({ cert: identity.cert, key: identity.key });
    server.on('connect', (request, socket: Socket) => {
      asked.push(request.headers['proxy-authorization']);
      socket.end('HTTP/1.1 200 OK\r\n\r\n');
    });
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    onTestFinished(() => void delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    const failure = await failTunnel(server, (port) => `https://user:pass@127.0.0.1:${port}`);
    expect([failure.kind, failure.code]).toEqual(['config', 'PROXY_TLS']);
    expect(failure.message).toContain(
      'does not chain to a root that is known here: CN=rehearsal-service, issued by CN=Rehearsal Root CA.',
    );
    expect(asked).toEqual([]);
  });

  test.each([
    ['SSH-2.0-OpenSSH_9.2\r\n', 'config', 'does not speak HTTP: it speaks SSH'],
    ['hello there\r\n', 'config', 'it speaks another protocol'],
    [Buffer.from('15030100020228', 'hex'), 'config', 'does not speak HTTP: it speaks TLS'],
    [Buffer.from('0001ff', 'hex'), 'config', 'it speaks another protocol (binary data).'],
    ['HTTP/3 200 OK\r\n\r\n', 'service', 'gave an answer that is not HTTP/1.1.'],
    // The proxy may send back the credentials that it was given: nothing of its answer is quoted.
    [`220 ${'x'.repeat(40)}dXNlcjpwYXNzd29yZA==\r\n`, 'config', 'it speaks another protocol (text).'],
    ['', 'service', 'closed the connection without an answer to CONNECT'],
  ])('because it answers with %j is told by what it speaks', async (answer, kind, sentence) => {
    const failure = await ask(answer, (port) => `http://127.0.0.1:${port}`);
    expect([failure.kind, failure.code]).toEqual([kind, 'PROXY_UNREACHABLE']);
    expect(failure.message).toContain(sentence);
  });

  test('because nothing listens at the port says so, and names the machine', async () => {
    const proxy = chooseProxy({ httpsProxy: named('http://127.0.0.1:1') }, new URL('https://sign.example.com'));
    const target = { hostname: 'sign.example.com', port: 443, timeoutMs: 2000, addressBook: new AddressBook() };
    const opening = proxy && openTunnel(proxy, target);
    await expect(opening).rejects.toMatchObject({
      kind: 'service',
      message: 'The proxy of https_proxy (127.0.0.1:1) leads to this runner itself, and nothing listens there.',
      hint: expect.stringMatching(/^If a helper such as cntlm or px is meant, start it .* whoever set https_proxy/),
    });
    const refusedBy = (address: string) =>
      proxy && tunnelFailed(Object.assign(new Error('refused'), { code: 'ECONNREFUSED', address }), proxy).message;
    expect(refusedBy('::1')).toMatch(/ leads to this runner itself,/);
    expect(refusedBy('10.3.0.9')).toMatch(/ refused the connection\.$/);
  });
});
