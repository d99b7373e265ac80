import type { WireRequest, WireResponse } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import type { ProtocolWorld } from '../../protocols/protocol.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { type Clock, orAborted } from '../../signing/schedule/clock.ts';
import type { Identity, Trust } from '../identity.ts';
import type { Asking, Authority, AuthoritySettings, Step } from './authority.ts';
import { type CertificateRequest, createRequest } from './certificate-request.ts';
import { type Claims, describeClaims, type JobIdentity, jobOf, nameOf, readClaims } from './id-token.ts';
import { assemble } from './issued-certificate.ts';
import { StepCa } from './step-ca.ts';
import { VaultPki } from './vault-pki.ts';

/** A client certificate that was issued for this run, with its key in memory. */
export interface IssuedIdentity extends Identity {
  readonly source: AuthoritySettings['from'];
  /** Whom the authority issued it for. */
  readonly job: JobIdentity;
  /** End of its validity, in milliseconds since the epoch. */
  readonly endsAt: number;
  /** What is odd about it. */
  readonly warnings: readonly string[];
}

/** The parts of a run that an issuer uses. */
export interface IssuerWorld extends Pick<ProtocolWorld, 'now' | 'scrub' | 'mask' | 'drawIdToken'> {
  readonly clock: Pick<Clock, 'now' | 'after'>;
}

/** What an issuer works with. */
export interface IssuerOptions {
  readonly settings: AuthoritySettings;
  /** To the authority: its own origin and trust, and no client certificate. */
  readonly transport: Transport;
  /** What the signing service must chain to. */
  readonly trust: Trust;
  readonly world: IssuerWorld;
  /** Is told each step that worked. */
  readonly onStep?: (step: Step) => void;
}

/** Bounds of one certificate: an authority in trouble must not be asked for ever, nor by many jobs at once. */
const LIMITS = { requests: 5, totalMs: 60_000, requestMs: 20_000, firstPauseMs: 1000 } as const;

/** Gets client certificates from an authority, each for a new key. */
export class Issuer {
  readonly #options: IssuerOptions;
  readonly #authority: Authority;

  constructor(options: IssuerOptions) {
    this.#options = options;
    const { settings, world, transport } = options;
    this.#authority =
      settings.from === 'vault' ? new VaultPki(settings, world, transport) : new StepCa(settings, world);
  }

  /**
   * Gets a certificate; an authority in trouble is asked again, within 60 s and 5 requests.
   *
   * @throws ActionError `ID_TOKEN_MISSING`, `ID_TOKEN_REFUSED`, `LOGIN_REFUSED` or `CERTIFICATE_NOT_ISSUED`
   */
  async obtain(signal: AbortSignal): Promise<IssuedIdentity> {
    const { settings, trust, world } = this.#options;
    const attempt = new IssueAttempt(this.#options, signal);
    for (let pauseMs: number = LIMITS.firstPauseMs; ; pauseMs *= 2) {
      try {
        const pem = await this.#authority.issue(attempt);
        const { privateKey } = await attempt.request();
        const found = assemble(pem, { privateKey, trust, origin: settings.url.origin, now: world.now });
        const { subject, notAfter } = found.certificate;
        attempt.note({ check: 'certificate', what: `the authority issued ${subject}, valid until ${notAfter}` });
        return { ...found, source: settings.from, job: jobOf(attempt.claims) };
      } catch (error) {
        await attempt.pauseAfter(error, pauseMs);
      }
    }
  }

  /** Gives back what the authority lent, and closes the connection to it. */
  async close(): Promise<void> {
    await this.#authority.close();
    this.#options.transport.close();
  }
}

/** Everything that is done for one certificate, repeats included. */
class IssueAttempt implements Asking {
  readonly #options: IssuerOptions;
  readonly #signal: AbortSignal;
  readonly #endsAt: number;
  #requests = 0;
  #request: Promise<CertificateRequest> | undefined;
  claims: Claims = {};

  constructor(options: IssuerOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#endsAt = options.world.clock.now() + LIMITS.totalMs;
  }

