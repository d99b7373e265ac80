import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startPeer } from '../http/process.ts';
import { ANSWER, type Started, type World } from './world.ts';

const MODULES = ['mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'proxy', 'proxy_http', 'rewrite', 'http2'];

/** Starts Apache before a plain HTTP server; `lines` go into its virtual host. */
export async function apache(world: World, lines: string): Promise<Started> {
  const behind = await world.plain();
  const peer = await startPeer((port, directory) => ({
    command: 'apache2',
    args: ['-D', 'FOREGROUND', '-d', directory, '-f', `${directory}/apache.conf`],
    files: {
      'server.pem': world.pem('server'),
      'server.key': world.pki.text('server.key'),
      'root.pem': world.pem('root'),
      'apache.conf': `${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile pid
ErrorLog error.log
DefaultRuntimeDir .
Mutex file:. default
SSLSessionCache shmcb:cache(512000)
<VirtualHost *:${port}>
SSLEngine on
SSLCertificateFile server.pem
SSLCertificateKeyFile server.key
SSLCACertificateFile root.pem
ProxyPass / ${behind.url.replace('https:', 'http:').replace('localhost', '127.0.0.1')}/
${lines}
</VirtualHost>
`,
    },
  }));
  return {
    url: `https://localhost:${peer.port}`,
    async close() {
      await peer.close();
      await behind.close();
    },
  };
}

/** Starts a service on pyOpenSSL. */
export async function pyOpenSsl(world: World, settings: Readonly<Record<string, unknown>>): Promise<Started> {
  const peer = await startPeer((port, directory) => ({
    // The one for which Debian's python3-openssl is installed.
    command: '/usr/bin/python3',
    args: [join(import.meta.dirname, 'pyopenssl-server.py'), directory, String(port), ANSWER, JSON.stringify(settings)],
    files: {
      'server.pem': world.pem('server'),
      'server.key': world.pki.text('server.key'),
      'root.pem': world.pem('root'),
      'other.pem': world.pem('other'),
    },
  }));
  return { url: `https://localhost:${peer.port}`, close: () => peer.close() };
}

/** Starts `openssl s_server`, which serves one connection after the other; it gets the answer when it has printed a whole request. */
export async function sServer(world: World, args: readonly string[], certificate = 'server'): Promise<Started> {
  const port = await freePort();
  const common = ['s_server', '-accept', `localhost:${port}`, '-quiet', '-4', '-cert', `${certificate}.pem`];
  const verify = ['-key', `${certificate}.key`, '-CAfile', 'root.pem', '-Verify', '2', '-verify_return_error'];
  const child = spawn('openssl', [...common, ...verify, ...args], { cwd: world.pki.directory });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data.toString('latin1');
    const [headers = '', ...rest] = text.split('\r\n\r\n');
    const length = Number(/^content-length: (\d+)/im.exec(headers)?.[1] ?? 0);
    if (rest.length === 0 || rest.join('\r\n\r\n').length < length) return;
    text = '';
    child.stdin.write(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`);
  });
  while (!isListening(port) && child.exitCode === null) await sleep(20);
  return {
    url: `https://localhost:${port}`,
    async close() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** Asks the system, because `s_server` would take a connection that only asks for one that it must serve. */
function isListening(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`;
  return readFileSync('/proc/net/tcp', 'latin1').includes(local);
}

/** Starts stunnel before a plain HTTP server, or before a port that nobody listens on. */
export async function stunnel(world: World, behind: 'service' | 'nobody'): Promise<Started> {
  const service = behind === 'service' ? await world.plain() : await world.nobody();
  const peer = await startPeer((port, directory) => ({
    command: 'stunnel4',
    args: [`${directory}/stunnel.conf`],
    files: {
      'all.pem': world.pki.text('server.key') + world.pem('server'),
      'root.pem': world.pem('root'),
      'stunnel.conf': `foreground = yes
pid =
[outside]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${new URL(service.url).port}
cert = ${directory}/all.pem
CAfile = ${directory}/root.pem
verifyChain = yes
requireCert = yes
`,
    },
  }));
  return {
    url: `https://localhost:${peer.port}`,
    async close() {
      await peer.close();
      await service.close();
    },
  };
}
