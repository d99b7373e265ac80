import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDiagnosis } from '../../src/connection/diagnosis/diagnosis.ts';
import { createTlsContext, type Route } from '../../src/connection/route.ts';
import { openTransport, type Transport } from '../../src/connection/transport.ts';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { jsonAnswer } from '../../src/rehearsal/requests/call.ts';
import { meet } from '../faults/meeting.ts';
import { listen, listenInTest } from '../helpers/listen.ts';
import { webPage } from '../rehearsal/fault-samples.ts';
import { type Fault, type Script, type Service, startService } from '../rehearsal/faulty-service.ts';
import { openService, plantMany, type SigningRun, signTree, type Target } from '../signing/signing-run.ts';
import { startFront } from './front.ts';

/** A node whose certificate comes from another CA. */
async function startStranger(): Promise<{ readonly port: number; readonly pki: Pki }> {
  const pki = await createPki({ server: { commonName: 'the-bad-node', hosts: ['127.0.0.1'] } });
  const { cert, key } = pki.server;
  const server = createServer({ cert, key }, (socket) => socket.on('error', () => {}));
  server.on('tlsClientError', () => {});
  const port = await listenInTest(server);
  return { port, pki };
}

/** Opens a way whose failures say what the server sent, as the action does. */
function openExplainingWay({ url, credentials: { cert, key, chain } }: Target): Transport {
  const secureContext = createTlsContext({ cert, key, ca: [chain] });
  const route: Route = { server: new URL(url), secureContext, timeoutMs: 10_000 };
  const diagnosis = createDiagnosis(route, { anchors: [new X509Certificate(chain)], now: Date.now });
  const transport = openTransport(route, { diagnosis });
  onTestFinished(() => transport.close());
  return transport;
}

/** Signs 30 files, all connections of which are cut after the fifth; later ones lead where `later` says. */
async function signAcrossCut(
  later: (nth: number) => 'good' | 'bad',
  nodes?: { readonly service: Service; readonly bad: { readonly port: number } },
): Promise<SigningRun> {
  const { service, bad: stranger } = nodes ?? { service: await openService(), bad: await startStranger() };
  let [signed, dialled] = [0, 0];
  const front = await startFront(() => ({
    to: signed < 5 || later(dialled++) === 'good' ? service.port : stranger.port,
  }));
  return signTree({ ...service, url: front.url }, plantMany(30), {
    concurrency: 4,
    transport: openExplainingWay({ ...service, url: front.url }),
    onOutcome: ({ status }) => {
      if (status === 'signed' && ++signed === 5) front.cut();
    },
  });
}

test('one bad node of several costs its connections and no file', async () => {
  const run = await signAcrossCut((nth) => (nth < 2 ? 'bad' : 'good'));
  expect(run.ending).toBeUndefined();
  expect(run.outcomes.filter(({ status }) => status === 'signed')).toHaveLength(30);
  const met = run.events.flatMap((event) => (event.type === 'bad-node' ? [event.failure.message] : []));
  // Also the first one says what the node sent, after many connections to another one.
  expect(met).toEqual([expect.stringContaining('the-bad-node'), expect.stringContaining('the-bad-node')]);
});

test('one bad node of several costs no file before the first success either, once another connection was good', async () => {
  const [service, stranger] = [await openService({ delayMs: 300 }), await startStranger()];
  let dialled = 0;
  // Connections that are opened ahead of requests fail without a word.
  const isBad = (nth: number): boolean => nth > 0 && nth < 6;
  const front = await startFront(() => ({ to: isBad(dialled++) ? stranger.port : service.port }));
  const run = await signTree({ ...service, url: front.url }, plantMany(8), {
    concurrency: 4,
    transport: openExplainingWay({ ...service, url: front.url }),
  });
  expect(run.ending).toBeUndefined();
  expect(run.outcomes.filter(({ status }) => status === 'signed')).toHaveLength(8);
  const met = run.events.find(({ type }) => type === 'bad-node');
  expect(met?.type === 'bad-node' && met.failure.hint).toContain('several servers share its name');
});

