import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { createDiagnosis } from '../../src/connection/diagnosis/diagnosis.ts';
import { createTlsContext, type Route } from '../../src/connection/route.ts';
import { openTransport } from '../../src/connection/transport.ts';
import { createPki } from '../../src/rehearsal/pki.ts';
import { createClock } from '../../src/signing/schedule/clock.ts';
import { listenInTest } from '../helpers/listen.ts';
import { openService, plantMany, signTree } from '../signing/signing-run.ts';

test('a tunnel without its service gets one request, though the look at what is wrong takes its time', async () => {
  const pki = await createPki();
  let connections = 0;
  const server = createServer({ ...pki.server, ca: pki.root.cert, requestCert: true }, (socket) => {
    connections++;
    // The tunnel first tries to reach its service.
    socket.on('error', () => {}).once('data', () => setTimeout(() => socket.destroy(), 20));
    setTimeout(() => socket.destroy(), 300);
  });
  server.on('tlsClientError', () => {});
  const port = await listenInTest(server);
  const { client, root } = pki;
  const route: Route = {
    server: new URL(`https://127.0.0.1:${port}`),
    secureContext: createTlsContext({ cert: client.cert, key: client.key, ca: [root.cert] }),
    timeoutMs: 10_000,
  };
  const diagnosis = createDiagnosis(route, { anchors: [new X509Certificate(root.cert)], now: Date.now });
  const transport = openTransport(route, { diagnosis });
  onTestFinished(() => transport.close());
  const clock = createClock();
  const run = await signTree({ ...(await openService()), url: route.server.href }, plantMany(50), {
    transport,
    // The head start of the canary outlasts this server on every machine.
    clock: { ...clock, after: (ms, call) => clock.after(ms * 40, call) },
  });
  expect(run.ending?.code).toBe('TLS_CLIENT_REJECTED');
  expect(run.ending?.message).toContain('it probably rejects that certificate');
  expect(run.requests).toBe(1);
  expect(connections).toBeLessThan(30);
});
