import { createServer } from 'node:http';
import { connect } from 'node:net';
import { listen } from '../helpers/listen.ts';

/** A proxy that runs. */
interface Proxy {
  /** Host and port. */
  readonly address: string;
  /** Where its tunnels led, in order. */
  readonly tunnels: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a proxy that opens tunnels and sees nothing but their names; all of them lead to this machine. */
export async function startProxy(): Promise<Proxy> {
  const tunnels: string[] = [];
  const server = createServer().on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    const { port } = new URL(`http://${request.url}`);
    const there = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      there.pipe(socket).pipe(there);
    });
    there.on('error', () => socket.destroy());
    socket.on('error', () => there.destroy());
  });
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    tunnels,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
