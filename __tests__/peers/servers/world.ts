import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { startProxy } from '../../faults/connect-proxy.ts';
import { type IssueOptions, Pki } from '../../identity/pki.ts';
import { freePort, startPeer } from '../http/process.ts';

/** A server, and whatever of the client differs from the ordinary. */
export interface Started {
  readonly url: string;
  /** PEM; the root of the server when absent. */
  readonly chain?: string;
  /** Name of the client certificate; `client` when absent. */
  readonly client?: string;
  /** Value of `https_proxy`. */
  readonly proxy?: string;
  /** What the host name leads to; what the system says when absent. */
  readonly addresses?: readonly string[];
  /** Size of the smaller one of two files, in bytes. */
  readonly size?: number;
  close(): Promise<void>;
}

/** What a service answers with. */
export const ANSWER = '{"signData":"QUJD"}';
/** A whole request as a server has seen it. */
export interface Request {
  /** What TLS runs over. */
  readonly tcp: Socket;
}

const SERVER = 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n';
/** A certificate authority's extensions. */
export const CA = 'basicConstraints=critical,CA:TRUE\n';
/** Key of 1024 bits. */
export const SMALL = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'];
/** Name that no rule takes for this machine; the proxies here lead it to loopback. */
const HOST = 'sign.example.test';

/** What a proxy demands and shows. */
interface Proxied {
  /** `user:password@` to give it. */
  readonly credentials?: string;
  /** Name of its certificate; it speaks plain HTTP without one. */
  readonly certificate?: string;
}

/** Certificates and servers of all makes. */
export class World {
  readonly pki = new Pki();
  #count = 0;

  constructor() {
    this.pki.issue('root', { subject: '/CN=Root CA', extensions: CA });
    this.pki.issue('other', { subject: '/CN=Other CA', extensions: CA });
    this.pki.issue('client', { issuer: 'root', extensions: 'extendedKeyUsage=clientAuth\n' });
    this.pki.issue('stranger', { issuer: 'other', extensions: 'extendedKeyUsage=clientAuth\n' });
    this.server({}, 'server');
  }

  /** Issues a certificate for localhost; returns its name. */
  server(options: IssueOptions = {}, name = `server${this.#count++}`): string {
    this.pki.issue(name, { issuer: 'root', subject: '/CN=service', extensions: SERVER, ...options });
    return name;
  }

  /** Issues a certificate authority; returns its name. */
  authority(subject: string, options: IssueOptions = {}): string {
    const name = `ca${this.#count++}`;
    this.pki.issue(name, { subject: `/CN=${subject}`, extensions: CA, ...options });
    return name;
  }

  /** Reads the certificates of these names into one PEM text. */
  pem(...names: readonly string[]): string {
    return names.map((name) => this.pki.text(`${name}.pem`)).join('');
  }

  /** Starts nginx, which answers each request itself. */
  async nginx(lines: string, certificates: readonly string[] = ['server'], listen = 'ssl'): Promise<Started> {
    const [leaf = ''] = certificates;
    const peer = await startPeer((port, directory) => ({
      command: 'nginx',
      args: ['-p', directory, '-e', 'stderr', '-c', `${directory}/nginx.conf`],
      files: {
        'server.pem': this.pem(...certificates),
        'server.key': this.pki.text(`${leaf}.key`),
        'root.pem': this.pem('root'),
        'nginx.conf': `daemon off; master_process off; pid nginx.pid; error_log stderr; events {} http { access_log off;
client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
server { listen 127.0.0.1:${port} ${listen}; ssl_certificate server.pem; ssl_certificate_key server.key;
ssl_client_certificate root.pem; ${lines.includes('ssl_verify_client') ? '' : 'ssl_verify_client on;'} ${lines}
location / { default_type application/json; return 200 '${ANSWER}'; } } }`,
      },
    }));
    return { url: `https://localhost:${peer.port}`, close: () => peer.close() };
  }

  /** Starts haproxy, which answers each request itself. */
  async haproxy(bind: string): Promise<Started> {
    const peer = await startPeer((port, directory) => ({
      command: 'haproxy',
      args: ['-db', '-f', `${directory}/haproxy.cfg`],
      files: {
        'all.pem': this.pem('server') + this.pki.text('server.key'),
        'root.pem': this.pem('root'),
        'haproxy.cfg': `global
  tune.ssl.default-dh-param 2048
defaults
  mode http
  timeout connect 5s
  timeout client 9s
  timeout server 9s
frontend f
  bind 127.0.0.1:${port} ssl crt ${directory}/all.pem ca-file ${directory}/root.pem verify required ${bind}
  http-request return status 200 content-type application/json string '${ANSWER}'
`,
      },
    }));
    return { url: `https://localhost:${peer.port}`, close: () => peer.close() };
  }

