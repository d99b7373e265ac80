import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { connect, createServer, type TlsOptions } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTlsContext } from '../../src/connection/connect.ts';
import { type HandshakeRecord, readHandshake } from '../../src/connection/diagnosis/handshake-record.ts';
import { type Handshake, inspectHandshake } from '../../src/connection/diagnosis/probe.ts';
import { recordStream } from '../../src/connection/diagnosis/recorded-stream.ts';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';

let pki: Pki;
beforeAll(async () => {
  pki = await createPki({ intermediate: true });
});
afterAll(() => {});

async function withServer<T>(options: TlsOptions, use: (port: number) => Promise<T>): Promise<T> {
  const { cert, key } = pki.server;
  const server = createServer({ cert, key, ca: pki.root.cert, ...options }, (socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

const look = (port: number, client: Pki['client'] | undefined = pki.client): Promise<Handshake> =>
  inspectHandshake({
    hostname: '127.0.0.1',
    port,
    secureContext: createTlsContext({ cert: client?.cert, key: client?.key, ca: [pki.root.cert] }),
    timeoutMs: 5000,
    listenMs: 50,
  });

describe('a handshake', () => {
  const kinds: readonly (readonly [string, TlsOptions, string])[] = [
    ['AES-128', { ciphers: 'TLS_AES_128_GCM_SHA256' }, 'TLS_AES_128_GCM_SHA256'],
    ['AES-256', { ciphers: 'TLS_AES_256_GCM_SHA384' }, 'TLS_AES_256_GCM_SHA384'],
    ['ChaCha20', { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }, 'TLS_CHACHA20_POLY1305_SHA256'],
    ['a second hello', { ecdhCurve: 'P-521' }, 'TLS_AES_256_GCM_SHA384'],
    ['TLS 1.2', { maxVersion: 'TLSv1.2' }, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  ];

  test.each(kinds)('with %s is read back whole', async (_, options, cipher) => {
    const seen = await withServer({ ...options, requestCert: true }, (port) => look(port));
    expect(seen).toMatchObject({ cipher, isClientAsked: true, end: 'open', untrusted: undefined });
    expect(seen.serverChain.map(({ subject }) => subject).slice(0, 2)).toEqual([
      'CN=rehearsal-service',
      'CN=Rehearsal Intermediate CA',
    ]);
    expect(seen.presented).toBeGreaterThanOrEqual(2);
  });

  test.each(kinds)('with %s shows that no client certificate was asked for', async (_, options) => {
    const seen = await withServer(options, (port) => look(port));
    expect(seen).toMatchObject({ isClientAsked: false, presented: undefined, end: 'open' });
  });

  test('writes nothing but the handshake', async () => {
    const received: Buffer[] = [];
    const { cert, key } = pki.server;
    const server = createServer({ cert, key }, (socket) => socket.on('data', (chunk) => received.push(chunk)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await look((server.address() as AddressInfo).port);
    server.close();
    expect(received).toEqual([]);
  });

  test('that nobody answers ends in time', async () => {
    const server = createServer();
    server.removeAllListeners('connection');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const seen = await inspectHandshake({
      hostname: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      secureContext: createTlsContext({ ca: [pki.root.cert] }),
      timeoutMs: 100,
      listenMs: 50,
    });
    server.close();
    expect(seen).toMatchObject({ end: 'error', error: { code: 'CONNECT_TIMEOUT' }, handshakeMs: undefined });
  });
});

describe('any bytes', () => {
  async function recordOne(options: TlsOptions): Promise<HandshakeRecord> {
    return withServer({ ...options, requestCert: true }, async (port) => {
      const raw = connectTcp(port, '127.0.0.1');
      const { stream, received, sent } = recordStream(raw);
      const keyLog: string[] = [];
      const { cert, key } = pki.client;
      const socket = connect({ socket: stream, cert, key, ca: pki.root.cert, host: '127.0.0.1' });
      socket.on('keylog', (line: Buffer) => keyLog.push(line.toString().trim()));
      await once(socket, 'secureConnect');
      socket.destroy();
      return { received: [Buffer.concat(received)], sent: [Buffer.concat(sent)], keyLog };
    });
  }

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'of %s, cut off or changed, are read without an error',
    async (version) => {
      const record = await recordOne({ minVersion: version, maxVersion: version });
      const [received = Buffer.alloc(0), sent = Buffer.alloc(0)] = [record.received[0], record.sent[0]];
      expect(readHandshake(record)).toMatchObject({ version, isClientAsked: true });
      fc.assert(
        fc.property(fc.nat(received.length), fc.nat(255), fc.nat(received.length), (at, byte, end) => {
          const changed = Buffer.from(received);
          if (at < changed.length) changed[at] = byte;
          const facts = readHandshake({
            ...record,
            received: [changed.subarray(0, end)],
            sent: [sent.subarray(0, at)],
          });
          expect([undefined, 'TLSv1.2', 'TLSv1.3']).toContain(facts.version);
        }),
        { numRuns: 300 },
      );
    },
  );

  test('at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.string()), (bytes, keyLog) => {
        readHandshake({ received: [bytes], sent: [bytes], keyLog });
      }),
    );
  });
});
