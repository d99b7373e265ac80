import type { Transport } from '../connection/transport.ts';
import type { Signer } from '../signing/signer.ts';
import type { Scrub } from './answers/scrub.ts';

/** The parts of a run that a protocol may use. */
export interface ProtocolWorld {
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  /** An unpredictable whole number below a bound. */
  readonly randomInt: (bound: number) => number;
  readonly warn: (title: string, text: string) => void;
  /** Removes secrets from what the service says; to be used before such a text is cut. */
  readonly scrub: Scrub;
  /** Keeps a value out of everything that is printed from now on. */
  readonly mask: (secret: string) => void;
  /** Draws a new OIDC token of the job for one receiver; throws `ID_TOKEN_MISSING`, `ID_TOKEN_REFUSED`. */
  readonly drawIdToken: (audience: string) => Promise<string>;
}

/** What a service says about the key that it signs with. */
export interface ServiceKey {
  /** Sentences for the log, such as the type and the version of the key. */
  readonly facts: readonly string[];
  /** The public key as PEM; `undefined` when the service does not tell it. */
  readonly publicKey: string | undefined;
}

/** A protocol in use over one transport. */
export interface OpenProtocol {
  readonly signer: Signer;
  /** Logs in if needed and asks the service about its key; absent where a service cannot be asked. */
  readonly describeKey?: (signal: AbortSignal) => Promise<ServiceKey>;
  /** Gives back what the run was lent, such as tokens, as far as that works until the signal aborts; never rejects. */
  readonly close: (signal: AbortSignal) => Promise<void>;
}

/** A signing service's way of speaking, with the settings of one run. */
export interface Protocol {
  readonly name: string;
  /** Whether the service knows the run by its client certificate alone. */
  readonly certificate: 'required' | 'optional';
  /** Refuses a file that the protocol cannot carry, before any connection is made; throws an `ActionError`. */
  readonly checkFile?: (file: { readonly path: string; readonly size: number }) => void;
  readonly open: (transport: Transport, world: ProtocolWorld) => OpenProtocol;
}
