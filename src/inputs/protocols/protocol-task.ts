import type { FieldReader } from '../field-reader.ts';
import type { SignatureFields } from '../verify-fields.ts';

/** A secret that proves to a service who asks: the input that holds it, or the OIDC token of the job. */
export type Credential = 'key' | 'app-secret' | 'token' | 'OIDC';

/** What the inputs of a protocol are read from, and what they are held against. */
export interface ProtocolTask {
  readonly reader: FieldReader;
  /** Where the service is; a harmless address when that input has a problem. */
  readonly serverUrl: URL;
  readonly appSecret: string | undefined;
  readonly token: string | undefined;
  /** How signatures are made, checked and written. */
  readonly form: SignatureFields;
  /** `rehearsal`: no secret and no address need to be there, because nothing is sent. */
  readonly purpose: 'signing' | 'rehearsal';
}
