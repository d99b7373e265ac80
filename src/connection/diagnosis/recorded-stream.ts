import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A socket whose bytes are kept as they pass. */
export interface RecordedStream {
  /** What TLS is to talk through, in place of the socket. */
  readonly stream: Duplex;
  readonly received: readonly Buffer[];
  readonly sent: readonly Buffer[];
}

/** Keeps what passes through a socket: Node hands a client neither the bytes of a handshake nor their meaning. */
export function recordStream(socket: Socket): RecordedStream {
  const received: Buffer[] = [];
  const sent: Buffer[] = [];
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _, done) => {
      sent.push(chunk);
      socket.write(chunk, done);
    },
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk);
    if (!stream.push(chunk)) socket.pause();
  });
  socket.once('end', () => stream.push(null));
  socket.once('error', (error) => stream.destroy(error));
  return { stream, received, sent };
}
