import type { Socket } from 'node:net';

/** The open connections of a service, found by the client's port. */
export class Connections {
  readonly #byPort = new Map<number, Socket>();

  /** Adds a new connection, and removes it when it closes. */
  add(socket: Socket): void {
    const port = socket.remotePort;
    if (port === undefined) return;
    this.#byPort.set(port, socket);
    socket.once('close', () => {
      if (this.#byPort.get(port) === socket) this.#byPort.delete(port);
    });
  }

  /** Returns the connection from this client port, while it is open. */
  find(port: number | undefined): Socket | undefined {
    return port === undefined ? undefined : this.#byPort.get(port);
  }

  /** Closes all connections at once. */
  destroy(): void {
    for (const socket of this.#byPort.values()) socket.destroy();
  }
}
