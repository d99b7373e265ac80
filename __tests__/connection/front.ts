import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { listen } from '../helpers/listen.ts';

/** What a client asks for when it connects. */
interface Caller {
  /** Its place among all connections, from 0. */
  readonly nth: number;
  /** Whether its first message offers an earlier TLS session. */
  readonly resumes: boolean;
}

/** What becomes of a connection: passed on to a port of 127.0.0.1, or answered with these bytes and closed. */
type Fate = { readonly to: number } | { readonly bytes: Buffer | string };

/** A front on loopback that decides about each connection when it has seen the client's first message. */
export interface Front {
  readonly url: string;
  readonly callers: readonly Caller[];
  /** Breaks every open connection off. */
  cut(): void;
}

/** An alert of TLS, as it stands on the wire before there are keys. */
export function alertBytes(description: number): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, description]);
}

/** Starts a front; it ends with the test. */
export async function startFront(decide: (caller: Caller) => Fate): Promise<Front> {
  const callers: Caller[] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.on('error', () => {});
    client.once('data', (hello) => {
      const caller = { nth: callers.length, resumes: offersSession(hello) };
      callers.push(caller);
      const fate = decide(caller);
      if ('bytes' in fate) return void client.end(fate.bytes);
      const upstream = connect(fate.to, '127.0.0.1').on('error', () => client.destroy());
      open.add(upstream);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
      upstream.write(hello);
      client.pipe(upstream).pipe(client);
    });
  });
  await listen(server);
  const cut = (): void => {
    for (const socket of open) socket.destroy();
    open.clear();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const { port }: { port: number } = Object(server.address());
  return { url: `https://127.0.0.1:${port}`, callers, cut };
}

const SESSION_TICKET = 35;
const PRE_SHARED_KEY = 41;

/** Reads a client hello: header (9), version (2), random (32), session id, cipher suites, compression methods, extensions. */
function offersSession(hello: Buffer): boolean {
  let at = 9 + 34;
  at += 1 + (hello[at] ?? 0);
  at += 2 + (at + 2 <= hello.length ? hello.readUInt16BE(at) : 0);
  at += 1 + (hello[at] ?? 0) + 2;
  for (; at + 4 <= hello.length; at += 4 + hello.readUInt16BE(at + 2)) {
    const [type, length] = [hello.readUInt16BE(at), hello.readUInt16BE(at + 2)];
    if (type === PRE_SHARED_KEY || (type === SESSION_TICKET && length > 0)) return true;
  }
  return false;
}
