import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { createTlsContext } from '../../src/connection/route.ts';
import { openTransport } from '../../src/connection/transport.ts';
import { createPki } from '../../src/rehearsal/pki.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import { openService, plantMany, signTree } from '../signing/signing-run.ts';
import { alertBytes, type Front, startFront } from './front.ts';

const INTERNAL_ERROR = 80;
const HANDSHAKE_FAILURE = 40;

test.each([
  ['the alert that OpenSSL sends', alertBytes(INTERNAL_ERROR)],
  ['the alert that also refuses certificates', alertBytes(HANDSHAKE_FAILURE)],
  ['no word', Buffer.alloc(0)],
])(
  'a server that breaks off every resumed session with %s signs all files, and no attempt is counted',
  async (_, bytes) => {
    const service = await openService({ script: () => ({ kind: 'delay', ms: 100 }) });
    const front = await startFront(({ resumes }) => (resumes ? { bytes } : { to: service.port }));
    const run = await signTree({ ...service, url: front.url }, plantMany(40));
    expect(run.ending).toBeUndefined();
    expect(run.outcomes.map(({ attempts }) => attempts)).toEqual(Array.from({ length: 40 }, () => 1));
    expect(front.callers.some(({ resumes }) => resumes)).toBe(true);
  },
);

/** Starts a server that closes after each answer, and a way to it for single requests. */
async function openServer(
  answer: (socket: TLSSocket) => 'answer' | 'drop',
  through: (port: number) => Promise<string> = async (port) => `https://127.0.0.1:${port}`,
): Promise<{ readonly post: () => Promise<unknown> }> {
  const { root, server: identity, client } = await createPki();
  const options = { cert: identity.cert, key: identity.key, ca: root.cert, requestCert: true };
  const server = createServer(options, (request, response) => {
    if (answer(request.socket as TLSSocket) === 'drop') return void request.socket.destroy();
    request.resume().on('end', () => response.setHeader('connection', 'close').end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port }: AddressInfo = Object(server.address());
  const transport = openTransport({
    server: new URL(await through(port)),
    secureContext: createTlsContext({ cert: client.cert, key: client.key, ca: [root.cert] }),
    timeoutMs: 5000,
  });
  onTestFinished(() => transport.close());
  const request = { method: 'POST', path: '/', headers: ['content-length', '2'], body: Buffer.from('{}') };
  return {
    post: () =>
      transport.post(request, new AbortController().signal).then(
        ({ status }) => status,
        (error: unknown) => error,
      ),
  };
}

test('after two refused sessions no connection offers one any more', async () => {
  let front: Front | undefined;
  const { post } = await openServer(
    () => 'answer',
    async (to) => {
      front = await startFront(({ resumes }) => (resumes ? { bytes: alertBytes(INTERNAL_ERROR) } : { to }));
      return front.url;
    },
  );
  for (let turn = 0; turn < 6; turn++) expect(await post()).toBe(200);
  expect(front?.callers.map(({ resumes }) => resumes)).toEqual([false, true, false, true, false, false, false, false]);
});

test('a server that takes a resumed session and then drops the request costs one repeat, which is not counted, at most twice', async () => {
  const resumed: boolean[] = [];
  const { post } = await openServer((socket) => {
    resumed.push(socket.isSessionReused());
    return socket.isSessionReused() ? 'drop' : 'answer';
  });
  const answers: unknown[] = [];
  for (let turn = 0; turn < 8; turn++) answers.push(await post());
  const failures = answers.filter((answer) => answer instanceof Failure);
  expect(failures.map(({ facts }) => facts.staleConnection)).toEqual([true, true]);
  expect(resumed).toEqual([false, true, false, true, false, false, false, false]);
});
