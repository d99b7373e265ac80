import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDiagnosis } from '../../src/connection/diagnosis/diagnosis.ts';
import { inspectHandshake } from '../../src/connection/diagnosis/probe.ts';
import { createTlsContext, type Route } from '../../src/connection/route.ts';
import { describeForeign } from '../../src/connection/tls/foreign-protocol.ts';
import { openTransport } from '../../src/connection/transport.ts';
import { describeTls } from '../../src/preflight/tls-findings.ts';
import type { Failure } from '../../src/signing/policy/failure.ts';
import { startProxy } from '../faults/connect-proxy.ts';
import { listenInTest } from '../helpers/listen.ts';
import { startService } from '../rehearsal/faulty-service.ts';
import { startFront } from './front.ts';

const REQUEST = { method: 'POST', path: '/', headers: ['content-length', '2'], body: Buffer.from('{}') };

function routeTo(url: string, proxyPort?: number): Route {
  const proxy =
    proxyPort === undefined ? undefined : { url: new URL(`http://127.0.0.1:${proxyPort}`), variable: 'https_proxy' };
  return { server: new URL(url), secureContext: createTlsContext({ ca: [] }), proxy, timeoutMs: 5000 };
}

test.each([
  [
    'before',
    'no answer to the TLS handshake came',
    /^Ask the operators of the service first: the server, or a balancer/,
  ],
  [
    'within',
    'the server did not complete the TLS handshake',
    /^Ask the operators of the service first: the server began/,
  ],
])('a server that hangs %s its handshake says who must act', async (when, says, todo) => {
  const behind = await startService({ tls: { maxVersion: 'TLSv1.2' } });
  const open: Socket[] = [];
  const hanging = createServer((client) => {
    open.push(client.on('error', () => {}));
    client.once('data', (hello) => {
      client.resume();
      // Only the first message reaches a server, so that its answer is the last one.
      if (when === 'within') open.push(connect(behind.port, '127.0.0.1').on('data', (part) => client.write(part)));
      open.at(-1)?.write(when === 'within' ? hello : '');
    });
  });
  onTestFinished(async () => {
    for (const socket of open) socket.destroy();
    await behind.close();
  });
  const port = await listenInTest(hanging);
  const proxy = await startProxy();
  onTestFinished(() => proxy.close());
  const fail = async (proxyPort?: number): Promise<Failure> => {
    const route = { ...routeTo(`https://127.0.0.1:${port}`, proxyPort), timeoutMs: 1000 };
    const transport = openTransport(route);
    onTestFinished(() => transport.close());
    return transport.post(REQUEST, new AbortController().signal).then(
      () => expect.unreachable(),
      (error: Failure) => error,
    );
  };
  const [direct, tunnelled] = await Promise.all([fail(), fail(proxy.port)]);
  expect(direct.message).toBe(`https://127.0.0.1:${port}: TCP is connected, but ${says} within 1 s.`);
  expect(direct.hint).toMatch(todo);
  expect(tunnelled.message).toBe(
    `https://127.0.0.1:${port}: the proxy of https_proxy (127.0.0.1:${proxy.port}) opened a tunnel, but ${says} within 1 s.`,
  );
  expect(tunnelled.hint).toMatch(/^Ask the operators of the proxy whether it reaches 127\.0\.0\.1:\d+: a proxy that/);
});

/** Sends one request to a server that answers each first message with these bytes. */
async function failureAt(bytes: string | Buffer, proxyPort?: number): Promise<Failure> {
  const front = await startFront(() => ({ bytes }));
  const route = routeTo(front.url, proxyPort);
  const transport = openTransport(route, { diagnosis: createDiagnosis(route, { anchors: [], now: Date.now }) });
  return transport.post(REQUEST, new AbortController().signal).then(
    () => expect.unreachable(),
    (error: Failure) => error,
  );
}

