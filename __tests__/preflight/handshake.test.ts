import { randomBytes } from 'node:crypto';
import { createServer as createTcpServer } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Handshake, inspectHandshake } from '../../src/connection/diagnosis/probe.ts';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { routeTo } from '../connection/open.ts';
import { listen, withServer as withListening } from '../helpers/listen.ts';

let pki: Pki;
beforeAll(async () => {
  pki = await createPki({ intermediate: true });
});

function withServer<T>(options: TlsOptions, use: (port: number) => Promise<T>): Promise<T> {
  const { cert, key } = pki.server;
  const server = createServer({ cert, key, ca: pki.root.cert, ...options }, (socket) => socket.on('error', () => {}));
  return withListening(server, use);
}

const look = (port: number): Promise<Handshake> => inspectHandshake(routeTo(pki, port), { listenMs: 50 });

describe('a handshake', () => {
  const kinds: readonly (readonly [string, TlsOptions, string])[] = [
    ['AES-128', { ciphers: 'TLS_AES_128_GCM_SHA256' }, 'TLS_AES_128_GCM_SHA256'],
    ['AES-256', { ciphers: 'TLS_AES_256_GCM_SHA384' }, 'TLS_AES_256_GCM_SHA384'],
    ['ChaCha20', { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }, 'TLS_CHACHA20_POLY1305_SHA256'],
    ['a second hello', { ecdhCurve: 'P-521' }, 'TLS_AES_256_GCM_SHA384'],
    ['TLS 1.2', { maxVersion: 'TLSv1.2' }, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  ];

  test.each(kinds)('with %s is read whole', async (_, options, cipher) => {
    const seen = await withServer({ ...options, requestCert: true }, (port) => look(port));
    expect(seen).toMatchObject({ cipher, isClientAsked: true, end: 'open', untrusted: undefined });
    expect(seen.serverChain.map(({ subject }) => subject).slice(0, 2)).toEqual([
      'CN=rehearsal-service',
      'CN=Rehearsal Intermediate CA',
    ]);
  });

  test.each(kinds)('with %s shows that no client certificate was asked for', async (_, options) => {
    const seen = await withServer(options, (port) => look(port));
    expect(seen).toMatchObject({ isClientAsked: false, end: 'open' });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'that the server breaks off over %s still shows what the server sent and asked for',
    async (version) => {
      const stranger = await createPki();
      const options = { requestCert: true, rejectUnauthorized: true, ca: stranger.root.cert, maxVersion: version };
      const seen = await withServer(options, (port) => inspectHandshake(routeTo(pki, port), { listenMs: 2000 }));
      expect(seen).toMatchObject({ version, isClientAsked: true });
      expect(seen.end).not.toBe('open');
      expect(seen.serverChain[0]?.subject).toBe('CN=rehearsal-service');
    },
  );

  test('is no handshake where the server answers with any other bytes', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(randomBytes(200)));
    });
    const port = await listen(server);
    for (let turn = 0; turn < 20; turn++) {
      const seen = await look(port);
      expect(seen).toMatchObject({ version: undefined, isClientAsked: undefined, serverChain: [] });
      expect(seen.end).not.toBe('open');
    }
    server.close();
  });

  test('writes nothing but the handshake', async () => {
    const received: Buffer[] = [];
    const { cert, key } = pki.server;
    const server = createServer({ cert, key }, (socket) => socket.on('data', (chunk) => received.push(chunk)));
    const port = await listen(server);
    await look(port);
    server.close();
    expect(received).toEqual([]);
  });

  test('that is not answered ends at the time limit', async () => {
    const server = createServer();
    server.removeAllListeners('connection');
    const port = await listen(server);
    const route = routeTo(pki, port, { timeoutMs: 100 });
    const seen = await inspectHandshake(route, { listenMs: 50 });
    server.close();
    expect(seen).toMatchObject({ end: 'error', error: { code: 'CONNECT_TIMEOUT' }, handshakeMs: undefined });
  });
});
