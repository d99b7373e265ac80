import { createServer } from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDiagnosis } from '../../src/connection/diagnosis/diagnosis.ts';
import { openTransport, type Transport } from '../../src/connection/transport.ts';
import { createPki } from '../../src/rehearsal/pki.ts';
import type { Failure } from '../../src/signing/policy/failure.ts';
import { listenInTest } from '../helpers/listen.ts';
import { openService, openWay, plantMany, signTree } from '../signing/signing-run.ts';
import { alertBytes, startFront } from './front.ts';
import { REQUEST, routeTo } from './open.ts';

const post = (transport: Transport): Promise<unknown> =>
  transport.post(REQUEST, new AbortController().signal).then(
    ({ status }) => status,
    (error: Failure) => [error.kind, error.code],
  );

const PLAIN_HTTP = 'HTTP/1.1 400 Bad Request\r\n\r\n';
const [BAD_RECORD_MAC, DECODE_ERROR, UNRECOGNIZED_NAME, INTERNAL_ERROR] = [20, 50, 112, 80];

describe('a first handshake that fails', () => {
  test.each([
    ['with plain HTTP', PLAIN_HTTP],
    ['with another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['with the alert bad record mac', alertBytes(BAD_RECORD_MAC)],
    ['with the alert decode error', alertBytes(DECODE_ERROR)],
  ])('%s is tried once more within a second, and nobody hears of it', async (_, bytes) => {
    const service = await openService();
    const front = await startFront(({ nth }) => (nth === 0 ? { bytes } : { to: service.port }));
    const run = await signTree({ ...service, url: front.url }, plantMany(3));
    expect(run.ending).toBeUndefined();
    expect(run.events).toEqual([]);
    expect(run.outcomes.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
  });

  test.each([
    ['plain HTTP', PLAIN_HTTP, 2, ['config', 'TLS_NOT_SPOKEN']],
    ['bytes that are no TLS', Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0]), 2, ['config', 'TLS_HANDSHAKE_FAILED']],
    ['the alert decode error', alertBytes(DECODE_ERROR), 2, ['config', 'TLS_HANDSHAKE_REFUSED']],
    ['the alert unrecognized name', alertBytes(UNRECOGNIZED_NAME), 3, ['config', 'TLS_HANDSHAKE_REFUSED']],
    ['the alert internal error', alertBytes(INTERNAL_ERROR), 1, ['service', 'CONNECTION_LOST']],
    ['an early end', '', 1, ['service', 'CONNECTION_LOST']],
  ])('with %s each time is told after so many dials', async (_, bytes, dials, told) => {
    const service = await openService();
    const front = await startFront(() => ({ bytes }));
    expect(await post(openWay({ ...service, url: front.url }))).toEqual(told);
    expect(front.callers).toHaveLength(dials);
  });
});

test('a server that worked before and now speaks another protocol has an outage, and is not taken for another server', async () => {
  const service = await openService();
  const front = await startFront(({ nth }) => (nth === 0 ? { to: service.port } : { bytes: PLAIN_HTTP }));
  const transport = openWay({ ...service, url: front.url });
  expect(await post(transport)).toBe(404);
  front.cut();
  expect(await post(transport)).toEqual(['service', 'CONNECTION_LOST']);
  expect(await post(transport)).toEqual(['service', 'TLS_NOT_SPOKEN']);
  expect(front.callers.length).toBeLessThanOrEqual(4);
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a server that closes after our certificate, over %s and without an alert, has probably refused it',
  async (version) => {
    const [pki, stranger] = await Promise.all([createPki(), createPki()]);
    const { cert, key } = pki.server;
    const strict = { requestCert: true, rejectUnauthorized: true, ca: stranger.root.cert, maxVersion: version };
    const server = createServer({ cert, key, ...strict }, (_, response) => response.end());
    const port = await listenInTest(server);
    const route = routeTo(pki, port);
    const transport = openTransport(route, { diagnosis: createDiagnosis(route, { anchors: [], now: Date.now }) });
    onTestFinished(() => transport.close());
    expect(await post(transport)).toEqual(['config', 'TLS_CLIENT_REJECTED']);
  },
);
