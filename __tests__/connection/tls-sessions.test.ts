import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { listenInTest } from '../helpers/listen.ts';
import { openTo, REQUEST } from './open.ts';

test('a new connection resumes the session of an earlier one', async () => {
  const pki = await createPki();
  const resumed: boolean[] = [];
  const options = { cert: pki.server.cert, key: pki.server.key, ca: pki.root.cert, requestCert: true };
  const server = createServer(options, (request, response) => {
    request.resume().on('end', () => response.setHeader('connection', 'close').end('{}'));
  });
  server.on('secureConnection', (socket: TLSSocket) => resumed.push(socket.isSessionReused()));
  const port = await listenInTest(server);
  const transport = openTo(pki, port);
  for (let turn = 0; turn < 4; turn++) await transport.post(REQUEST, new AbortController().signal);
  expect(resumed).toEqual([false, true, true, true]);
});