  /** Starts a server on Node's own TLS, with a certificate of this name and its issuers. */
  async node(certificates: readonly string[], options: ServerOptions = {}, host = 'localhost'): Promise<Started> {
    const [leaf = ''] = certificates;
    const server = createServer(
      {
        cert: this.pem(...certificates),
        key: this.pki.text(`${leaf}.key`),
        ca: this.pem('root'),
        requestCert: true,
        // Old certificates are the point of some of these servers.
        ciphers: 'DEFAULT@SECLEVEL=0',
        ...options,
      },
      (request, response) => request.resume().on('end', () => response.end(ANSWER)),
    );
    server.on('tlsClientError', () => {});
    return listen(server, host);
  }

  /** Starts a server that answers each whole request with what `answer` writes. */
  async raw(answer: (socket: TLSSocket, request: Request) => void, options: TlsOptions = {}): Promise<Started> {
    return this.#tls(options, (socket, tcp) => {
      let text = '';
      socket.on('data', (data) => {
        text += data.toString('latin1');
        const [headers = '', ...rest] = text.split('\r\n\r\n');
        const length = Number(/^content-length: (\d+)/im.exec(headers)?.[1] ?? 0);
        if (rest.length === 0 || rest.join('\r\n\r\n').length < length) return;
        text = '';
        answer(socket, { tcp });
      });
    });
  }

  /** Starts a server that answers as soon as it has seen a request's headers, and reads the body or closes. */
  async early(answer: string, then: 'read' | 'close' = 'read'): Promise<Started> {
    const started = await this.#tls({}, (socket) => {
      let isNew = true;
      socket.on('data', (data) => {
        if (isNew) socket.write(answer, () => then === 'close' && socket.destroySoon());
        isNew = data.subarray(-2).toString() === '"}';
      });
    });
    return { ...started, size: 3_000_000 };
  }

  async #tls(options: TlsOptions, answer: (socket: TLSSocket, tcp: Socket) => void): Promise<Started> {
    const identity = { cert: this.pem('server'), key: this.pki.text('server.key'), ca: this.pem('root') };
    const sockets = new Map<string, Socket>();
    const server = createTlsServer({ ...identity, requestCert: true, ...options }, (socket) => {
      socket.on('error', () => {});
      answer(socket, sockets.get(`${socket.remotePort}`) ?? socket);
    });
    server.on('connection', (socket: Socket) => sockets.set(`${socket.remotePort}`, socket));
    server.on('tlsClientError', () => {});
    return listen(server, 'localhost');
  }

  /** Starts a server that speaks no TLS, or nothing. */
  async tcp(answer: (socket: Socket) => void): Promise<Started> {
    return listen(
      createTcpServer((socket) => answer(socket.on('error', () => {}))),
      'localhost',
    );
  }

  /** Starts a plain HTTP server. */
  async plain(): Promise<Started> {
    return listen(
      createHttpServer((request, response) => request.resume().on('end', () => response.end(ANSWER))),
      'localhost',
    );
  }

  /** Starts a server behind a device that breaks off when the first message of a connection is longer than one packet. */
  async shortHello(): Promise<Started> {
    const behind = await this.node(['server']);
    const device = await this.tcp((socket) =>
      socket.once('data', (hello) => {
        if (hello.length > 1400) return void socket.destroy();
        const upstream = connect(Number(new URL(behind.url).port), '127.0.0.1').on('error', () => socket.destroy());
        upstream.write(hello);
        socket.pipe(upstream).pipe(socket);
        socket.on('close', () => upstream.destroy());
      }),
    );
    return {
      url: device.url,
      async close() {
        await device.close();
        await behind.close();
      },
    };
  }

  /** A port that nobody listens on. */
  async nobody(): Promise<Started> {
    return { url: `https://localhost:${await freePort()}`, close: async () => {} };
  }

  /** Puts a proxy before a server that bears the name of {@link HOST}. */
  async proxied(answer: () => number | string, { credentials = '', certificate }: Proxied = {}): Promise<Started> {
    const leaf = this.server({ extensions: `subjectAltName=DNS:${HOST}\n` });
    const started = await this.node([leaf]);
    const identity = certificate && { cert: this.pem(certificate), key: this.pki.text(`${certificate}.key`) };
    const proxy = await startProxy(answer, identity || undefined);
    // A certificate is for this name; nobody looks for that of an address here.
    const origin = identity ? 'https://localhost' : 'http://127.0.0.1';
    return {
      url: started.url.replace('localhost', HOST),
      proxy: origin.replace('//', `//${credentials}`).concat(`:${proxy.port}`),
      async close() {
        await proxy.close();
        await started.close();
      },
    };
  }
}

async function listen(server: Server, host: string): Promise<Started> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => open.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${host}:${port}`,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
