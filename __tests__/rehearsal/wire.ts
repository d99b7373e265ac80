import { type ConnectionOptions, connect } from 'node:tls';
import { buildRequest, type Target } from './client.ts';

/** What a client saw on a connection. */
interface Wire {
  /** Everything the service sent, undecoded. */
  readonly bytes: string;
  /** How it ended: 'end' for FIN, else the error's code. */
  readonly ending: string;
  /** When each piece came. */
  readonly timesMs: readonly number[];
}

/** Sends one request, or its head and a share of its body, over a bare TLS socket and returns what came back, however that looks. */
export function observe(service: Target, content: Uint8Array, share = 1): Promise<Wire> {
  const request = buildRequest(service, content);
  const headers = Object.entries({ host: 'localhost', ...request.headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const { cert, key, chain } = service.credentials;
  const options: ConnectionOptions = { host: '127.0.0.1', port: service.port, cert, key, ca: chain };
  return new Promise((resolve) => {
    let bytes = '';
    let ending = 'end';
    const timesMs: number[] = [];
    const socket = connect(options, () => {
      socket.write(
        `POST ${request.path} HTTP/1.1\r\n${headers.join('')}\r\n${request.body.slice(0, share * request.body.length)}`,
      );
    });
    socket.on('data', (chunk) => {
      bytes += chunk.toString('latin1');
      timesMs.push(performance.now());
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      ending = error.code ?? error.message;
    });
    socket.on('close', () => resolve({ bytes, ending, timesMs }));
  });
}
