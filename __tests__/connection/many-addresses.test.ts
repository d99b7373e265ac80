import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, isIP, type Server, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { inspectHandshake } from '../../src/connection/diagnosis/probe.ts';
import { AddressBook } from '../../src/connection/dialling/addresses.ts';
import type { WireRequest } from '../../src/connection/exchange.ts';
import { createTlsContext, type Route } from '../../src/connection/route.ts';
import { openTransport } from '../../src/connection/transport.ts';
import { describeNetwork, failureOf } from '../../src/preflight/network-findings.ts';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import { makeDead } from '../helpers/dead-address.ts';

const [GOOD, DEAD, ALSO_DEAD, REFUSING] = ['127.0.0.1', '127.0.0.2', '127.0.0.4', '127.0.0.3'];
/** An address that the system refuses to dial at once, because it belongs to everybody. */
const FORBIDDEN = '255.255.255.255';
const SIX = [10, 11, 12, 13, 14, 15].map((last) => `127.0.0.${last}`);
const HOST = 'sign.example.test';
const REQUEST: WireRequest = { method: 'POST', path: '/', headers: [], body: Buffer.from('x') };
let pki: Pki;

beforeAll(async () => {
  pki = await createPki({ extraHosts: [HOST] });
});

async function listen(server: Server, address: string, port = 0): Promise<number> {
  server.listen(port, address);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Starts a signing service of one answer on 127.0.0.1. */
function startService(): Promise<number> {
  const server = createServer({ ...pki.server, ca: pki.root.cert, requestCert: true }, (socket) => {
    socket.on('error', () => {}).on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
  });
  return listen(server, GOOD);
}

function bookOf(names: Readonly<Record<string, readonly string[]>>): AddressBook {
  return new AddressBook(async (name) => (names[name] ?? []).map((address) => ({ address, family: isIP(address) })));
}

function routeTo(port: number, addresses: readonly string[], timeoutMs: number): Route {
  const { client, root } = pki;
  return {
    server: new URL(`https://${HOST}:${port}`),
    secureContext: createTlsContext({ cert: client.cert, key: client.key, ca: [root.cert] }),
    timeoutMs,
    addressBook: bookOf({ [HOST]: addresses }),
  };
}

/** Returns the address that the next dial begins with. */
async function next({ addressBook }: Route, name = HOST): Promise<string | undefined> {
  return (await addressBook?.find(name, 1000))?.all[0]?.address;
}

/** Sends requests one after the other; returns what became of each, and how long it took. */
async function send(route: Route, count = 1): Promise<readonly { readonly told: string; readonly ms: number }[]> {
  const transport = openTransport(route);
  onTestFinished(() => transport.close());
  const results: { told: string; ms: number }[] = [];
  for (let turn = 0; turn < count; turn++) {
    const startedAt = performance.now();
    const told = await transport.post(REQUEST, AbortSignal.timeout(60_000)).then(
      ({ status }) => `${status}`,
      (error: Error) => error.message,
    );
    results.push({ told, ms: performance.now() - startedAt });
  }
  return results;
}

describe.runIf(process.platform === 'linux')('a host with several addresses', () => {
  test.each([
    ['a dead one first', [DEAD, GOOD], 1],
    ['a dead one last', [GOOD, DEAD], 0],
    ['a dead one of IPv6 first', ['::1', GOOD], 1],
    ['three dead ones first', [DEAD, ALSO_DEAD, '::1', GOOD], 3],
    ['one that refuses first', [REFUSING, GOOD], 0],
    ['one that must not be dialled first', [FORBIDDEN, GOOD], 0],
    ['six that refuse first, whose share is no whole number', [...SIX, GOOD], 0],
  ])('%s: the good one is found, and each dead one costs its share once', async (_, addresses, dead) => {
    const port = await startService();
    for (const address of addresses.slice(0, dead)) await makeDead(address, port);
    const timeoutMs = 2000;
    const route = routeTo(port, addresses, timeoutMs);
    const [first, second] = await send(route, 2);
    expect([first?.told, second?.told]).toEqual(['200', '200']);
    expect(first?.ms).toBeGreaterThan(dead * Math.min(2500, timeoutMs / addresses.length) * 0.95);
    expect(await next(route)).toBe(GOOD);
  });

  test('the probe names the good one, and the others with what they did', async () => {
    const port = await startService();
    await makeDead(DEAD, port);
    const seen = await inspectHandshake(routeTo(port, [REFUSING, DEAD, GOOD], 900), { listenMs: 1 });
    expect([seen.end, seen.address]).toEqual(['open', GOOD]);
    expect(seen.deadAddresses).toEqual([`${REFUSING} (refused)`, `${DEAD} (no answer)`]);
    const [name, tcp] = describeNetwork(seen, new URL(`https://${HOST}:${port}`), undefined);
    expect([name?.level, tcp?.level]).toEqual(['ok', 'warning']);
    expect(tcp?.what).toContain(`connected to ${GOOD}:${port}; other addresses of the host cannot be connected: `);
  });

  test.each([
    ['refuse and drop', [REFUSING, DEAD], `${REFUSING} (refused), ${DEAD} (no answer)`],
    ['drop and refuse', [DEAD, REFUSING], `${DEAD} (no answer), ${REFUSING} (refused)`],
    ['all drop', [DEAD, ALSO_DEAD], `${DEAD} (no answer), ${ALSO_DEAD} (no answer)`],
  ])('when they %s, the sentence says what each one did, also where the time ends', async (_, addresses, told) => {
    const port = await startService();
    for (const address of addresses.filter((each) => each !== REFUSING)) await makeDead(address, port);
    const route = routeTo(port, addresses, 2000);
    const sentence = `https://${HOST}:${port}: no address of the host can be reached: ${told}.`;
    expect((await send(route))[0]?.told).toBe(sentence);
    const seen = await inspectHandshake(routeTo(port, addresses, 2000), { listenMs: 1 });
    expect(failureOf(seen, route.server)?.message).toBe(sentence);
  });

  test('a single address is named as well', async () => {
    const port = await startService();
    await makeDead(DEAD, port);
    const [dropped] = await send(routeTo(port, [DEAD], 300));
    expect(dropped?.told).toBe(`No connection to ${HOST}:${port} (${DEAD}) within 0.3 s.`);
    const [refused] = await send(routeTo(port, [REFUSING], 300));
    expect(refused?.told).toBe(
      `https://${HOST}:${port}: the host name leads to ${REFUSING}, which is this runner itself, and nothing listens there.`,
    );
  });

  test('an address that breaks off TLS is tried last from then on', async () => {
    const port = await startService();
    await listen(
      createTcpServer((socket) => socket.destroy()),
      REFUSING,
      port,
    );
    const [first, second] = await send(routeTo(port, [REFUSING, GOOD], 2000), 2);
    expect(first?.told).toContain('the connection was lost during the TLS handshake');
    expect(second?.told).toBe('200');
  });

  test('an address that takes connections and says nothing is told as such, and tried last from then on', async () => {
    const port = await startService();
    const held: Socket[] = [];
    await listen(
      createTcpServer((socket) => void held.push(socket.on('error', () => {}))),
      REFUSING,
      port,
    );
    onTestFinished(() => held.forEach((socket) => void socket.destroy()));
    const [first, second] = await send(routeTo(port, [REFUSING, GOOD], 400), 2);
    expect(first?.told).toBe(
      `https://${HOST}:${port}: TCP is connected, but no answer to the TLS handshake came within 0.4 s.`,
    );
    expect(second?.told).toBe('200');
  });
});

test('a look-up that takes too long is no fault of the server', async () => {
  const route = { ...routeTo(443, [], 100), addressBook: new AddressBook(() => new Promise(() => {})) };
  expect((await send(route))[0]?.told).toBe(`https://${HOST}: the name server did not answer.`);
});

test.each([
  [
    { code: 'EAI_FAIL', syscall: 'getaddrinfo' },
    'the name server answered the look-up of the host name with a failure (EAI_FAIL)',
  ],
  [{ code: 'EAI_MEMORY', syscall: 'getaddrinfo' }, 'the look-up of the host name failed (EAI_MEMORY)'],
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'the host name does not exist'],
])('a look-up that fails is told as such: %j', async (error, sentence) => {
  const fails = new AddressBook(() => Promise.reject(Object.assign(new Error('no'), error)));
  const [{ told } = { told: '' }] = await send({ ...routeTo(443, [], 1000), addressBook: fails });
  expect(told).toBe(`https://${HOST}: ${sentence}.`);
});

