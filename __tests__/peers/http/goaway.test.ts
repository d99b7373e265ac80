import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { createTlsContext, type Route } from '../../../src/connection/route.ts';
import { openTransport } from '../../../src/connection/transport.ts';
import { plantMany, signTree } from '../../signing/signing-run.ts';
import { World } from '../servers/world.ts';
import { startPeer } from './process.ts';

test.each([
  [50, 300],
  [1000, 3200],
])(
  'nginx ends each HTTP/2 connection after %i requests: each of %i requests is answered once, and no repeat is counted',
  async (most, count) => {
    const world = new World();
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
    const [cert, key, chain] = [world.pem('client'), world.pki.text('client.key'), world.pem('root')];
    const url = `https://localhost:${peer.port}`;
    const secureContext = createTlsContext({ cert, key, ca: [chain] });
    const route: Route = { server: new URL(url), secureContext, timeoutMs: 10_000 };
    const credentials = { appKey: 'app', appSecret: 'secret', cert, key, chain, verifyKeyPem: '' };
    const target = { url, signPath: '/sign', appKey: 'app', appSecret: 'secret', credentials };
    const transport = openTransport(route, { protocol: 'http2' });
    const run = await signTree(target, plantMany(count), { transport, algorithm: 'none' });
    expect(run.ending).toBeUndefined();
    expect(run.outcomes.filter(({ status }) => status === 'signed')).toHaveLength(count);
    expect(run.events).toEqual([]);
    expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(count);
  },
);
