import type { FieldReader } from '../field-reader.ts';
import type { SignatureFields } from '../verify-fields.ts';

/** A secret that authenticates the job to a service: the input that holds it, or the OIDC token of the job. */
export type Credential = 'key' | 'app-secret' | 'token' | 'OIDC';

/** What is needed to read and check the inputs of a protocol. */
export interface ProtocolTask {
  readonly reader: FieldReader;
  /** Address of the service; a harmless one when that input has a problem. */
  readonly serverUrl: URL;
  readonly appSecret: string | undefined;
  readonly token: string | undefined;
  /** Algorithm, key and text form of signatures. */
  readonly form: SignatureFields;
  /** In a `rehearsal`, secrets and addresses are optional, because nothing is sent. */
  readonly purpose: 'signing' | 'rehearsal';
}
