import { ActionError } from '../errors.ts';
import { Failure } from '../signing/policy/failure.ts';
import { orAborted } from '../signing/schedule/clock.ts';
import { askedLate, SessionTrial, unknownSession, watch } from './asked-again.ts';
import type { Connection } from './connect.ts';
import { type ConnectionFacts, connectionFailure } from './connection-failure.ts';
import { type Lane, Lanes } from './connections.ts';
import type { Diagnosis } from './diagnosis/diagnosis.ts';
import { LossExamination } from './diagnosis/loss-examination.ts';
import { Dialler, type DiallerOptions, type HttpProtocol } from './dialler.ts';
import { describeRequest, type WireRequest, type WireResponse } from './exchange.ts';
import { ExchangeProgress, Silences } from './exchange-progress.ts';
import { Http2Trial } from './http2-errors.ts';
import { AnswerTrial, exchangeLeniently } from './lenient/lenient-exchange.ts';
import { nameProxy } from './proxy/proxy.ts';
import type { Route } from './route.ts';

/** Options of a transport. */
interface TransportOptions {
  /** Protocol; HTTP/1.1 when absent. */
  readonly protocol?: HttpProtocol | undefined;
  /** Examines a failure that HTTP cannot explain; used at most once, before the first answer. */
  readonly diagnosis?: Diagnosis | undefined;
  readonly onServer?: DiallerOptions['onServer'];
}

/** Sends requests to one origin. */
export interface Transport {
  /** Settles after the first handshake with the approximate time until an answer of the server, in milliseconds. */
  readonly firstConnection: Promise<number>;
  /** Rejects with a `Failure` when there is no answer; an answer with any status is a result. */
  post(request: WireRequest, signal: AbortSignal): Promise<WireResponse>;
  /** Opens connections in advance, up to this number or until the signal aborts; does nothing over HTTP/2. */
  prepare(connections: number, signal: AbortSignal): void;
  /** Tells whether the server asked for a client certificate in its first handshake; `undefined` before it. */
  asksForCertificate(): boolean | undefined;
  /** Returns the number of requests so far, including those without a connection. */
  requests(): number;
  /** Closes idle connections. */
  dropIdle(): void;
  /** Closes every connection at once. */
  close(): void;
}

/** Opens a transport; connections are made when they are needed. */
export function openTransport(route: Route, options: TransportOptions = {}): Transport {
  return new LaneTransport(route, options);
}

class LaneTransport implements Transport {
  readonly firstConnection: Promise<number>;
  readonly #origin: string;
  readonly #proxyName: string | undefined;
  readonly #dialler: Dialler;
  readonly #lanes: Lanes;
  readonly #losses: LossExamination;
  /** Ends the lenient exchanges, which have no lanes. */
  readonly #closing = new AbortController();
  #requests = 0;
  #hasAnswered = false;
  readonly #answers = new AnswerTrial();
  readonly #sessions = new SessionTrial();
  readonly #http2 = new Http2Trial();
  readonly #silences = new Silences();

  constructor(route: Route, { protocol = 'http1', diagnosis, onServer }: TransportOptions) {
    this.#dialler = new Dialler(route, { protocol, onServer, explainServer: diagnosis?.explainServer });
    this.firstConnection = this.#dialler.first;
    this.#origin = route.server.origin;
    this.#proxyName = route.proxy && nameProxy(route.proxy);
    this.#lanes = new Lanes(this.#origin, protocol, this.#dialler);
    this.#losses = new LossExamination(diagnosis);
  }

