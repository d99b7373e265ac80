import type { Pki } from '../../../src/rehearsal/pki.ts';
import { type Peer, type PeerPlan, startPeer } from './process.ts';

/** Where a front passes requests on to, and single lines that differ. */
export interface FrontOptions {
  readonly pki: Pki;
  readonly backendPort: number;
  /** Lines for the part of the configuration that deals with requests. */
  readonly lines?: string;
  /** PEM of who issues the certificates of clients; the PKI's own root when absent. */
  readonly clientAuthority?: string;
  /** nginx only: the lines that say which clients are let in, instead of those for `clientAuthority`. */
  readonly clientLines?: string;
  /** nginx only: where it logs, for each request, its end and the end of the client's certificate, its serial and the connection. */
  readonly log?: string;
}

function pemFiles(pki: Pki): Record<string, string> {
  return {
    'server.pem': pki.server.cert,
    'server.key': pki.server.key,
    'both.pem': pki.server.cert + pki.server.key,
    'client.pem': pki.client.cert,
    'client.key': pki.client.key,
    'client-both.pem': pki.client.cert + pki.client.key,
    'ca.pem': pki.root.cert,
  };
}

const CLIENT_LINES = 'ssl_client_certificate clients.pem; ssl_verify_client on; ssl_verify_depth 2;';

/** Starts nginx as a front that demands client certificates; `lines` go into its `server` block. */
export function startNginx(options: FrontOptions): Promise<Peer> {
  return startPeer((port, directory) => nginx(options, port, directory));
}

function nginx(
  { pki, backendPort, lines = '', clientAuthority = pki.root.cert, clientLines = CLIENT_LINES, log }: FrontOptions,
  port: number,
  directory: string,
): PeerPlan {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  );
  const configuration = `
daemon off; master_process off; pid ${directory}/pid; error_log stderr;
events { worker_connections 1024; }
http {
  log_format certificates escape=json '{"at":"$time_iso8601","end":"$ssl_client_v_end","serial":"$ssl_client_serial","subject":"$ssl_client_s_dn","connection":"$connection","reused":"$ssl_session_reused","status":"$status"}';
  access_log ${log ? `${log} certificates` : 'off'}; ${temporary.join(' ')}
  limit_req_zone $server_name zone=slow:64k rate=20r/s;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate server.pem; ssl_certificate_key server.key;
    ${clientLines}
    ${lines}
    location / {
      proxy_pass https://127.0.0.1:${backendPort};
      proxy_ssl_certificate client.pem; proxy_ssl_certificate_key client.key;
      proxy_http_version 1.1;
    }
  }
}
`;
  return {
    files: { ...pemFiles(pki), 'clients.pem': clientAuthority, 'nginx.conf': configuration },
    command: 'nginx',
    args: ['-p', directory, '-e', 'stderr', '-c', `${directory}/nginx.conf`],
  };
}

/** Starts haproxy as such a front; `lines` go into its `defaults`. */
export function startHaproxy(options: FrontOptions): Promise<Peer> {
  return startPeer((port, directory) => haproxy(options, port, directory));
}

function haproxy({ pki, backendPort, lines = '' }: FrontOptions, port: number, directory: string): PeerPlan {
  const configuration = `
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  ${lines}
frontend signing
  bind 127.0.0.1:${port} ssl crt ${directory}/both.pem ca-file ${directory}/ca.pem verify required
  default_backend service
backend service
  server only 127.0.0.1:${backendPort} ssl verify none crt ${directory}/client-both.pem
`;
  return {
    files: { ...pemFiles(pki), 'haproxy.cfg': configuration },
    command: 'haproxy',
    args: ['-db', '-f', `${directory}/haproxy.cfg`],
  };
}

/** Starts haproxy before these ports of 127.0.0.1: it passes each connection on unopened, to one after the other. */
export function startBalancer(ports: readonly number[]): Promise<Peer> {
  return startPeer((port, directory) => {
    const configuration = `
defaults
  mode tcp
  timeout connect 1s
  timeout client 30s
  timeout server 30s
listen signing
  bind 127.0.0.1:${port}
  balance roundrobin
${ports.map((node, at) => `  server node${at} 127.0.0.1:${node}`).join('\n')}
`;
    return {
      files: { 'haproxy.cfg': configuration },
      command: 'haproxy',
      args: ['-db', '-f', `${directory}/haproxy.cfg`],
    };
  });
}

/** Starts stunnel as such a front, which knows nothing of HTTP. */
export function startStunnel({ pki, backendPort }: FrontOptions, innerPort: number): Promise<Peer> {
  return startPeer((port, directory) => {
    const configuration = `
foreground = yes
pid =
[outside]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${innerPort}
cert = ${directory}/both.pem
CAfile = ${directory}/ca.pem
verifyChain = yes
requireCert = yes
[inside]
client = yes
accept = 127.0.0.1:${innerPort}
connect = 127.0.0.1:${backendPort}
cert = ${directory}/client-both.pem
`;
    return {
      files: { ...pemFiles(pki), 'stunnel.conf': configuration },
      command: 'stunnel4',
      args: [`${directory}/stunnel.conf`],
    };
  });
}
