import { Failure } from '../../signing/policy/failure.ts';
import { orAborted } from '../../signing/schedule/clock.ts';
import { targetOf } from '../connect.ts';
import { connectionFailure } from '../connection-failure.ts';
import { type Handshake, inspectHandshake, type ProbeOptions } from './probe.ts';
import { explainServer, isAboutServer, type TrustFacts } from './server-certificate.ts';

/** How to look again, and what to hold it against. */
export interface DiagnosisOptions extends Omit<ProbeOptions, 'listenMs' | 'hostname' | 'port'> {
  readonly server: URL;
  readonly anchors: TrustFacts['anchors'];
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Longest wait for a refusal that comes after the handshake, as under TLS 1.3. */
export const LISTEN_MS = 1500;

/** Creates what looks into failures that HTTP cannot explain, by one more handshake that sends nothing. */
export function createDiagnosis(options: DiagnosisOptions): Diagnosis {
  const { server, anchors, now } = options;
  const target = targetOf(server);
  return {
    canTellMore: (failure) =>
      isAboutServer(failure) ||
      failure.code === 'CONNECTION_LOST' ||
      (failure.code === 'TLS_CLIENT_REJECTED' && failure.message.includes('handshake failure')),
    async tell(failure) {
      const listenMs = isAboutServer(failure) ? 0 : LISTEN_MS;
      const handshake = await inspectHandshake({ ...options, ...target, listenMs });
      if (isAboutServer(failure)) {
        return explainServer(failure, handshake.serverChain, { ...target, anchors, now: new Date(now()) });
      }
      return refusalIn(handshake, server.origin) ?? failure;
    },
  };
}

/** Reads from a handshake whether the server refused us; `undefined` when it did not, as far as can be seen. */
export function refusalIn(handshake: Handshake, origin: string): Failure | undefined {
  const { end, error, isClientAsked, presented } = handshake;
  if (end === 'open') return undefined;
  const failure = connectionFailure(error, { origin });
  if (failure.code === 'TLS_CLIENT_REJECTED') return isClientAsked ? failure : noAgreement(origin, failure);
  if (failure.code !== 'CONNECTION_LOST' || !isClientAsked || presented === undefined) return undefined;
  return new Failure(
    'config',
    'TLS_CLIENT_REJECTED',
    presented === 0
      ? `${origin}: the server asked for a client certificate, got none, and closed the connection.`
      : `${origin}: the server closed after our certificate: probably rejected.`,
    {
      hint: 'Check that cert is the certificate the service expects, with its intermediates, for clients, and not revoked.',
      cause: failure,
    },
  );
}

/** The alert that stands for a missing certificate also stands for parameters that have nothing in common. */
function noAgreement(origin: string, cause: Failure): Failure {
  const message = `${origin}: the server broke off the handshake before it asked for a client certificate (alert handshake failure).`;
  return new Failure('config', 'TLS_HANDSHAKE_REFUSED', message, {
    hint: 'Its operators must enable cipher suites of today for TLS 1.2 or 1.3; a name that the server does not know looks like this as well.',
    cause,
  });
}

/** Finds out more about a failed connection. */
export interface Diagnosis {
  canTellMore(failure: Failure): boolean;
  /** Resolves with a better failure, or the same one. */
  tell(failure: Failure): Promise<Failure>;
}

/**
 * Doubts the service until it has answered once: until then a lost connection may be a refusal in disguise.
 *
 * One look is taken, and while it lasts no further request leaves.
 */
export class Suspicion {
  readonly #diagnosis: Diagnosis | undefined;
  #look: Promise<Failure> | undefined;
  #isOver = false;

  constructor(diagnosis: Diagnosis | undefined) {
    this.#diagnosis = diagnosis;
  }

  /** Notes an answer: whoever answers has accepted our certificate, or says itself that it did not. */
  dispel(): void {
    this.#isOver = true;
  }

  /** Waits for a look that is being taken; rejects with what it found when that ends the run. */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.#look === undefined || this.#isOver) return;
    const found = await orAborted(this.#look, signal);
    if (found.kind === 'config') throw found;
  }

  /** Returns a failure as it is, or what a look found behind it. */
  async explain(failure: Failure, signal: AbortSignal): Promise<Failure> {
    const diagnosis = this.#diagnosis;
    if (this.#isOver || !diagnosis?.canTellMore(failure)) return failure;
    this.#look ??= diagnosis.tell(failure);
    const found = await orAborted(this.#look, signal);
    return found.kind === 'config' ? found : failure;
  }
}
