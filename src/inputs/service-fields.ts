import { isBlank } from '../identity/text/blocks.ts';
import { readCertInput } from '../identity/text/inputs.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { readAddress } from './address-fields.ts';
import { readAuthority } from './certificate-fields.ts';
import type { FieldReader } from './field-reader.ts';
import type { ServiceInputs } from './inputs.ts';
import { readProtocol } from './protocols/protocol-fields.ts';
import type { TakenInputs } from './taken.ts';
import type { SignatureFields } from './verify-fields.ts';

/** Reads how to reach the service and how to authenticate; certificates and keys are examined later. */
export function readService(
  taken: TakenInputs,
  form: SignatureFields,
): { readonly service: ServiceInputs; readonly protocol: Protocol | undefined } {
  const { identity, appSecret, token, reader } = taken;
  const serverUrl = readAddress(reader, 'server-url', reader.required('server-url'));
  const protocol = readProtocol({ reader, serverUrl, appSecret, token, form, purpose: 'signing' });
  const authority = readAuthority({ ...taken, serverUrl });
  const shows = whatIsShown(taken, protocol);
  if (shows === 'stored certificate') missCertificate(reader, identity);
  if (isBlank(identity.chain)) reader.miss('chain');
  const http = reader.boolean('http2', false) ? 'http2' : 'http1';
  const expiryWarningDays = reader.integer('cert-expiry-warning-days', { from: 0, to: 3650, otherwise: 30 });
  return { service: { serverUrl, identity, shows, authority, http, expiryWarningDays }, protocol };
}

function whatIsShown({ reader, identity }: TakenInputs, protocol: Protocol | undefined): ServiceInputs['shows'] {
  if ((reader.text('certificate-from') ?? 'input') !== 'input') return 'issued certificate';
  const isNeeded = protocol?.certificate !== 'optional' || !isBlank(identity.cert) || !isBlank(identity.key);
  return isNeeded ? 'stored certificate' : 'no certificate';
}

/** Notes a missing certificate or key; the key may be in the same input as the certificate. */
function missCertificate(reader: FieldReader, { cert, key, keyPassphrase }: TakenInputs['identity']): void {
  if (isBlank(cert)) reader.miss('cert');
  if (!isBlank(key)) return;
  const { keys, mayHideKey } = readCertInput(cert, keyPassphrase);
  if (keys.length === 0 && !mayHideKey) reader.miss('key');
}