  readonly post = async (request: WireRequest, signal: AbortSignal): Promise<WireResponse> => {
    const response = await this.#send(request, signal);
    if (response.status < 300) this.#answers.onSuccess();
    const isRefused = response.status === 401 || response.status === 403;
    if (!isRefused || this.#answers.hasSucceeded || !this.#dialler.avoidTls13()) return response;
    // HTTP/2 has no way to ask for a certificate after the request either.
    this.#lanes.avoidHttp2();
    throw askedLate(this.#origin, response.status);
  };

  async #send(request: WireRequest, signal: AbortSignal): Promise<WireResponse> {
    await this.#losses.settled(signal);
    this.#requests++;
    if (this.#answers.isLenient) return this.#sendLeniently(request, signal);
    const lane = this.#lanes.takeIdle(request.used) ?? (await this.#connect(signal, request.used));
    const isStale = watch(lane);
    const progress = this.#losses.begin(new ExchangeProgress());
    try {
      const response = await lane.wire.exchange({ request, signal, progress });
      this.#hasAnswered = true;
      this.#losses.end();
      if (this.#isStranger(lane, response)) throw unknownSession(this.#origin, response.status);
      if (lane.connection) lane.connection.requests++;
      this.#lanes.giveBack(lane, { status: response.status, used: request.used });
      return { ...response, request: describeRequest(this.#origin, request) };
    } catch (error) {
      this.#losses.fail(progress);
      this.#lanes.drop(lane, { isLate: signal.aborted });
      const stale =
        isStale() || this.#isTooNew(lane, error) || this.#isRefusedSession(lane, error) || this.#isAskedLate(error);
      // The other connections have been idle for even longer, and the retry must not use another dead one.
      if (stale) this.#lanes.dropIdle();
      return this.#explain(error, signal, { alert: lane.connection?.alert, stale, sharing: lane.sharing, progress });
    }
  }

  async #sendLeniently(request: WireRequest, signal: AbortSignal): Promise<WireResponse> {
    const ends = AbortSignal.any([signal, this.#closing.signal]);
    const dialling = this.#dialler.dial();
    const progress = new ExchangeProgress();
    let connection: Connection | undefined;
    try {
      connection = await orAborted(dialling, ends);
      const host = new URL(this.#origin).host;
      const response = await exchangeLeniently(request, { host, socket: connection.socket, signal: ends, progress });
      this.#answers.onRead(progress);
      return { ...response, request: describeRequest(this.#origin, request) };
    } catch (error) {
      // A connection that is ready after the request ended is not needed.
      dialling.then(({ socket }) => socket.destroy()).catch(() => {});
      return this.#explain(error, signal, { alert: connection?.alert, progress });
    }
  }

  #isTooNew({ sharing, number }: Lane, error: unknown): boolean {
    if (sharing === 'own' || !this.#http2.fails(error, this.#requests, number)) return false;
    this.#lanes.avoidHttp2();
    return true;
  }

  /** A server may also break off when it wants a certificate after the request and TLS 1.3 cannot give it one. */
  #isAskedLate(error: unknown): boolean {
    const isLate = !(this.#hasAnswered || error instanceof ActionError) && this.#dialler.avoidTls13();
    if (isLate) this.#lanes.avoidHttp2();
    return isLate;
  }

  /** A server may end a resumed session only when the request arrives; the retry is then like that on a stale connection. */
  #isRefusedSession({ connection }: Lane, error: unknown): boolean {
    const isRefused = connection?.isResumed && connection.requests === 0 && !(error instanceof Failure);
    if (isRefused) this.#dialler.refuseSession();
    return isRefused === true;
  }

  /** A server that never asked for a certificate cannot have forgotten it. */
  #isStranger(lane: Lane, { status }: WireResponse): boolean {
    if (!this.#dialler.asksForCertificate || !this.#sessions.refuses(lane, status)) return false;
    this.#dialler.refuseSession();
    this.#lanes.dropUnused();
    return true;
  }

  readonly prepare = (connections: number, signal: AbortSignal): void => {
    void this.#lanes.prepare(connections, signal);
  };

  readonly asksForCertificate = (): boolean | undefined => this.#dialler.asksForCertificate;

  readonly requests = (): number => this.#requests;

  readonly dropIdle = (): void => this.#lanes.dropIdle();

  readonly close = (): void => {
    this.#closing.abort();
    this.#lanes.close();
  };

  async #connect(signal: AbortSignal, used?: readonly number[]): Promise<Lane> {
    const connecting = this.#lanes.connect(used);
    try {
      return await orAborted(connecting, signal);
    } catch (error) {
      // A connection that is ready too late can serve another request.
      connecting.then((lane) => this.#lanes.giveBack(lane, { status: 200 })).catch(() => {});
      return this.#explain(error, signal);
    }
  }

  async #explain(error: unknown, signal: AbortSignal, seen: Omit<ConnectionFacts, 'origin'> = {}): Promise<never> {
    const { progress = new ExchangeProgress() } = seen;
    const known = { hasSucceeded: this.#answers.hasSucceeded, proxy: this.#proxyName };
    if (signal.aborted) throw progress.explainTimeout(signal.reason, known);
    // An unreadable file is a failure of neither the connection nor the service.
    if (error instanceof ActionError && !(error instanceof Failure)) throw error;
    const { asksForCertificate } = this.#dialler;
    const silence = seen.stale ? undefined : this.#silences.add(progress);
    const failure = connectionFailure(error, { origin: this.#origin, asksForCertificate, silence, ...known, ...seen });
    if (failure.code === 'HTTP_MALFORMED' && this.#answers.onMalformed(error, seen.sharing))
      throw failure.with({ staleConnection: true });
    throw failure.facts.staleConnection ? failure : await this.#losses.explain(failure, signal);
  }
}