describe.runIf(process.platform === 'linux')('a proxy with several addresses', () => {
  async function startProxy(): Promise<number> {
    const server = createHttpServer().on('connect', ({ url = '' }, client: Socket) => {
      const to = connect(Number(url.split(':')[1]), GOOD, () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
      client
        .on('error', () => to.destroy())
        .pipe(to.on('error', () => client.destroy()))
        .pipe(client);
    });
    return listen(server, GOOD);
  }

  const through = (port: number, proxyPort: number, addresses: readonly string[], timeoutMs: number): Route => ({
    ...routeTo(port, [], timeoutMs),
    proxy: { url: new URL(`http://proxy.example.test:${proxyPort}`), variable: 'https_proxy' },
    addressBook: bookOf({ 'proxy.example.test': addresses }),
  });

  test('is reached at the good one', async () => {
    const [port, proxyPort] = [await startService(), await startProxy()];
    await makeDead(DEAD, proxyPort);
    const route = through(port, proxyPort, [DEAD, REFUSING, GOOD], 3000);
    const [first, second] = await send(route, 2);
    expect([first?.told, second?.told]).toEqual(['200', '200']);
    expect(first?.ms).toBeGreaterThan(900);
    expect(await next(route, 'proxy.example.test')).toBe(GOOD);
  });

  test('says what each one did, and what is missing where TCP is connected', async () => {
    const proxyPort = await listen(
      createTcpServer((socket) => socket.on('error', () => {}).resume()),
      GOOD,
    );
    await makeDead(DEAD, proxyPort);
    const [none] = await send(through(443, proxyPort, [REFUSING, DEAD], 400));
    const each = `${REFUSING} (refused), ${DEAD} (no answer)`;
    const proxy = `The proxy of https_proxy (proxy.example.test:${proxyPort})`;
    expect(none?.told).toBe(`${proxy} cannot be reached at any of its addresses: ${each}.`);
    const [silent] = await send(through(443, proxyPort, [GOOD], 400));
    expect(silent?.told).toBe(`${proxy} did not answer CONNECT within 0.4 s.`);
    const [dead] = await send(through(443, proxyPort, [DEAD], 400));
    expect(dead?.told).toContain(`${proxy} does not answer; a firewall that drops packets`);
  });
});
