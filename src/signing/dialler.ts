import { type Connection, dial, targetOf } from './tls.ts';
import type { TransportOptions } from './transport.ts';

/** Opens connections to one server, each resuming the newest session. */
export class Dialler {
  readonly #options: TransportOptions;
  readonly #first = Promise.withResolvers<number>();
  #onServer: TransportOptions['onServer'];
  #session: Buffer | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#onServer = options.onServer;
  }

  /** Resolves when the first handshake is complete: about how long the server takes to answer, in milliseconds. */
  get first(): Promise<number> {
    return this.#first.promise;
  }

  /** Rejects with what Node says is wrong. */
  async dial(): Promise<Connection> {
    const { server, secureContext, proxy, connectTimeoutMs: timeoutMs, protocol } = this.#options;
    const protocols = protocol === 'http2' ? ['h2', 'http/1.1'] : undefined;
    const target = { ...targetOf(server), secureContext, proxy, timeoutMs, protocols };
    const onSession = (newest: Buffer): void => {
      this.#session = newest;
    };
    const connection = await dial({ ...target, session: this.#session, onSession });
    const certificate = connection.socket.getPeerX509Certificate();
    if (certificate) this.#onServer?.(certificate);
    this.#onServer = undefined;
    this.#first.resolve(connection.roundTripMs);
    return connection;
  }
}