  async post(request: WireRequest): Promise<WireResponse> {
    const { transport, settings } = this.#options;
    const { origin } = settings.url;
    if (this.#requests >= LIMITS.requests) throw unreachable(origin, `took ${LIMITS.requests} requests and gave none`);
    this.#requests++;
    const limitMs = Math.min(LIMITS.requestMs, this.#leftMs());
    const timeout = new AbortController();
    const cancel = this.#options.world.clock.after(Math.max(1, limitMs), () =>
      timeout.abort(unreachable(origin, `did not answer within ${Math.round(limitMs / 1000)} s`, { kind: 'service' })),
    );
    try {
      return await transport.post(request, AbortSignal.any([this.#signal, timeout.signal]));
    } catch (error) {
      this.#signal.throwIfAborted();
      throw error instanceof Failure && error.code !== 'CERTIFICATE_NOT_ISSUED' ? aboutAuthority(origin, error) : error;
    } finally {
      cancel();
    }
  }

  async drawToken(): Promise<{ readonly text: string; readonly claims: Claims }> {
    const { settings, world } = this.#options;
    const text = await orAborted(world.drawIdToken(settings.audience), this.#signal);
    world.mask(text);
    this.claims = readClaims(text);
    this.note({ check: 'OIDC token', what: `the runner gave one for the audience ${settings.audience}` });
    const names = ['iss', 'sub', 'repository_id', 'ref', 'job_workflow_ref', 'exp'];
    this.note({ check: 'token claims', what: describeClaims(this.claims, names) });
    return { text, claims: this.claims };
  }

  async createRequest(): Promise<string> {
    return (await this.request()).pem;
  }

  request(): Promise<CertificateRequest> {
    this.#request ??= createRequest(nameOf(this.claims));
    return this.#request;
  }

  note(step: Step): void {
    this.#options.onStep?.(step);
  }

  /** Waits before a repeat; throws the error when a repeat would be of no use, or too much. */
  async pauseAfter(error: unknown, pauseMs: number): Promise<void> {
    this.#signal.throwIfAborted();
    const isPassing = error instanceof Failure && (error.kind === 'service' || error.kind === 'request');
    if (!isPassing) throw error;
    const waitMs = Math.max(pauseMs, error.facts.retryAfterMs ?? 0);
    if (this.#requests >= LIMITS.requests || waitMs >= this.#leftMs()) throw lasting(error, this.#requests);
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.world.clock.after(waitMs, resolve);
    await orAborted(promise, this.#signal).finally(cancel);
  }

  #leftMs(): number {
    return this.#endsAt - this.#options.world.clock.now();
  }
}

interface Trouble {
  readonly kind?: Failure['kind'];
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

function unreachable(origin: string, what: string, { kind = 'config', hint, cause }: Trouble = {}): Failure {
  return new Failure(kind, 'CERTIFICATE_NOT_ISSUED', `The authority ${origin} ${what}.`, {
    hint: hint ?? 'Run this job again when the authority is well; its operators can see why it did not answer.',
    cause,
  });
}

/** A failure of the connection names the inputs of the signing service, but this is another server with inputs of its own. */
function aboutAuthority(origin: string, failure: Failure): Failure {
  return new Failure(
    failure.kind,
    'CERTIFICATE_NOT_ISSUED',
    `The authority ${origin} issued no certificate, because it was not reached (${failure.code}): ${inItsInputs(failure.message)}`,
    {
      hint: `This is about certificate-url and certificate-chain, which is chain when it is empty. ${inItsInputs(failure.hint ?? '')}`.trim(),
      cause: failure,
    },
  );
}

function inItsInputs(text: string): string {
  return text
    .replace(/\b(in|into|If) chain\b/g, '$1 certificate-chain')
    .replace(/\bchain holds\b/g, 'certificate-chain holds')
    .replace(/\bserver-url(?: and sign-path)?\b/g, 'certificate-url');
}

/** The failure that ends the run when the authority does not recover in time. */
function lasting(failure: Failure, requests: number): Failure {
  const times = requests === 1 ? '1 request' : `${requests} requests`;
  return failure.with({ kind: 'config', message: `${failure.message} That was the last of ${times}.` });
}
