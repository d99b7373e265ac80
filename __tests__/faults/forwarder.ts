import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port of 127.0.0.1 in front of another one. */
export interface Forwarder {
  readonly port: number;
  close(): Promise<void>;
}

/** What it does to connections. */
interface ForwarderOptions {
  /** Where they lead to; nowhere when absent: they are taken and never answered. */
  readonly to?: number;
  /** The port to listen on; a free one when absent. */
  readonly port?: number;
  /** How many of the first connections are never answered. */
  readonly deaf?: number;
  /** Most bytes per second from the client, over all connections. */
  readonly bytesPerSecond?: number;
}

/** Starts a forwarder. */
export async function startForwarder({ to, port = 0, deaf = 0, bytesPerSecond }: ForwarderOptions): Promise<Forwarder> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    keep(open, client);
    if (to === undefined || connections++ < deaf) return;
    const upstream = keep(open, connect(to, '127.0.0.1'));
    upstream.once('close', () => client.destroy());
    client.once('close', () => upstream.destroy());
    upstream.pipe(client);
    if (bytesPerSecond === undefined) client.pipe(upstream);
    else void pass(client, upstream, bytesPerSecond);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

function keep(open: Set<Socket>, socket: Socket): Socket {
  open.add(socket);
  socket.on('error', () => {});
  socket.once('close', () => open.delete(socket));
  return socket;
}

/** Reads no faster than allowed, so that the client feels it. */
async function pass(from: Socket, to: Socket, bytesPerSecond: number): Promise<void> {
  const startedAt = performance.now();
  let passed = 0;
  try {
    for await (const chunk of from) {
      passed += (chunk as Buffer).length;
      if (!to.write(chunk as Buffer)) await once(to, 'drain');
      const dueMs = (passed / bytesPerSecond) * 1000 - (performance.now() - startedAt);
      if (dueMs > 5) await sleep(dueMs);
    }
    to.end();
  } catch {
    to.destroy();
  }
}
