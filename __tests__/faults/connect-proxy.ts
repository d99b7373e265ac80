import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { listen } from '../helpers/listen.ts';

/** A CONNECT proxy on loopback. */
interface ConnectProxy {
  readonly port: number;
  /** What it was asked, in order. */
  readonly asked: readonly { readonly target: string; readonly authorization: string | undefined }[];
  close(): Promise<void>;
}

/** Starts a proxy; `answer` decides the status of each tunnel, 200 opens it; a whole answer as text opens the tunnel too. With an identity it speaks TLS. */
export async function startProxy(
  answer: (nth: number, request: IncomingMessage) => number | string = () => 200,
  identity?: { readonly cert: string; readonly key: string },
): Promise<ConnectProxy> {
  const asked: { target: string; authorization: string | undefined }[] = [];
  const open = new Set<Socket>();
  const refuse: RequestListener = (_, response) => void response.writeHead(405).end();
  const server = identity ? createTlsServer(identity, refuse) : createServer(refuse);
  server.on('tlsClientError', () => {});
  server.on('connection', (socket) => open.add(socket));
  server.on('connect', (request, client: Socket) => {
    const status = answer(asked.length, request);
    asked.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    client.on('error', () => {});
    if (status !== 200 && typeof status === 'number')
      return client.end(`HTTP/1.1 ${status} As told\r\nproxy-authenticate: Basic realm="x"\r\n\r\n`);
    const upstream = connect(Number((request.url ?? '').split(':').at(-1)), '127.0.0.1', () => {
      client.write(status === 200 ? 'HTTP/1.1 200 Connection established\r\n\r\n' : status);
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy());
    return open.add(upstream);
  });
  const port = await listen(server);
  return {
    port,
    asked,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