const SPOKEN: readonly (readonly [string, string | Buffer, string])[] = [
  ['plain HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'plain HTTP (it sent “HTTP/1.1 400 Bad Request”)'],
  ['a page without a status line', '<html><title>400</title></html>', 'plain HTTP (it sent “<html>'],
  ['HTTP/2 settings', Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), 'HTTP/2'],
  ['HTTP/2 goaway', Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), 'HTTP/2'],
  ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n', 'SSH (it sent “SSH-2.0-OpenSSH_9.2”)'],
  ['SMTP', '220 mail.example.com ESMTP Postfix\r\n', 'SMTP (it sent “220 mail.example.com ESMTP Postfix”)'],
  ['FTP', '220 (vsFTPd 3.0.3)\r\n', 'FTP (it sent'],
  ['IMAP', '* OK [CAPABILITY IMAP4rev1 STARTTLS] ready.\r\n', 'IMAP (it sent'],
  ['POP3', '+OK Dovecot ready.\r\n', 'POP3 (it sent'],
  ['VNC', 'RFB 003.008\n', 'VNC (it sent'],
  ['Redis', '-ERR Protocol error\r\n', 'Redis (it sent'],
  ['AMQP', Buffer.from('AMQP\0\0\x09\x01'), 'AMQP'],
  ['MySQL', Buffer.from('\x4A\0\0\0\x0A8.0.36\0\x08\0\0\0', 'latin1'), 'MySQL'],
  ['PostgreSQL', 'N', 'PostgreSQL'],
  ['Telnet', Buffer.from([0xff, 0xfd, 0x18]), 'Telnet'],
  ['the PROXY protocol as text', 'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n', 'the PROXY protocol, which balancers speak'],
  ['the PROXY protocol as bytes', '\r\n\r\n\0\r\nQUIT\n!\x11\0\x0C', 'the PROXY protocol, which balancers speak'],
  ['an unknown line', 'go away\n', 'another protocol (it sent “go away”)'],
  ['SOCKS', Buffer.from([5, 255]), 'another protocol (it sent the bytes 05 ff)'],
  ['a directory', Buffer.from('300c02010165070a010204000400', 'hex'), 'LDAP'],
];

describe.concurrent('a server that does not speak TLS is told by what it speaks', () => {
  test.each(SPOKEN)('%s', async (_, bytes, spoken) => {
    const { kind, code, message, hint } = await failureAt(bytes);
    expect([kind, code]).toEqual(['config', 'TLS_NOT_SPOKEN']);
    const then = spoken.includes('HTTP')
      ? 'TLS is turned off there, and plain HTTP is never used'
      : 'another server answers';
    expect(hint).toContain(`Check the port in server-url. If it is right, ask the operators of the service: ${then}`);
    expect(message).toContain(`: this port does not speak TLS: the server speaks ${spoken}`);
  });

  test('a server that closes without a byte stays an outage, with a sentence of its own', async () => {
    const { kind, code, message, hint } = await failureAt('');
    expect([kind, code]).toEqual(['service', 'CONNECTION_LOST']);
    expect(message).toMatch(/: the connection was closed before the server sent a byte\.$/);
    expect(hint).toMatch(/PROXY protocol/);
  });

  test('preflight says the same', async () => {
    const front = await startFront(() => ({ bytes: '220 mail.example.com ESMTP\r\n' }));
    const { server } = routeTo(front.url);
    const handshake = await inspectHandshake(routeTo(front.url), { listenMs: 0 });
    const facts = { server, anchors: [], now: new Date(), refusal: undefined, isAnswered: false };
    const [first] = describeTls(handshake, { ...facts, identity: undefined, obstacle: '' });
    expect(first).toMatchObject({ check: 'TLS version and cipher' });
    expect(JSON.stringify(first)).toContain('the server speaks SMTP');
  });
});

test.each([
  ['an alert of TLS', Buffer.from([21, 3, 3, 0, 2, 2, 80])],
  ['a handshake of TLS', Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0])],
  ['nothing', Buffer.alloc(0)],
])('%s is no other protocol', (_, bytes) => {
  expect(describeForeign(bytes)).toBeUndefined();
});

test('a long line is cut, and one with control characters is not shown', () => {
  expect(describeForeign(Buffer.from('x'.repeat(300)))).toBe(`speaks another protocol (it sent “${'x'.repeat(60)}…”)`);
  expect(describeForeign(Buffer.from([1]))).toBe('speaks another protocol (it sent the byte 01)');
  expect(describeForeign(Buffer.from('SSH-\u001B[31m\r\n'))).toBe('speaks SSH');
});

test('what answers in the tunnel of a proxy need not be the server', async () => {
  const proxy = await startProxy();
  const portal = await failureAt('HTTP/1.1 302 Found\r\nlocation: http://portal.example\r\n\r\n', proxy.port);
  expect([portal.kind, portal.code]).toEqual(['config', 'TLS_NOT_SPOKEN']);
  expect(portal.message).toContain('opened a tunnel, but what answers in it does not speak TLS: it speaks plain HTTP');
  expect(portal.hint).toMatch(/^The proxy, or a portal that demands a login,/);
  const silent = await failureAt('', proxy.port);
  await proxy.close();
  expect([silent.kind, silent.code]).toEqual(['service', 'CONNECTION_LOST']);
  expect(silent.message).toMatch(
    /: the tunnel that the proxy of https_proxy \(127\.0\.0\.1:\d+\) opened was closed before the server sent a byte\.$/,
  );
  expect(silent.hint).toMatch(
    /^Ask the operators of the proxy whether it reaches 127\.0\.0\.1:\d+ and its rules allow that/,
  );
  expect(silent.facts.unreached).toBe('no connection through the proxy was made');
});
