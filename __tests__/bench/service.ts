import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createPki } from '../../src/rehearsal/pki.ts';
import { freePort } from '../peers/http/process.ts';

/** A running nginx that asks for a client certificate, reads every body to its end, and answers after a delay. */
export interface Service {
  /** What `server-url` takes for answers after this many milliseconds. */
  url(delayMs: number): string;
  /** Paths of PEM files: what a client needs. */
  readonly client: { readonly cert: string; readonly key: string; readonly chain: string };
  /** Same certificates, for a server that stands in for nginx. */
  readonly server: { readonly cert: string; readonly key: string };
  stop(): Promise<void>;
}

/** The text of every signature. */
export const SIGNATURE =
  'MEUCIQDexampleexampleexampleexampleexampleexampleexampleAiEAexampleexampleexampleexampleexample=';
/** Path of the requests below `server-url`. */
export const SIGN_PATH = '/api/v1/sign_file';

const MODULES = '/usr/lib/nginx/modules';
const DELAYS_MS = [0, 450];

/** Starts the service with a throw-away PKI; everything it writes is below `directory`. */
export async function startService(directory: string): Promise<Service> {
  await access(join(MODULES, 'ngx_http_echo_module.so')).catch((cause: unknown) => {
    throw new Error('The bench needs nginx: apt-get install nginx-light libnginx-mod-http-echo', { cause });
  });
  const files = await writePki(directory);
  await mkdir(join(directory, 'bodies'));
  const port = await freePort();
  await writeFile(join(directory, 'nginx.conf'), configuration(directory, port));
  const child = spawn(
    'nginx',
    ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', join(directory, 'errors')],
    {
      stdio: 'inherit',
    },
  );
  const exited = once(child, 'exit');
  await untilReady(child, directory);
  return {
    url: (delayMs) => `https://127.0.0.1:${port}/${delayMs}`,
    ...files,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function writePki(directory: string): Promise<Pick<Service, 'client' | 'server'>> {
  const pki = await createPki();
  const write = async (name: string, content: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  return {
    client: {
      cert: await write('client.pem', pki.client.cert),
      key: await write('client.key', pki.client.key),
      chain: await write('root.pem', pki.root.cert),
    },
    server: {
      cert: await write('server.pem', pki.server.cert),
      key: await write('server.key', pki.server.key),
    },
  };
}

function configuration(directory: string, port: number): string {
  const locations = DELAYS_MS.map((ms) => {
    const wait = ms > 0 ? `echo_sleep ${ms / 1000}; ` : '';
    return `location /${ms}/ { echo_read_request_body; ${wait}echo -n '{"signData":"${SIGNATURE}"}'; }`;
  });
  return `
    daemon off;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    worker_processes auto;
    pid ${directory}/pid;
    load_module ${MODULES}/ngx_http_echo_module.so;
    events { worker_connections 4096; }
    http {
      access_log off;
      default_type application/json;
      keepalive_requests 1000000;
      client_max_body_size 0;
      client_body_buffer_size 64k;
      client_body_temp_path ${directory}/bodies;
      ${['proxy', 'fastcgi', 'uwsgi', 'scgi'].map((use) => `${use}_temp_path ${directory}/unused;`).join(' ')}
      server {
        listen 127.0.0.1:${port} ssl http2 backlog=4096;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_client_certificate root.pem;
        ssl_verify_client on;
        ${locations.join('\n')}
      }
    }`;
}

async function untilReady(child: ChildProcess, directory: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) throw new Error(`nginx: ${await readFile(join(directory, 'errors'), 'utf8')}`);
    const pid = await readFile(join(directory, 'pid'), 'utf8').catch(() => '');
    if (pid !== '') return;
    await delay(50);
  }
  throw new Error('nginx did not start');
}
