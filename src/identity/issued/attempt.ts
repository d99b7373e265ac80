import { aboutOtherServer } from '../../connection/diagnosis/other-server.ts';
import type { WireRequest, WireResponse } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import type { ProtocolWorld } from '../../protocols/protocol.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { type Clock, orAborted } from '../../signing/schedule/clock.ts';
import type { Asking, AuthoritySettings, Step } from './authority.ts';
import { type CertificateRequest, createKeyPair, createRequest } from './certificate-request.ts';
import { type Claims, describeClaims, nameOf, readClaims } from './id-token.ts';
import { passingFailure } from './refusals.ts';

/** What a request to an authority needs. */
export interface AskingOptions {
  readonly settings: AuthoritySettings;
  /** Connects to the authority, with its own origin and trust, and without a client certificate. */
  readonly transport: Transport;
  readonly world: Pick<ProtocolWorld, 'now' | 'scrub' | 'mask' | 'drawIdToken'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Receives each step that succeeded. */
  readonly onStep?: (step: Step) => void;
}

/** Limits for one certificate, which protect an overloaded authority from endless requests of many jobs. */
const LIMITS = { requests: 5, totalMs: 60_000, requestMs: 20_000, firstPauseMs: 1000 } as const;

/** All requests for one certificate, including retries. */
export class IssueAttempt implements Asking {
  readonly #options: AskingOptions;
  readonly signal: AbortSignal;
  readonly #endsAt: number;
  /** Generated while the token and the connection to the authority are requested. */
  readonly #keys = createKeyPair();
  #requests = 0;
  #pauseMs: number = LIMITS.firstPauseMs;
  #request: CertificateRequest | undefined;
  claims: Claims = {};

  constructor(options: AskingOptions, signal: AbortSignal) {
    this.#options = options;
    this.signal = signal;
    this.#endsAt = options.clock.now() + LIMITS.totalMs;
    // The error is reported when the keys are used; it must not end the process when the attempt ends earlier.
    this.#keys.catch(() => {});
    options.transport.prepare(1, signal);
  }

  async post(request: WireRequest, lasts?: 'until answered'): Promise<WireResponse> {
    this.signal.throwIfAborted();
    const { transport, settings } = this.#options;
    const { origin } = settings.url;
    if (this.#requests >= LIMITS.requests) throw unreachable(origin, `took ${LIMITS.requests} requests and gave none`);
    const limitMs = Math.min(LIMITS.requestMs, this.#leftMs());
    if (limitMs <= 0)
      throw unreachable(
        origin,
        `gave no certificate within ${LIMITS.totalMs / 1000} s`,
        'config',
        'The authority, or the service of the runner that gives tokens, is slow: run this job again.',
      );
    this.#requests++;
    const timeout = new AbortController();
    const cancel = this.#options.clock.after(limitMs, () =>
      timeout.abort(unreachable(origin, `did not answer within ${Math.ceil(limitMs / 1000)} s`, 'service')),
    );
    try {
      const ends = lasts ? timeout.signal : AbortSignal.any([this.signal, timeout.signal]);
      const response = await transport.post(request, ends);
      const { scrub, now } = this.#options.world;
      const passing = passingFailure(response, { origin, claims: this.claims, scrub, now });
      if (passing) throw passing;
      return response;
    } catch (error) {
      this.signal.throwIfAborted();
      throw error instanceof Failure && error.code !== 'CERTIFICATE_NOT_ISSUED' ? aboutAuthority(origin, error) : error;
    } finally {
      cancel();
    }
  }

  async drawToken(): Promise<{ readonly text: string; readonly claims: Claims }> {
    const { settings, world } = this.#options;
    const text = await orAborted(world.drawIdToken(settings.audience), this.signal);
    world.mask(text);
    this.claims = readClaims(text);
    this.note({ check: 'OIDC token', what: `the runner gave one for the audience ${settings.audience}` });
    const names = ['iss', 'sub', 'repository_id', 'ref', 'job_workflow_ref', 'exp'];
    this.note({ check: 'token claims', what: describeClaims(this.claims, names) });
    return { text, claims: this.claims };
  }

  async request(): Promise<CertificateRequest> {
    this.#request ??= createRequest(nameOf(this.claims), await this.#keys);
    return this.#request;
  }

  note(step: Step): void {
    this.#options.onStep?.(step);
  }

  /** Waits before a retry; throws the error when a retry cannot help or a limit is reached. */
  async pauseAfter(error: unknown): Promise<void> {
    this.signal.throwIfAborted();
    const isPassing = error instanceof Failure && (error.kind === 'service' || error.kind === 'request');
    if (!isPassing) throw error;
    const waitMs = Math.max(this.#pauseMs, error.facts.retryAfterMs ?? 0);
    this.#pauseMs *= 2;
    if (this.#requests >= LIMITS.requests || waitMs >= this.#leftMs()) throw lasting(error, this.#requests);
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(waitMs, resolve);
    await orAborted(promise, this.signal).finally(cancel);
  }

  #leftMs(): number {
    return this.#endsAt - this.#options.clock.now();
  }
}

function unreachable(origin: string, what: string, kind: Failure['kind'] = 'config', hint = RUN_AGAIN): Failure {
  return new Failure(kind, 'CERTIFICATE_NOT_ISSUED', `The authority ${origin} ${what}.`, { hint });
}

const RUN_AGAIN = 'Run this job again when the authority works again; its operators can see why it did not answer.';

/** Rewrites a connection failure, which names the inputs of the signing service, for the authority and its inputs. */
function aboutAuthority(origin: string, failure: Failure): Failure {
  const { message, hint } = aboutOtherServer(failure, ITS_INPUTS);
  return new Failure(
    failure.kind,
    'CERTIFICATE_NOT_ISSUED',
    `The authority ${origin} issued no certificate, because it was not reached (${failure.code}): ${message}`,
    {
      hint: `This is about certificate-url and certificate-chain, which is chain when it is empty. ${hint}`.trim(),
      cause: failure,
    },
  );
}

const ITS_INPUTS = { name: 'the authority', url: 'certificate-url', chain: 'certificate-chain' };

/** Builds the final failure when the authority does not recover in time. */
function lasting(failure: Failure, requests: number): Failure {
  const times = requests === 1 ? '1 request' : `${requests} requests`;
  return failure.with({ kind: 'config', message: `${failure.message} That was the last of ${times}.` });
}
