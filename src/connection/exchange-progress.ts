import { Failure } from '../signing/policy/failure.ts';
import { AnswerBody } from './answer-body.ts';

const NONE = {};
/** What kept requests from the service, for the end of the run: no way through the proxy. */
export const NO_TUNNEL = 'no connection through the proxy was made';
const NO_ANSWER =
  "Ask the operators of the runner's network whether the runner may reach the service: a firewall that drops packets looks like this. So does a server that takes connections and says nothing: then ask the operators of the service.";

/** Progress of an exchange, for the texts of failures. */
export class ExchangeProgress {
  /** The received part of the answer's body. */
  readonly body: AnswerBody = new AnswerBody();
  /** Whether the request has a connection. */
  isConnected = false;
  /** Whether the last byte of the request was passed to the connection. */
  isSent = false;
  /** Time of the last sent byte, in milliseconds on the monotonic clock. */
  sentAt = 0;
  /** Whether the answer began in a way that only a lenient reader takes for HTTP. */
  beginsOddly = false;
  /** Status of the answer; 0 before it arrives. */
  status = 0;
  /** Headers of the answer. */
  headers: Readonly<Record<string, string | string[] | undefined>> = NONE;

  /** Says when a connection was lost, such as `before the answer began`. */
  describe(): string {
    if (this.status > 0) return `within the answer (${this.#describeAnswer()})`;
    return this.isSent ? 'before the answer began' : 'while the request was sent';
  }

  /** Adds the unfinished step and the proxy to the failure of a timeout; returns any other reason unchanged. */
  explainTimeout(
    reason: unknown,
    { proxy, hasSucceeded }: { readonly proxy?: string | undefined; readonly hasSucceeded?: boolean } = {},
  ): unknown {
    if (!(reason instanceof Failure) || reason.code !== 'TIMEOUT') return reason;
    const within = reason.message.replace(/^No answer |\.$/g, '');
    if (!this.isConnected)
      return reason.with({
        message: `No connection ${within}.`,
        hint: proxy === undefined ? NO_ANSWER : `Ask the operators of ${proxy} whether it reaches the service.`,
        unreached: proxy === undefined ? 'no connection was made' : NO_TUNNEL,
      });
    if (this.status > 0)
      return reason.with({
        message: `The answer did not end ${within} (${this.#describeAnswer()}).`,
        hint: 'The server, or a gateway in front of it, began an answer and did not end it: ask its operators.',
      });
    const isSilent = `No answer ${within}, though the request was sent whole.`;
    if (!this.isSent) return reason.with({ message: `The request was not sent whole ${within}.` });
    // Sizes are looked at when files got through.
    if (hasSucceeded) return reason.with({ message: isSilent });
    const hint = `${reason.hint} When no request gets an answer, not even of a small file, a network that loses large packets (VPN, MTU) looks like this too.`;
    return reason.with({ message: isSilent, hint });
  }

  /** Records that the last byte of the request was passed to the connection. */
  onSent(): void {
    this.isSent = true;
    this.sentAt = performance.now();
  }

  #describeAnswer(): string {
    const [length] = [this.headers['content-length']].flat();
    const bytes = length === undefined ? `${this.body.length} bytes` : `${this.body.length} of ${length} bytes`;
    return `status ${this.status}, ${bytes} of its body`;
  }
}

/** Fewest connections that show a common time, and the shortest such time: crashes and restarts are faster. */
const FEWEST = 3;
const SHORTEST_MS = 1000;

/** How long connections without an answer were silent before they were lost. */
export class Silences {
  #count = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = 0;

  /**
   * Learns of a lost connection. When the time was about the same for each one, says whom to ask: the side that ends a
   * silent connection does not tell.
   */
  add({ isSent, status, sentAt }: ExchangeProgress): string | undefined {
    if (!isSent || status > 0) return undefined;
    const ms = performance.now() - sentAt;
    this.#count++;
    this.#least = Math.min(this.#least, ms);
    this.#most = Math.max(this.#most, ms);
    if (this.#count < FEWEST || this.#least < SHORTEST_MS || this.#most > 1.3 * this.#least) return undefined;
    const [from, to] = [this.#least, this.#most].map((ms) => (ms / 1000).toFixed(1));
    const time = from === to ? `${from} s` : `${from} to ${to} s`;
    return `Every connection that was lost had been silent for ${time} after the whole request: a time limit on idle connections is probably the cause. Ask the operators of the runner's network about that of its NAT, firewall or VPN, and those of the service and its gateway about theirs.`;
  }
}
