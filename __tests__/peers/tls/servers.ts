import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../http/process.ts';
import type { Rejects } from './identities.ts';

/** Servers of different makes that demand a client certificate. */
export const MAKES = ['nginx', 'haproxy', 'openssl s_server', 'node:https'] as const;
export type Make = (typeof MAKES)[number];
type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** A running server; what it serves does not matter. */
export interface Peer {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a server of this make that speaks one version of TLS and checks clients against the root and the revocations. */
export async function startPeer(make: Make, version: TlsVersion, rejects: Rejects): Promise<Peer> {
  const { pki, revocations } = rejects;
  const port = await freePort();
  const files = new Files();
  const setup: Setup = {
    port,
    version,
    cert: files.write('server.pem', pki.server.cert),
    key: files.write('server.key', pki.server.key),
    both: files.write('both.pem', pki.server.cert + pki.server.key),
    ca: files.write('ca.pem', pki.root.cert),
    crl: files.write('crl.pem', revocations),
    write: (name, text) => files.write(name, text),
    directory: files.directory,
  };
  if (make === 'node:https') return startNode(setup, files, rejects);
  const child = spawnServer(make, setup);
  await waitForPort(port, child);
  return {
    port,
    async close() {
      if (child.exitCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGTERM');
        const patience = setTimeout(() => child.kill('SIGKILL'), 2000);
        await gone;
        clearTimeout(patience);
      }
      files.remove();
    },
  };
}

interface Setup {
  readonly port: number;
  readonly version: TlsVersion;
  readonly cert: string;
  readonly key: string;
  readonly both: string;
  readonly ca: string;
  readonly crl: string;
  readonly directory: string;
  readonly write: (name: string, text: string) => string;
}

class Files {
  readonly directory = mkdtempSync(join(tmpdir(), 'tls-peer-'));

  write(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function spawnServer(make: Exclude<Make, 'node:https'>, setup: Setup): ChildProcess {
  const [command, args] = COMMANDS[make](setup);
  // Debian keeps servers out of the path of ordinary users.
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  return spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'], env });
}

const COMMANDS = {
  nginx: (setup: Setup): [string, string[]] => {
    const { directory } = setup;
    return ['nginx', ['-p', directory, '-e', 'stderr', '-c', setup.write('nginx.conf', nginxConfiguration(setup))]];
  },
  haproxy: (setup: Setup): [string, string[]] => [
    'haproxy',
    ['-db', '-f', setup.write('haproxy.cfg', haproxyConfiguration(setup))],
  ],
  'openssl s_server': ({ port, version, cert, key, ca, crl }: Setup): [string, string[]] => [
    'openssl',
    [
      's_server',
      '-quiet',
      '-www',
      version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3',
      ...Object.entries({ accept: `127.0.0.1:${port}`, cert, key, CAfile: ca, CRL: crl, Verify: '3' }).flatMap(
        ([name, value]) => [`-${name}`, value],
      ),
      '-crl_check',
      '-verify_return_error',
      '-purpose',
      'sslclient',
    ],
  ],
} as const;

function nginxConfiguration({ port, version, cert, key, ca, crl, directory }: Setup): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  );
  return `
daemon off; master_process off; pid ${directory}/pid; error_log stderr;
events { worker_connections 64; }
http {
  access_log off; ${temporary.join(' ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols ${version};
    ssl_client_certificate ${ca}; ssl_verify_client on; ssl_crl ${crl};
    location / { return 200 'hello'; }
  }
}
`;
}

function haproxyConfiguration({ port, version, both, ca, crl }: Setup): string {
  return `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend signing
  bind 127.0.0.1:${port} ssl crt ${both} ca-file ${ca} crl-file ${crl} verify required ssl-min-ver ${version} ssl-max-ver ${version}
  http-request return status 200 content-type text/plain string hello
`;
}

async function startNode({ port, version }: Setup, files: Files, rejects: Rejects): Promise<Peer> {
  const { pki, revocations } = rejects;
  files.remove();
  const server = createHttpsServer(
    {
      cert: pki.server.cert,
      key: pki.server.key,
      ca: pki.root.cert,
      crl: revocations,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: version,
      maxVersion: version,
    },
    (_, response) => response.end('hello'),
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  let failed: Error | undefined;
  child.once('error', (error) => (failed = error));
  for (let tries = 0; tries < 200; tries++) {
    if (failed) throw failed;
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    if (await isOpen(port)) return;
    await sleep(20);
  }
  throw new Error('the server does not listen');
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
