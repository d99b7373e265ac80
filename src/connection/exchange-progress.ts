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

  /**
   * Adds the unfinished step to the failure of an attempt that ran out of time; returns any other reason unchanged.
   * `proxy` names the proxy in use.
   */
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

  #describeAnswer(): string {
    const [length] = [this.headers['content-length']].flat();
    const bytes = length === undefined ? `${this.body.length} bytes` : `${this.body.length} of ${length} bytes`;
    return `status ${this.status}, ${bytes} of its body`;
  }
}