test.each([
  [2, undefined],
  [3, 'TLS_SERVER_UNTRUSTED'],
])('a run whose first %i connections lead to a bad node ends with %s', async (bad, code) => {
  const [service, stranger] = [await openService(), await startStranger()];
  const front = await startFront(({ nth }) => ({ to: nth < bad ? stranger.port : service.port }));
  const transport = openExplainingWay({ ...service, url: front.url });
  const run = await signTree({ ...service, url: front.url }, plantMany(3), { transport, concurrency: 1 });
  expect(run.ending?.code).toBe(code);
  expect(front.callers.length).toBe(3);
});

/** A node with the certificate of the service that answers as nginx does when it does not know the CA of a client. */
async function startDoubter({ server: { cert, key } }: Pki): Promise<{ readonly port: number }> {
  const page = '<html><head><title>400 The SSL certificate error</title></head></html>';
  const node = createHttpsServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (_, response) => {
    response.writeHead(400, { connection: 'close', 'content-type': 'text/html' }).end(page);
  });
  await listen(node);
  onTestFinished(() => void node.close());
  return { port: Object(node.address()).port };
}

/** A node that does not trust the CA of our certificate, and says so by an alert after the handshake of TLS 1.3; Node's own server sends none. */
async function startRefuser({ server: { cert, key } }: Pki): Promise<{ readonly port: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'refuser-'));
  const files = Object.entries({ cert, key, CAfile: (await createPki()).root.cert });
  for (const [name, pem] of files) await writeFile(join(directory, name), pem);
  const options = files.flatMap(([name]) => [`-${name}`, join(directory, name)]);
  const rejects = ['-Verify', '1', '-verify_return_error', '-tls1_3', '-naccept', '9999'];
  const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...options, ...rejects]);
  onTestFinished(async () => {
    server.kill();
    await rm(directory, { recursive: true });
  });
  for await (const text of server.stdout) {
    const [, port] = /^ACCEPT .*:(\d+)$/m.exec(String(text)) ?? [];
    if (port) return { port: Number(port) };
  }
  throw new Error('openssl did not listen.');
}

describe.each([
  ['says so as nginx does', startDoubter],
  ['says so by an alert', startRefuser],
])('a node that does not know the CA of our certificate, and %s', (_, start) => {
  test('costs no file when the first connection leads to it', async () => {
    const pki = await createPki();
    const [service, bad] = [await openService({ pki }), await start(pki)];
    const front = await startFront(({ nth }) => ({ to: nth === 0 ? bad.port : service.port }));
    const target = { ...service, url: front.url };
    const run = await signTree(target, plantMany(9), { transport: openExplainingWay(target) });
    expect(run.ending).toBeUndefined();
    expect(run.outcomes.map(({ status }) => status)).toEqual(Array(9).fill('signed'));
  });

  test('ends the run after few requests when there is no other node', async () => {
    const pki = await createPki();
    const [service, bad] = [await openService({ pki }), await start(pki)];
    const front = await startFront(() => ({ to: bad.port }));
    const target = { ...service, url: front.url };
    const run = await signTree(target, plantMany(90), { transport: openExplainingWay(target) });
    expect(run.ending?.code).toBe('TLS_CLIENT_REJECTED');
    expect(run.ending?.hint).toMatch(/^Check that cert is the certificate/);
    expect(run.requests).toBeLessThanOrEqual(2);
  });

  test('costs no file after a success, and the hint of a lost run says that the certificate was accepted', async () => {
    const pki = await createPki();
    const nodes = { service: await openService({ pki }), bad: await start(pki) };
    const run = await signAcrossCut((nth) => (nth < 2 ? 'bad' : 'good'), nodes);
    expect(run.ending).toBeUndefined();
    expect(run.outcomes.filter(({ status }) => status === 'signed')).toHaveLength(30);
    const lost = await signAcrossCut(() => 'bad', nodes);
    expect(lost.ending?.code).toBe('TLS_CLIENT_REJECTED');
    expect(lost.ending?.hint).toMatch(/^The same certificate was accepted on other connections of this run/);
  });
});

