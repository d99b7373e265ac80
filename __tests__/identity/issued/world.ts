import { X509Certificate } from 'node:crypto';
import { createTlsContext } from '../../../src/connection/route.ts';
import { openTransport } from '../../../src/connection/transport.ts';
import { ActionError } from '../../../src/errors.ts';
import { trustIn } from '../../../src/identity/identity.ts';
import type { AuthoritySettings, Step } from '../../../src/identity/issued/authority.ts';
import { type IssuedIdentity, Issuer } from '../../../src/identity/issued/issuer.ts';
import { loginMount } from '../../../src/protocols/vault/paths.ts';
import { createClock } from '../../../src/signing/schedule/clock.ts';

/** What a test of an issuer may replace. */
export interface IssueOptions {
  readonly from: AuthoritySettings['from'];
  readonly url: string;
  /** PEM of what the authority chains to. */
  readonly chain: string;
  readonly drawIdToken: (audience: string) => Promise<string>;
  /** How many times shorter pauses are; 1 when absent. */
  readonly hurry?: number;
  readonly now?: () => number;
  /** Ends the attempt. */
  readonly signal?: AbortSignal;
  /** How far the clock of limits is ahead, in milliseconds; 0 when absent. */
  readonly aheadMs?: () => number;
}

/** What came of one attempt to get a certificate. */
export interface Issuing {
  readonly issued: IssuedIdentity | undefined;
  readonly error: ActionError | undefined;
  readonly steps: readonly Step[];
  readonly masked: readonly string[];
  /** Pauses in milliseconds, as the issuer wanted them. */
  readonly pauses: readonly number[];
}

/** Asks an authority once with everything real but the length of pauses. */
export async function issue({
  from,
  url,
  chain,
  drawIdToken,
  hurry = 1,
  now = Date.now,
  signal = new AbortController().signal,
  aheadMs = () => 0,
}: IssueOptions): Promise<Issuing> {
  const server = new URL(url);
  const common = { url: server, audience: server.origin, chain, chainInput: 'certificate-chain' } as const;
  const settings: AuthoritySettings =
    from === 'step-ca'
      ? { from, ...common }
      : { from, ...common, mount: 'pki', login: loginMount('jwt', undefined), loginRole: 'release', pkiRole: 'ci' };
  const route = { server, secureContext: createTlsContext({ ca: [chain] }), timeoutMs: 2000 };
  const clock = createClock();
  const [steps, masked, pauses]: [Step[], string[], number[]] = [[], [], []];
  const issuer = new Issuer({
    settings,
    transport: openTransport(route),
    trust: trustIn([new X509Certificate(chain)], new Date()),
    world: {
      now,
      scrub: (text, maxLength) => text.slice(0, maxLength),
      mask: (secret) => void masked.push(secret),
      drawIdToken,
    },
    clock: {
      now: () => clock.now() + aheadMs(),
      after(delayMs, callback) {
        pauses.push(delayMs);
        // Limits stay as long as they are: a busy machine is no dead authority.
        return clock.after(delayMs > 10_000 ? delayMs : delayMs / hurry, callback);
      },
    },
    onStep: (step) => void steps.push(step),
  });
  try {
    return { issued: await issuer.obtain(signal), error: undefined, steps, masked, pauses };
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return { issued: undefined, error, steps, masked, pauses };
  } finally {
    await issuer.close(AbortSignal.timeout(1000));
  }
}
