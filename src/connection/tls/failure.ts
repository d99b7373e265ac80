import { codeOf } from '../../errors.ts';
import { Failure } from '../../signing/policy/failure.ts';
import {
  CLIENT_REJECTIONS,
  DEFINITE_REASONS,
  HINTS,
  OUTAGES,
  REFUSALS,
  ROWS,
  type Row,
  refusal,
  VERIFICATION_FAULTS,
} from './reasons.ts';

/** Builds the failure for a refusal in the handshake, by us or an alert, which no repeat changes; else `undefined`. */
export function tlsFailure(error: unknown, origin: string): Failure | undefined {
  const code = tlsCodeOf(error);
  if (!isTlsReason(code) || OUTAGES.has(reasonIn(code))) return undefined;
  const rejected = rejection(code, error, origin);
  if (rejected) return rejected;
  const [name, sentence, hint] = rowOf(error, code);
  return new Failure('config', name, `${origin}: ${sentence}.`, { hint, cause: error, endsRun: 'bad-node' });
}

/** Tells whether a dial failed for a reason of TLS, which another node may not have. */
export function isOfTls(error: unknown): boolean {
  return !(error instanceof Failure) && tlsFailure(error, '') !== undefined;
}

/** Tells whether damaged bytes or a starting server can cause a TLS error, or it is unknown: a dial must confirm it. */
export function isDoubtful(error: unknown): boolean {
  const code = tlsCodeOf(error);
  const reason = reasonIn(code);
  if (!code.startsWith('ERR_') || !isTlsReason(code) || OUTAGES.has(reason)) return false;
  const alert = alertIn(code);
  // A server also sends `decrypt error` when the bytes of our handshake were damaged in transit.
  if (alert !== undefined) return alert === 'DECRYPT_ERROR' || !(alert in REFUSALS || alert in CLIENT_REJECTIONS);
  return !DEFINITE_REASONS.has(reason);
}

/** Tells whether our side refused the server for a permanent reason, such as its certificate. */
export function isOurRefusal(error: unknown): boolean {
  const code = tlsCodeOf(error);
  return isTlsReason(code) && !isAlert(code) && !OUTAGES.has(reasonIn(code)) && !isDoubtful(error);
}

/** Builds the failure for an alert about our client certificate; `undefined` for any other alert or error. */
export function rejection(code: string, error: unknown, origin: string): Failure | undefined {
  const alert = alertIn(code);
  const known = alert === undefined ? undefined : CLIENT_REJECTIONS[alert];
  if (known === undefined) return undefined;
  const [reason, hint] = known;
  const message = `${origin}: the server refused our client certificate: ${reason} (alert ${words(alert)}).`;
  return new Failure('config', 'TLS_CLIENT_REJECTED', message, {
    hint,
    cause: error,
    endsRun: 'bad-node',
  });
}

/**
 * Returns the code of an error, empty for none; with OpenSSL's reason instead of the code that Node gives while bytes
 * wait to be written, as in `write EPROTO …:SSL routines:…:wrong version number:…`.
 */
export function tlsCodeOf(error: unknown): string {
  const code = codeOf(error) ?? '';
  const reason =
    code === 'EPROTO' && error instanceof Error ? /:SSL routines:[^:]*:([^:]+):/.exec(error.message)?.[1] : '';
  return reason ? `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}` : code;
}

/** Tells whether a code is an alert of the other side. */
export function isAlert(code: string): boolean {
  return alertIn(code) !== undefined;
}

/** Tells whether a code is from a TLS library, and not from the system, the HTTP client or an impossible request. */
export function isTlsReason(code: string): boolean {
  return code !== '' && !/^(?:E[A-Z0-9]+|ABORT_ERR|EAI_\w+|UND_ERR_\w+|HPE_\w+|ERR_(?!SSL_|OSSL_|TLS_)\w+)$/.test(code);
}

/** Turns `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED` into `CERTIFICATE_REQUIRED`; `undefined` for errors of our own side. */
function alertIn(code: string): string | undefined {
  return /^ERR_SSL_(?:SSLV3|SSL\/TLS|TLSV1|TLSV13)_(?:ALERT_)?(\w+)$/.exec(code)?.[1];
}

function reasonIn(code: string): string {
  return alertIn(code) ?? code.replace(/^ERR_(?:SSL_|OSSL_)?/, '');
}

function words(name = ''): string {
  return name.toLowerCase().replaceAll('_', ' ');
}

function rowOf(error: unknown, code: string): Row {
  const alert = alertIn(code);
  if (alert !== undefined) return REFUSALS[alert] ?? refusal(words(alert));
  const reason = reasonIn(code);
  return ROWS[reason] ?? (code.startsWith('ERR_') ? handshakeRow(reason) : verificationRow(error, code));
}

/** Returns the text of a reason; for most failed verifications, Node has only OpenSSL's text and no code. */
export function reasonOf(error: unknown, code: string): string {
  const isOfVerification = !code.startsWith('ERR_') && error instanceof Error && error.message !== '';
  return isOfVerification ? error.message : words(reasonIn(code));
}

function verificationRow(error: unknown, code: string): Row {
  const reason = reasonOf(error, code);
  const sentence =
    VERIFICATION_FAULTS[reason.toLowerCase()] ?? `a certificate of the server's chain cannot be accepted: ${reason}`;
  return ['TLS_SERVER_INVALID', sentence, 'Its operators must have the certificate issued again.'];
}

function handshakeRow(reason: string): Row {
  return [
    'TLS_HANDSHAKE_FAILED',
    `the TLS library of this machine broke off the handshake: ${words(reason)}`,
    HINTS[reason] ??
      'The server, or a device in between that opens TLS, sent something that TLS does not allow. Show this line to their operators.',
  ];
}