test.each([
  ['the first two connections', 0, (nth: number) => nth < 2],
  // The service is slow, so that the other files are sent before its first answer.
  ['the second of three connections, each time', 700, (nth: number) => nth % 3 === 1],
])('a node that refuses our certificate by an alert costs no file when it gets %s', async (_, delayMs, isBad) => {
  const pki = await createPki();
  const [service, bad] = [await openService({ pki, delayMs }), await startRefuser(pki)];
  const front = await startFront(({ nth }) => ({ to: isBad(nth) ? bad.port : service.port }));
  const target = { ...service, url: front.url };
  const run = await signTree(target, plantMany(30), { transport: openExplainingWay(target) });
  expect(run.ending).toBeUndefined();
  expect(run.outcomes.map(({ status }) => status)).toEqual(Array(30).fill('signed'));
});

test('a node that speaks another protocol costs no file, also when its answer is the first one of a slow service', async () => {
  const pki = await createPki();
  const service = await openService({ pki, delayMs: 100 });
  const { cert, key } = pki.server;
  const node = createServer({ cert, key }, (socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.6\r\n'));
  node.on('tlsClientError', () => {});
  const port = await listenInTest(node);
  const front = await startFront(({ nth }) => ({ to: nth % 2 === 0 ? port : service.port }));
  const target = { ...service, url: front.url };
  const run = await signTree(target, plantMany(150), { transport: openExplainingWay(target) });
  expect(run.ending).toBeUndefined();
  expect(run.outcomes.map(({ status }) => status)).toEqual(Array(150).fill('signed'));
  expect(front.callers.length).toBeLessThan(200);
});

test.each([
  ['at once', 20, () => 0],
  // All files are sent at once, because the first answer is slow; the first repeat has its answer at once.
  ['after different times', 60, (nth: number) => (nth === 60 ? 0 : 100 + ((300 + nth * 379) % 700))],
])('a server whose every answer begins oddly, %s, is read leniently to the end', async (_, files, delayMs) => {
  let nth = 0;
  const pki = await createPki();
  const { cert, key } = pki.server;
  const answers = createServer({ cert, key }, (socket) => {
    socket.on('error', () => {});
    const body = '{"signData":"c2lnbmF0dXJl"}';
    socket.on('data', (bytes) => {
      if (!bytes.toString('latin1').endsWith('}')) return;
      const head = `http/1.1 200 ok\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
      setTimeout(() => socket.end(`${head}${body}`), delayMs(nth++));
    });
  });
  answers.on('tlsClientError', () => {});
  const port = await listenInTest(answers);
  const service = await openService({ pki });
  const target = { ...service, url: `https://127.0.0.1:${port}` };
  const run = await signTree(target, plantMany(files), { transport: openExplainingWay(target), algorithm: 'none' });
  expect(run.outcomes.map(({ status }) => status)).toEqual(Array(files).fill('signed'));
});

const brokenApi: Fault = { kind: 'answer', answer: jsonAnswer(500, { error: 'not set up' }) };
test.each([
  ['500', brokenApi],
  ['a web page', webPage('Welcome')],
] as const)(
  'a repeat goes over another connection than the attempts before: one of two nodes answers %s',
  async (_, fault) => {
    const pki = await createPki();
    const [service, bad] = [await openService({ pki }), await openService({ pki, script: () => fault })];
    const front = await startFront(({ nth }) => ({ to: nth % 2 === 1 ? bad.port : service.port }));
    const target = { ...service, url: front.url, appSecret: service.appSecret };
    const run = await signTree(target, plantMany(60), { transport: openExplainingWay(target) });
    expect(run.outcomes.map(({ status }) => status)).toEqual(Array(60).fill('signed'));
  },
);

test('a request takes none of the connections that earlier ones for the same purpose used', async () => {
  const service = await openService();
  const front = await startFront(() => ({ to: service.port }));
  const transport = openExplainingWay({ ...service, url: front.url });
  const post = async (used: number[]): Promise<number> => {
    const request = { method: 'GET', path: '/', headers: [], body: new Uint8Array(), used };
    await transport.post(request, AbortSignal.timeout(60_000));
    return front.callers.length;
  };
  const [one, other] = [[], []] as [number[], number[]];
  expect([await post(one), await post(one), await post(other), await post(other)]).toEqual([1, 2, 2, 3]);
  expect([one, other]).toEqual([
    [1, 2],
    [2, 3],
  ]);
});

test.each([
  [500, 2],
  [503, 1],
])(
  'a server that serves one connection at a time keeps no repeat waiting: after %i, %i connections are opened',
  async (status, dials) => {
    const { server, root } = await createPki();
    const node = createHttpsServer({ cert: server.cert, key: server.key }, (_, response) => {
      response.writeHead(status).end();
    });
    await listen(node);
    onTestFinished(() => void node.close());
    const front = await startFront(() => ({ to: Object(node.address()).port }));
    const secureContext = createTlsContext({ ca: [root.cert] });
    const transport = openTransport({ server: new URL(front.url), secureContext, timeoutMs: 10_000 });
    onTestFinished(() => transport.close());
    const used: number[] = [];
    for (let left = 2; left > 0; left--) {
      const request = { method: 'GET', path: '/', headers: [], body: new Uint8Array(), used };
      await transport.post(request, AbortSignal.timeout(60_000));
    }
    expect(front.callers).toHaveLength(dials);
    const open = await new Promise((resolve) => void node.getConnections((_, count) => resolve(count)));
    expect(open).toBe(1);
  },
);

test('repeats cost few connections when the first request of each length is refused', async () => {
  const script: Script = ({ index, nthOfLength }) => (index > 0 && nthOfLength === 0 ? brokenApi : undefined);
  const service = await openService({ script });
  const front = await startFront(() => ({ to: service.port }));
  const target = { ...service, url: front.url };
  const run = await signTree(target, plantMany(300), { transport: openExplainingWay(target) });
  expect(run.outcomes.filter(({ status }) => status === 'signed')).toHaveLength(300);
  expect(run.requests).toBeGreaterThan(390);
  expect(front.callers.length).toBeLessThan(120);
});

test('when every new connection leads to the bad node, the run ends with what that node sent', async () => {
  const run = await signAcrossCut(() => 'bad');
  expect(run.ending?.code).toBe('TLS_SERVER_UNTRUSTED');
  expect(run.ending?.message).toContain('the server sent 1 certificate, CN=the-bad-node');
  expect(run.events.filter(({ type }) => type === 'bad-node').length).toBeLessThan(6 * 4);
});

test('the summary of a green run mentions a bad node behind a balancer once', async () => {
  const stranger = await startStranger();
  let dialledAfterCut: number | undefined;
  let cut = (): void => {};
  const { run, signed } = await meet({
    files: Object.fromEntries(Array.from({ length: 30 }, (_, file) => [`file-${file}`, undefined])),
    inputs: { concurrency: '4' },
    before: async ({ service }) => {
      const front = await startFront(() => {
        const isBad = dialledAfterCut !== undefined && dialledAfterCut++ < 2;
        return { to: isBad ? stranger.port : service.port };
      });
      cut = () => front.cut();
      return { 'server-url': front.url };
    },
    onRequest: (name) => {
      if (name !== 'file-9' || dialledAfterCut !== undefined) return;
      dialledAfterCut = 0;
      cut();
    },
  });
  expect(run.exitCode, run.log).toBe(0);
  expect(signed.length).toBeGreaterThanOrEqual(30);
  const notes = run.summary.match(/One node behind the name of the service could not be used \(.*/g);
  expect(notes).toHaveLength(1);
  expect(run.log.match(/One node of the service cannot be used/g)).toHaveLength(1);
  expect(notes?.[0]).toMatch(/TLS&#95;SERVER&#95;UNTRUSTED.*repair it or take it out of the balancer/);
});

test('an address at which nobody listens any more is not called wrong after connections to it were good', async () => {
  const service = await startService({});
  const transport = openExplainingWay(service);
  const ask = (): Promise<unknown> =>
    transport.post({ method: 'GET', path: '/', headers: [], body: new Uint8Array() }, AbortSignal.timeout(60_000));
  await ask();
  await service.close();
  // The connection that was open may be noticed to be gone by the first request only.
  await ask().catch(() => {});
  await expect(ask()).rejects.toMatchObject({
    code: 'CONNECT_REFUSED',
    hint: expect.stringContaining('Connections to this address were good before in this run'),
  });
});
