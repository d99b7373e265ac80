import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A stretch of wire between a client and a server. */
interface Relay {
  readonly port: number;
  /** Client's bytes on each connection so far. */
  readonly sent: readonly number[];
  close(): Promise<void>;
}

/** Opens a relay to a port of this machine that keeps everything back for `delayMs`, each way; ends and resets travel as well. */
export async function openRelay(target: number, delayMs: number): Promise<Relay> {
  const sent: number[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const index = sent.push(0) - 1;
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk) => {
      sent[index] = (sent[index] ?? 0) + chunk.length;
    });
    forward(client, upstream, delayMs);
    forward(upstream, client, delayMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sent,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

function forward(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', (chunk) => void setTimeout(() => to.write(chunk), delayMs));
  from.once('end', () => void setTimeout(() => to.end(), delayMs));
  from.once('error', () => void setTimeout(() => to.resetAndDestroy(), delayMs));
}
