import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { createTlsContext } from '../../src/connection/route.ts';
import { openTransport } from '../../src/connection/transport.ts';
import { createPki } from '../../src/rehearsal/pki.ts';
import { listenInTest } from '../helpers/listen.ts';

test('a new connection resumes the session of an earlier one', async () => {
  const { root, server: identity, client } = await createPki();
  const resumed: boolean[] = [];
  const options = { cert: identity.cert, key: identity.key, ca: root.cert, requestCert: true };
  const server = createServer(options, (request, response) => {
    request.resume().on('end', () => response.setHeader('connection', 'close').end('{}'));
  });
  server.on('secureConnection', (socket: TLSSocket) => resumed.push(socket.isSessionReused()));
  const port = await listenInTest(server);
  const transport = openTransport({
    server: new URL(`https://127.0.0.1:${port}`),
    secureContext: createTlsContext({ cert: client.cert, key: client.key, ca: [root.cert] }),
    timeoutMs: 5000,
  });
  onTestFinished(() => transport.close());
  for (let turn = 0; turn < 4; turn++) {
    const body = Buffer.from('{}');
    const headers = ['content-length', String(body.length)];
    await transport.post({ method: 'POST', path: '/', headers, body }, new AbortController().signal);
  }
  expect(resumed).toEqual([false, true, true, true]);
});
