import type { Socket } from 'node:net';

/** One TCP connection of a client. */
export interface ClientConnection {
  /** The socket below TLS: the only one that can send a TCP reset. */
  readonly socket: Socket;
  /** Number of requests on this connection so far. */
  requests: number;
}

/** The open connections of a service, found by the client's port. */
export class Connections {
  readonly #byPort = new Map<number, ClientConnection>();

  /** Adds a new connection, and removes it when it closes. */
  add(socket: Socket): void {
    const port = socket.remotePort;
    if (port === undefined) return;
    const connection: ClientConnection = { socket, requests: 0 };
    this.#byPort.set(port, connection);
    socket.once('close', () => {
      if (this.#byPort.get(port) === connection) this.#byPort.delete(port);
    });
  }

  /** Returns the connection from this client port, while it is open. */
  find(port: number | undefined): ClientConnection | undefined {
    return port === undefined ? undefined : this.#byPort.get(port);
  }

  /** Closes all connections at once. */
  destroy(): void {
    for (const connection of this.#byPort.values()) connection.socket.destroy();
  }
}
