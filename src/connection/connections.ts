import type { Socket } from 'node:net';
import type { Connection } from './connect.ts';
import type { Dialler, HttpProtocol } from './dialler.ts';
import { openWire, type Wire } from './exchange.ts';
import { refusesHttp1 } from './http2-errors.ts';
import { Http2Session } from './http2-session.ts';

/** An HTTP client with its current connection. */
export interface Lane {
  /** Counted over all lanes of the transport. */
  readonly number: number;
  readonly wire: Wire;
  readonly sharing: 'own' | 'shared';
  connection: Connection | undefined;
  /** Time when its last answer was complete. */
  idleSince: number;
}

/** One HTTP client for each request in flight, as a pool opens up to twice as many connections; HTTP/2 shares one. */
export class Lanes {
  readonly #origin: string;
  readonly #dialler: Dialler;
  #opened = 0;
  readonly #all = new Set<Lane>();
  readonly #idle: Lane[] = [];
  /** Connections that are being opened in advance; a request may take one earlier. */
  readonly #opening: Promise<Lane | undefined>[] = [];
  #shared: Promise<Lane | undefined> | undefined;
  /** `avoided`: HTTP/1.1 takes its place; `needed`: the server refused that. */
  #http2: 'off' | 'wanted' | 'avoided' | 'needed';

  constructor(origin: string, protocol: HttpProtocol, dialler: Dialler) {
    this.#origin = origin;
    this.#http2 = protocol === 'http2' ? 'wanted' : 'off';
    this.#dialler = dialler;
  }

  /** Returns an idle lane that is fresh enough and not used before. */
  takeIdle(used?: readonly number[]): Lane | undefined {
    const at = used ? this.#idle.findLastIndex((lane) => !used.includes(lane.number)) : this.#idle.length - 1;
    return at < 0 ? undefined : this.#fresh(this.#idle.splice(at, 1)[0], used);
  }

  /** Returns the shared lane if the server speaks HTTP/2, otherwise one that is being opened or a new one. */
  async connect(used?: readonly number[]): Promise<Lane> {
    const shared = this.#http2 === 'off' ? undefined : await this.#connectShared();
    if (shared) return shared;
    const ready = this.takeIdle(used) ?? this.#fresh(await this.#opening.shift(), used) ?? this.takeIdle(used);
    // What is still idle is used, and a server that serves one connection at a time would wait for a request on that one.
    if (!ready && used?.length) this.dropIdle();
    return ready ?? this.#open();
  }

