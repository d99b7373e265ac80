import type { IdentityText } from '../identity/text/inputs.ts';
import type { FieldReader } from './field-reader.ts';

/** The inputs of a run, each taken from the environment once: secrets as text, all others through the reader. */
export interface TakenInputs {
  readonly identity: IdentityText;
  readonly appSecret: string | undefined;
  readonly token: string | undefined;
  /** Anchors for the authority that issues the client certificate; may hold a private key by mistake. */
  readonly certificateChain: string | undefined;
  readonly reader: FieldReader;
}
