import type { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { Failure } from '../signing/policy/failure.ts';
import { type Connection, DialError, dial } from './connect.ts';
import { NO_CONNECTION } from './connection-failure.ts';
import { AddressBook } from './dialling/addresses.ts';
import { dialFailure } from './dialling/dial-failure.ts';
import { NO_TUNNEL } from './exchange-progress.ts';
import { nameProxy } from './proxy/proxy.ts';
import type { Route } from './route.ts';
import { isDoubtful, isOfTls, isOurRefusal, tlsFailure } from './tls/failure.ts';

/** HTTP version to ask for: `http2` sends all requests as streams of one connection, if the server agrees. */
export type HttpProtocol = 'http1' | 'http2';

/** Explains a failure with the certificates that the server sent. */
export type ExplainServer = (failure: Failure, serverChain: readonly X509Certificate[]) => Failure;

/** What a dialler does beyond dialling. */
export interface DiallerOptions {
  readonly protocol: HttpProtocol;
  /** Is shown the certificate of the first server that was believed, and the signature algorithms that it takes for client certificates; none if it asks for no certificate. */
  readonly onServer?: ((certificate: X509Certificate, algorithms: readonly string[]) => void) | undefined;
  readonly explainServer?: ExplainServer | undefined;
}

/** Failed handshakes that had offered a session, after which no other one offers one. */
const MAX_REFUSED_SESSIONS = 2;
/** Pause before the dial that confirms a doubtful failure: with a handshake, well within a second. */
const CONFIRM_MS = 500;
/** Further dials before a run ends because TLS with the first node failed: a balancer gives each connection to another node. */
const OTHER_DIALS = 2;

/** Opens connections to one server, each resuming the newest session. */
export class Dialler {
  readonly #route: Route;
  readonly #options: DiallerOptions;
  readonly #first = Promise.withResolvers<number>();
  readonly #addressBook: AddressBook;
  #session: Buffer | undefined;
  #refusedSessions = 0;
  #hasConnected = false;
  #asksForCertificate: boolean | undefined;
  #protocols: readonly string[];
  /** For TLS 1.2, once a server asks for the certificate too late for TLS 1.3. */
  #tls12Context: SecureContext | undefined;
  /** Whether the server speaks TLS 1.3, has not asked for a certificate, and TLS 1.2 was not tried. */
  #isBlindTls13 = false;

  constructor(route: Route, options: DiallerOptions) {
    this.#route = route;
    this.#addressBook = route.addressBook ?? new AddressBook();
    this.#options = options;
    this.#protocols = options.protocol === 'http2' ? ['h2', 'http/1.1'] : ['http/1.1'];
  }

  /** Offers this version of HTTP only from now on. */
  offer(protocol: 'http/1.1' | 'h2'): void {
    this.#protocols = [protocol];
  }

  /** Resolves when the first handshake is complete: about how long the server takes to answer, in milliseconds. */
  get first(): Promise<number> {
    return this.#first.promise;
  }

  /** Tells whether the server asked for a client certificate in the first full handshake; `undefined` before it. */
  get asksForCertificate(): boolean | undefined {
    return this.#asksForCertificate;
  }

  /** Opens a connection; rejects with a `Failure`. */
  async dial(): Promise<Connection> {
    try {
      return await this.#dialTwice();
    } catch (error) {
      throw error instanceof DialError ? this.#explain(error) : error;
    }
  }

  /** Speaks TLS 1.2 from now on, whose renegotiation can ask for a late certificate; returns whether that is new. */
  avoidTls13(): boolean {
    const { tls12Context } = this.#route;
    if (!this.#isBlindTls13 || !tls12Context) return false;
    this.#isBlindTls13 = false;
    this.#tls12Context = tls12Context();
    this.#session = undefined;
    return true;
  }

  /** Notes that a server broke off a resumed session: resuming saves time and must never cost a file. */
  refuseSession(): void {
    this.#refusedSessions++;
    this.#session = undefined;
  }

  /** Dials again where the first dial says nothing yet of a second one. */
  async #dialTwice(): Promise<Connection> {
    const session = this.#refusedSessions < MAX_REFUSED_SESSIONS ? this.#session : undefined;
    try {
      return await this.#dialOnce(session);
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      const isTooOld = this.#tls12Context && tlsFailure(error.cause, '')?.code === 'TLS_VERSION';
      if (isTooOld) this.#tls12Context = undefined;
      const isRefused = session !== undefined && error.hasBegun && !isOurRefusal(error.cause);
      if (isRefused) this.refuseSession();
      else if (isTooOld) return this.#dialOnce(undefined);
      else if (this.#hasConnected || !isOfTls(error.cause)) throw error;
      else if (!isDoubtful(error.cause)) return this.#dialOthers(error);
      else await sleep(CONFIRM_MS);
      return this.#dialOnce(undefined);
    }
  }

  /** Looks for a good node behind the same name after a first one that cannot be used; rejects with the error of the first one. */
  async #dialOthers(first: DialError): Promise<Connection> {
    for (let left = OTHER_DIALS; left > 0; left--) {
      try {
        return await this.#dialOnce(undefined);
      } catch (error) {
        // The first error tells more than that of a node which is down.
        if (!(error instanceof DialError && isOfTls(error.cause))) break;
      }
    }
    throw first;
  }

  async #dialOnce(session: Buffer | undefined): Promise<Connection> {
    const connection = await dial(this.#route, {
      addressBook: this.#addressBook,
      protocols: this.#protocols,
      session,
      secureContext: this.#tls12Context,
      onSession: (newest) => (this.#session = newest),
    });
    if (!this.#hasConnected) this.#begin(connection);
    return connection;
  }

  #begin({ socket, roundTripMs }: Connection): void {
    this.#hasConnected = true;
    const algorithms = socket.getSharedSigalgs();
    this.#asksForCertificate = algorithms.length > 0;
    this.#isBlindTls13 = !this.#asksForCertificate && socket.getProtocol() === 'TLSv1.3';
    const certificate = socket.getPeerX509Certificate();
    if (certificate) this.#options.onServer?.(certificate, algorithms);
    this.#first.resolve(roundTripMs);
  }

  #explain({ cause, serverChain }: DialError): Failure {
    const failure = lostInTunnel(dialFailure(cause, this.#route.server.origin), this.#route);
    const hint = this.#hasConnected ? WERE_GOOD[failure.code] : undefined;
    if (failure.kind !== 'config') return hint === undefined ? failure : failure.with({ hint });
    // A server that was good before is in trouble rather than of another kind.
    if (this.#hasConnected && isDoubtful(cause)) {
      return new Failure('service', failure.code, failure.message, { hint: failure.hint ?? '', cause });
    }
    const { explainServer } = this.#options;
    const explained = serverChain.length > 0 && explainServer ? explainServer(failure, serverChain) : failure;
    return this.#hasConnected && explained.facts.endsRun === 'bad-node' ? oneOfSeveral(explained) : explained;
  }
}

/** A connection that is lost in the tunnel of a proxy may have ended at the proxy. */
function lostInTunnel(failure: Failure, { proxy }: Route): Failure {
  if (proxy === undefined || failure.facts.unreached !== NO_CONNECTION) return failure;
  const hint = `Ask the operators of ${nameProxy(proxy)} first: the tunnel may have ended there. Then ask those of the service: the service, or a gateway in front of it, may have restarted or be overloaded.`;
  return failure.with({ hint, unreached: NO_TUNNEL });
}

/** What to do about a way to the service that was good before in this run: no setting is wrong. */
const WERE_GOOD: Partial<Record<Failure['code'], string>> = {
  CONNECT_REFUSED:
    'Connections to this address were good before in this run: the service, or what is in front of it, has stopped or restarts. Ask its operators.',
  CONNECT_TIMEOUT:
    "Connections to this host were good before in this run: the service, or a balancer in front of it, hangs or is gone. Ask the operators of the service first, then those of the runner's network.",
  CONNECT_UNREACHABLE:
    "Connections to this host were good before in this run: the network between has a fault. Ask the operators of the runner's network.",
  DNS_UNAVAILABLE:
    "The name server found this host before in this run: it is in trouble. Ask the operators of the runner's network.",
  DNS_NOT_FOUND:
    "The name server found this host before in this run: it is in trouble, or the entry of the host in DNS was removed. Ask the operators of the runner's network, then those of the service.",
  PROXY_UNREACHABLE:
    'Connections through this proxy were good before in this run: the proxy has stopped, restarts or hangs. Ask the operators of the proxy.',
  PROXY_REFUSED:
    'Connections through this proxy were good before in this run: the proxy no longer reaches the service, or limits connections. Ask the operators of the proxy first, then those of the service.',
};

/** Says that the server that was refused is not the only one: its operators look for it among several. */
export function oneOfSeveral(failure: Failure): Failure {
  const others =
    'Another connection to this host was good, so that server-url and chain are right: several servers share its name, and their operators must repair this one or take it out of the balancer.';
  return failure.with({ hint: `${others} ${failure.hint ?? ''}`.trim(), isOneOfSeveral: true });
}
