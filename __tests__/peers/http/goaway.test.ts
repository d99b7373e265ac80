import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { createTlsContexts, type Route } from '../../../src/connection/route.ts';
import { openTransport } from '../../../src/connection/transport.ts';
import { plantMany, type SigningRun, signTree } from '../../signing/signing-run.ts';
import { apache } from '../servers/makes.ts';
import { World } from '../servers/world.ts';
import { startPeer } from './process.ts';

/** Starts nginx with HTTP/2, which ends each connection after so many requests; the file is its log of requests. */
async function startNginx(world: World, most: number): Promise<{ readonly url: string; readonly log: string }> {
  let log = '';
  const peer = await startPeer((port, directory) => {
    log = `${directory}/access.log`;
    return {
      command: 'nginx',
      args: ['-p', directory, '-e', 'stderr', '-c', `${directory}/nginx.conf`],
      files: {
        'server.pem': world.pem('server'),
        'server.key': world.pki.text('server.key'),
        'root.pem': world.pem('root'),
        'nginx.conf': `daemon off; master_process off; pid nginx.pid; error_log stderr; events {} http { access_log ${log};
client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s; keepalive_requests ${most};
server { listen 127.0.0.1:${port} ssl http2; ssl_certificate server.pem; ssl_certificate_key server.key;
ssl_client_certificate root.pem; ssl_verify_client on;
location / { default_type application/json; return 200 '{"signData":"QUJD"}'; } } }`,
      },
    };
  });
  onTestFinished(() => peer.close());
  return { url: `https://localhost:${peer.port}`, log };
}

/** Signs so many files over HTTP/2, all of which must be signed. */
async function signOverHttp2(world: World, url: string, count: number): Promise<SigningRun> {
  const [cert, key, chain] = [world.pem('client'), world.pki.text('client.key'), world.pem('root')];
  const route: Route = { server: new URL(url), ...createTlsContexts({ cert, key, ca: [chain] }), timeoutMs: 10_000 };
  const credentials = { appKey: 'app', appSecret: 'secret', cert, key, chain, verifyKeyPem: '' };
  const target = { url, signPath: '/sign', appKey: 'app', appSecret: 'secret', credentials };
  const transport = openTransport(route, { protocol: 'http2' });
  const run = await signTree(target, plantMany(count), { transport, algorithm: 'none' });
  expect(run.ending).toBeUndefined();
  expect(run.outcomes.filter(({ status }) => status === 'signed')).toHaveLength(count);
  return run;
}

test.each([
  [50, 300],
  [1000, 3200],
])(
  'nginx ends each HTTP/2 connection after %i requests: each of %i requests is answered once, and no repeat is counted',
  async (most, count) => {
    const world = new World();
    const { url, log } = await startNginx(world, most);
    const run = await signOverHttp2(world, url, count);
    expect(run.events).toEqual([]);
    expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(count);
  },
);

test('nginx that ends each HTTP/2 connection after one request is spoken to over HTTP/1.1, and each request is answered once', async () => {
  const world = new World();
  const { url, log } = await startNginx(world, 1);
  await signOverHttp2(world, url, 100);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(100);
  expect(lines.filter((line) => line.includes('HTTP/1.1')).length).toBeGreaterThan(50);
});

test('Apache that asks for the certificate for one path is spoken to over HTTP/1.1 and TLS 1.2, though HTTP/2 was wanted', async () => {
  const world = new World();
  const lines = '<Location />\nSSLVerifyClient require\n</Location>\nProtocols h2 http/1.1';
  const server = await apache(world, lines);
  onTestFinished(() => server.close());
  const run = await signOverHttp2(world, server.url, 30);
  // Only the first file tries these ways.
  expect(run.requests).toBeLessThan(34);
});
