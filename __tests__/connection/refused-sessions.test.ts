import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import { listenInTest } from '../helpers/listen.ts';
import { openService, openWay, plantMany, signTree } from '../signing/signing-run.ts';
import { alertBytes, type Front, startFront } from './front.ts';
import { openTo, REQUEST } from './open.ts';

const INTERNAL_ERROR = 80;
const HANDSHAKE_FAILURE = 40;
const LONG_MS = 120_000;

test.each([
  ['the alert that OpenSSL sends', alertBytes(INTERNAL_ERROR)],
  ['the alert that also refuses certificates', alertBytes(HANDSHAKE_FAILURE)],
  ['no word', Buffer.alloc(0)],
])(
  'a server that breaks off every resumed session with %s signs all files, and no attempt is counted',
  async (_, bytes) => {
    const service = await openService({ script: () => ({ kind: 'delay', ms: 100 }) });
    const front = await startFront(({ resumes }) => (resumes ? { bytes } : { to: service.port }));
    // Eighty handshakes of both sides in one process take seconds on a busy machine: no limit of time may count an attempt.
    const transport = openWay({ ...service, url: front.url }, LONG_MS);
    const run = await signTree(service, plantMany(40), { transport, timeoutMs: LONG_MS });
    expect(run.ending).toBeUndefined();
    expect(run.outcomes.map(({ attempts }) => attempts)).toEqual(Array.from({ length: 40 }, () => 1));
    expect(front.callers.some(({ resumes }) => resumes)).toBe(true);
  },
);

/** Starts a server that closes after each answer, and a way to it for single requests. */
async function openServer(
  answer: (socket: TLSSocket) => 'answer' | 'drop' | number,
  through: (port: number) => Promise<string> = async (port) => `https://127.0.0.1:${port}`,
): Promise<{ readonly post: () => Promise<unknown> }> {
  const pki = await createPki();
  const options = { cert: pki.server.cert, key: pki.server.key, ca: pki.root.cert, requestCert: true };
  const server = createServer(options, (request, response) => {
    const what = answer(request.socket as TLSSocket);
    if (what === 'drop') return void request.socket.destroy();
    if (typeof what === 'number') response.statusCode = what;
    request.resume().on('end', () => response.setHeader('connection', 'close').end('{}'));
  });
  const port = await listenInTest(server);
  const transport = openTo(pki, port, { server: new URL(await through(port)), timeoutMs: LONG_MS });
  return {
    post: () =>
      transport.post(REQUEST, new AbortController().signal).then(
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

test.each([400, 401, 403, 500])(
  'a server that answers %i to each resumed session costs one repeat, which is not counted, at most twice',
  async (status) => {
    const resumed: boolean[] = [];
    const { post } = await openServer((socket) => {
      resumed.push(socket.isSessionReused());
      return socket.isSessionReused() ? status : 'answer';
    });
    const answers: unknown[] = [];
    for (let turn = 0; turn < 8; turn++) answers.push(await post());
    const failures = answers.filter((answer) => answer instanceof Failure);
    expect(failures.map(({ facts }) => facts.staleConnection)).toEqual([true, true]);
    expect(resumed).toEqual([false, true, false, true, false, false, false, false]);
  },
);

test('once a resumed session has brought a good answer, a refusal on one is what it says', async () => {
  let turns = 0;
  const { post } = await openServer(() => (turns++ === 2 ? 403 : 'answer'));
  expect([await post(), await post(), await post(), await post()]).toEqual([200, 200, 403, 200]);
});