  #fresh(lane: Lane | undefined, used: readonly number[] | undefined): Lane | undefined {
    if (lane === undefined) return undefined;
    // After `Connection: close` a client would dial again although a ready connection waits.
    const isOpen = lane.connection?.socket.destroyed !== true;
    if (isOpen && performance.now() - lane.idleSince <= MAX_IDLE_MS) return lane;
    this.drop(lane);
    return this.takeIdle(used);
  }

  /** Connects lanes before they are needed, a few at a time, until `signal` aborts; for HTTP/2, one is enough. */
  async prepare(count: number, signal: AbortSignal): Promise<void> {
    let left = this.#http2 === 'off' ? count : 0;
    const openSome = async (): Promise<void> => {
      while (left-- > 0 && !signal.aborted) {
        const opening = this.#dialler.dial().then(
          (connection) => this.#open(connection),
          // A later request reports the reason for a failure.
          () => undefined,
        );
        this.#opening.push(opening);
        const lane = await opening;
        if (lane === undefined) return;
        const at = this.#opening.indexOf(opening);
        if (at < 0) continue;
        void this.#opening.splice(at, 1);
        this.#idle.push(lane);
      }
    };
    await Promise.all(Array.from({ length: PREPARED_AT_ONCE }, openSome));
  }

  /** Returns a lane for the next request; that of a refusal may lead to the bad one of several servers, and comes last or is closed. */
  giveBack(lane: Lane, { status, used }: { readonly status: number; readonly used?: number[] | undefined }): void {
    lane.idleSince = performance.now();
    // 429 and 503 ask for fewer requests, and not for another server.
    if (status !== 429 && status !== 503) used?.push(lane.number);
    if (lane.wire instanceof Http2Session) lane.wire.release();
    if (lane.sharing === 'shared') return;
    if (!REFUSALS.includes(status)) this.#idle.push(lane);
    else if (used || (status > 403 && status < 500)) this.#idle.unshift(lane);
    else this.drop(lane);
  }

  /** Closes a lane after a failed request; a shared lane continues, for other requests too unless an answer is late. */
  drop(lane: Lane, { isLate = false } = {}): void {
    if (lane.wire instanceof Http2Session) {
      lane.wire.release({ isLate });
      return;
    }
    this.#all.delete(lane);
    disconnect(lane);
  }

  /** Opens a new lane of HTTP/1.1 for each request from now on, if the server takes it; those on the shared lane finish normally. */
  avoidHttp2(): void {
    this.dropUnused();
    if (this.#http2 !== 'wanted') return;
    this.#http2 = 'avoided';
    this.#dialler.offer('http/1.1');
    this.#shared = this.#openShared();
    // The next request reports a failure.
    this.#shared.catch(() => {});
  }

  /** Closes all idle lanes. */
  dropIdle(): void {
    for (const lane of this.#idle.splice(0)) this.drop(lane);
  }

  /** Closes all lanes that are idle or being opened, because their kind of connection does not work. */
  dropUnused(): void {
    this.dropIdle();
    for (const opening of this.#opening.splice(0)) void opening.then((lane) => lane && this.drop(lane));
  }

  /** Drops every connection at once. */
  close(): void {
    for (const lane of this.#all) disconnect(lane);
    for (const opening of this.#opening) void opening.then((lane) => lane && this.drop(lane));
    this.#all.clear();
    this.#idle.length = 0;
  }

  async #connectShared(): Promise<Lane | undefined> {
    this.#shared ??= this.#openShared();
    const opening = this.#shared;
    const lane = await opening;
    if (!(lane?.wire instanceof Http2Session) || (await lane.wire.take(MAX_IDLE_MS))) return lane;
    if (this.#shared === opening) this.#shared = undefined;
    return this.#connectShared();
  }

  /** Asks the server for HTTP/2; otherwise the connection becomes the first ordinary lane. */
  async #openShared(): Promise<Lane | undefined> {
    try {
      const connection = await this.#dialler.dial();
      if (connection.socket.alpnProtocol !== 'h2') {
        this.#idle.push(this.#open(connection));
        return undefined;
      }
      const lane = this.#add('shared', new Http2Session(this.#origin, connection.socket), connection);
      connection.socket.once('close', () => this.#all.delete(lane));
      return lane;
    } catch (error) {
      if (this.#http2 === 'avoided' && refusesHttp1(error)) {
        this.#http2 = 'needed';
        this.#dialler.offer('h2');
        return this.#openShared();
      }
      this.#shared = undefined;
      throw error;
    }
  }

  #open(ready?: Connection): Lane {
    let given = ready;
    const connect = async (): Promise<Socket> => {
      const connection = given ?? (await this.#dialler.dial());
      given = undefined;
      lane.connection = connection;
      return connection.socket;
    };
    const received = (): number => lane.connection?.socket.bytesRead ?? 0;
    const lane = this.#add('own', openWire(this.#origin, connect, received), ready);
    return lane;
  }

  #add(sharing: Lane['sharing'], wire: Wire, connection: Connection | undefined): Lane {
    const lane = { number: ++this.#opened, sharing, wire, connection, idleSince: performance.now() };
    this.#all.add(lane);
    return lane;
  }
}

/** A client that has sent nothing does not have its connection yet. */
function disconnect({ wire, connection }: Lane): void {
  wire.destroy();
  connection?.socket.destroy();
}

/** Statuses that another server behind the same name may not give. */
const REFUSALS: readonly number[] = [401, 403, 404, 405, 413, 500, 502, 504];
/** Longest idle time in ms: some servers close after a second, and the client's timers are half a second coarse. */
const MAX_IDLE_MS = 800;
/** Number of simultaneous handshakes that keeps both sides busy. */
const PREPARED_AT_ONCE = 8;
