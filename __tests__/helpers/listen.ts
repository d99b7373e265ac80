import { once } from 'node:events';
import type { Server } from 'node:net';
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
