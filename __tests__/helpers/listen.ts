import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { onTestFinished } from 'vitest';

/** Makes a server listen on a free port of this machine; resolves with the port. */
export async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('The server has no port.');
  return address.port;
}

/** The same until the test ends, which closes the server. */
export async function listenInTest(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  return listen(server);
}

/** The same while `use` runs with the port. */
export async function withServer<T>(server: Server, use: (port: number) => Promise<T>): Promise<T> {
  const port = await listen(server);
  try {
    return await use(port);
  } finally {
    server.close();
  }
}

/** A port of 127.0.0.1 that refuses connections. */
interface HeldPort {
  readonly port: number;
  /** Lets somebody listen there. */
  readonly release: () => Promise<void>;
}

/** Holds a port on which nobody listens: one end of a connection keeps it, so that no other program gets it. */
export async function holdPort(): Promise<HeldPort> {
  const server = createServer((socket) => void socket.resume().unref()).unref();
  const holding = connect({ port: await listen(server), host: '127.0.0.1', localAddress: '127.0.0.1' }).unref();
  await once(holding, 'connect');
  return {
    port: holding.localPort ?? 0,
    async release() {
      server.close();
      await once(holding.destroy(), 'close');
    },
  };
}
