import { inputEmpty, isBlank } from '../identity/text/inputs.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { FieldReader } from './field-reader.ts';
import type { ServiceInputs } from './inputs.ts';
import { readProtocol } from './protocols/protocol-fields.ts';
import type { TakenInputs } from './taken.ts';
import type { SignatureForm } from './verify-fields.ts';

/** Stands for a `server-url` that cannot be used. */
export const NOWHERE = new URL('https://invalid.invalid');

/** Reads what is needed to reach the service and to prove who we are; certificates and keys are examined later. */
export function readService(
  { identity, appSecret, token, reader }: TakenInputs,
  form: SignatureForm,
): { readonly service: ServiceInputs; readonly protocol: Protocol | undefined } {
  const serverUrl = readServerUrl(reader);
  const protocol = readProtocol({ reader, serverUrl, appSecret, token, form, purpose: 'signing' });
  const needsCertificate = protocol?.certificate !== 'optional' || !isBlank(identity.key);
  if (needsCertificate && isBlank(identity.cert)) reader.add(inputEmpty('cert'));
  if (isBlank(identity.chain)) reader.add(inputEmpty('chain'));
  const http = reader.boolean('http2', false) ? 'http2' : 'http1';
  const expiryWarningDays = reader.integer('cert-expiry-warning-days', { from: 0, to: 3650, otherwise: 30 });
  return { service: { serverUrl, identity, http, expiryWarningDays }, protocol };
}

function readServerUrl(reader: FieldReader): URL {
  const text = reader.required('server-url');
  if (text === '') return NOWHERE;
  if (!URL.canParse(text)) {
    reader.reject('server-url', 'is not a URL; it should look like https://sign.example.com');
    return NOWHERE;
  }
  const url = new URL(text);
  const problems = reader.problems.length;
  if (url.protocol !== 'https:') reader.reject('server-url', 'must begin with https://');
  if (url.port === '0') reader.reject('server-url', 'has port 0, where nothing can listen');
  if (url.username || url.password) reader.reject('server-url', 'must not hold a user or password');
  if (url.search || url.hash || /[?#]/.test(text))
    reader.reject('server-url', 'must not hold a query or fragment; those belong into sign-path');
  return reader.problems.length > problems ? NOWHERE : url;
}
