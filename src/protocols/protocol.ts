import type { Transport } from '../connection/transport.ts';
import type { Signer } from '../signing/signer.ts';
import type { Scrub } from './answers/scrub.ts';

/** The parts of a run that a protocol may use. */
export interface ProtocolWorld {
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  /** Returns an unpredictable integer below a bound. */
  readonly randomInt: (bound: number) => number;
  readonly warn: (title: string, text: string) => void;
  /** Removes secrets from a service's text; must be called before the text is cut. */
  readonly scrub: Scrub;
  /** Keeps a value out of everything that is printed from now on. */
  readonly mask: (secret: string) => void;
  /** Requests a new OIDC token of the job for an audience; throws `ID_TOKEN_MISSING`, `ID_TOKEN_REFUSED`. */
  readonly drawIdToken: (audience: string) => Promise<string>;
}

/** A service's information about its signing key. */
export interface ServiceKey {
  /** Sentences for the log, such as the type and the version of the key. */
  readonly facts: readonly string[];
  /** The public key as PEM; `undefined` when the service does not tell it. */
  readonly publicKey: string | undefined;
}

/** A protocol that is in use over a transport. */
export interface OpenProtocol {
  readonly signer: Signer;
  /** Logs in if needed and asks the service about its key; absent when the service cannot be asked. */
  readonly describeKey?: (signal: AbortSignal) => Promise<ServiceKey>;
  /** Revokes the tokens of the run, until the signal aborts; never rejects. */
  readonly close: (signal: AbortSignal) => Promise<void>;
}

/** The protocol of a signing service, with the settings of a run. */
export interface Protocol {
  readonly name: string;
  /** Whether the service identifies the run only by its client certificate. */
  readonly certificate: 'required' | 'optional';
  /** Throws an `ActionError` for a file that the protocol cannot send; called before any connection is made. */
  readonly checkFile?: (file: { readonly path: string; readonly size: number }) => void;
  readonly open: (transport: Transport, world: ProtocolWorld) => OpenProtocol;
}
