import { randomBytes } from 'node:crypto';
import type { Http2SecureServer } from 'node:http2';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { ActionError } from '../errors.ts';
import type { ServiceOptions } from './options.ts';
import { createPki, type Pki } from './pki.ts';
import { Connections } from './requests/connections.ts';
import { type Counters, type RequestEntry, startCounters } from './requests/counters.ts';
import { createHandler, type Reception } from './requests/handler.ts';
import { Nonces } from './requests/nonces.ts';
import { createServer } from './server.ts';

/** Credentials of a client, as values of the action's inputs. */
interface ServiceCredentials {
  /** PEM of the client certificate. */
  readonly cert: string;
  /** PEM of its private key. */
  readonly key: string;
  /** PEM of the authority that the server chains to. */
  readonly chain: string;
  readonly appKey: string;
  readonly appSecret: string;
  /** PEM of the public key for verifying signatures. */
  readonly verifyKeyPem: string;
}

/** A running signing service on loopback. */
export interface Service {
  /** Value of `server-url`. */
  readonly url: string;
  readonly port: number;
  readonly signPath: string;
  readonly appKey: string;
  readonly appSecret: string;
  readonly pki: Pki;
  readonly credentials: ServiceCredentials;
  readonly counters: Readonly<Counters>;
  /** One entry for each request, in the order of arrival; empty unless `record` was set. */
  readonly log: readonly Readonly<RequestEntry>[];
  /** Ends all connections and stops listening. */
  close(): Promise<void>;
}

/** Starts a strict `es-auth` signing service on 127.0.0.1; without options it creates a throw-away PKI, app key and secret. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const pki = options.pki ?? (await createPki());
  const stop = new AbortController();
  const reception = createReception(options, pki, stop.signal);
  const { cert, key } = pki.server;
  const server = createServer(
    {
      tls: { cert, key, clientAuthority: pki.root.cert, ...options.tls },
      http2: options.http2 ?? false,
      keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 0,
    },
    createHandler(reception),
  );
  watchConnections(server, reception, options.acceptConnection ?? (() => true));
  const port = await listen(server, options.port ?? 0);
  const { appKey, appSecret, signPath, pathPrefix } = reception.rules;
  return {
    url: `https://127.0.0.1:${port}${pathPrefix}`,
    port,
    signPath,
    appKey,
    appSecret,
    pki,
    credentials: {
      cert: pki.client.cert,
      key: pki.client.key,
      chain: pki.root.cert,
      appKey,
      appSecret,
      verifyKeyPem: pki.signingPublicKeyPem,
    },
    counters: reception.counters,
    log: reception.log,
    close: () => close(server, reception.connections, stop),
  };
}

function createReception(options: ServiceOptions, pki: Pki, closing: AbortSignal): Reception {
  const windowMs = options.windowMs ?? 5 * 60_000;
  return {
    rules: {
      appKey: options.appKey ?? 'rehearsal',
      appSecret: options.appSecret ?? randomBytes(24).toString('hex'),
      pathPrefix: options.pathPrefix ?? '',
      signPath: options.signPath ?? '/api/v1/sign_file',
      windowMs,
      // A timestamp from the future stays valid for two windows, so its nonce must be remembered for as long.
      nonces: new Nonces(2 * windowMs, () => performance.now()),
    },
    signingKey: pki.signingKey,
    counters: startCounters(),
    delayMs: options.delayMs ?? 0,
    record: options.record ?? false,
    connections: new Connections(),
    intervene: options.intervene,
    closing,
    now: options.now ?? Date.now,
    log: [],
  };
}

function watchConnections(
  server: Server | Http2SecureServer,
  reception: Reception,
  accept: (index: number) => boolean,
): void {
  const { counters } = reception;
  server.on('connection', (socket: Socket) => {
    reception.connections.add(socket);
    if (!accept(counters.connections++)) socket.resetAndDestroy();
  });
  server.on('tlsClientError', () => {
    counters.refusedHandshakes += 1;
  });
}

async function listen(server: Server | Http2SecureServer, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ActionError('SERVICE_NOT_STARTED', `The embedded signing service cannot listen on 127.0.0.1:${port}.`, {
          hint: 'Choose another port, or leave the choice to the system.',
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function close(
  server: Server | Http2SecureServer,
  connections: Connections,
  stop: AbortController,
): Promise<void> {
  stop.abort();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  connections.destroy();
  await closed;
}
