import type { IdentityText } from '../identity/text/inputs.ts';
import type { FieldReader } from './field-reader.ts';

/** The inputs of a run, each taken out of the environment once: secrets as text, all others by the reader. */
export interface TakenInputs {
  readonly identity: IdentityText;
  readonly appSecret: string | undefined;
  readonly token: string | undefined;
  /** What the authority that issues the client certificate must chain to; a private key may stand there by mistake. */
  readonly certificateChain: string | undefined;
  readonly reader: FieldReader;
}
