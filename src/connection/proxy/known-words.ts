import type { ExchangeProgress } from '../exchange-progress.ts';

/** Returns the reason that squid gives in a header of its own, and others in that of RFC 9209; an unknown word may be part of a secret. */
export function tokenIn(headers: ExchangeProgress['headers']): string | undefined {
  const ofSquid = /^(ERR_[A-Z_]+)(?: |$)/.exec([headers['x-squid-error'] ?? ''].flat()[0] ?? '')?.[1];
  const said = ofSquid ?? /;\s*error=([a-z_]+)/.exec([headers['proxy-status'] ?? ''].flat().join(', '))?.[1];
  return TOKENS.find((token) => token === said);
}

/** Of squid 6, for requests to open a tunnel, and of RFC 9209, section 2.3. */
const TOKENS = [
  'ERR_ACCESS_DENIED ERR_CACHE_ACCESS_DENIED ERR_CANNOT_FORWARD ERR_CONFLICT_HOST ERR_CONNECT_FAIL ERR_DNS_FAIL',
  'ERR_FORWARDING_DENIED ERR_INVALID_REQ ERR_INVALID_URL ERR_LIFETIME_EXP ERR_NO_RELAY ERR_PROTOCOL_UNKNOWN',
  'ERR_READ_ERROR ERR_READ_TIMEOUT ERR_SECURE_ACCEPT_FAIL ERR_SECURE_CONNECT_FAIL ERR_SHUTTING_DOWN ERR_SOCKET_FAILURE',
  'ERR_TOO_BIG ERR_UNSUP_REQ ERR_URN_RESOLVE ERR_WRITE_ERROR ERR_ZERO_SIZE_OBJECT',
  'connection_limit_reached connection_read_timeout connection_refused connection_terminated connection_timeout',
  'connection_write_timeout destination_ip_prohibited destination_ip_unroutable destination_not_found',
  'destination_unavailable dns_error dns_timeout http_protocol_error http_request_denied http_request_error',
  'http_response_timeout http_upgrade_failed proxy_configuration_error proxy_internal_error proxy_internal_response',
  'proxy_loop_detected tls_alert_received tls_certificate_error tls_protocol_error',
].flatMap((line) => line.split(' '));

/** Lists the authentication schemes that a proxy offers, such as `Basic` and `Negotiate`; an unknown word may be part of a secret. */
export function offersIn(header: string): readonly string[] {
  const words = [...header.matchAll(/(?:^|,)\s*([a-z-]+)(?=\s|,|$)/gi)].map(([, word = '']) => word.toLowerCase());
  const known = SCHEMES.filter((scheme) => words.includes(scheme.toLowerCase()));
  return known.length === 0 && words.length > 0 ? ['an unknown scheme'] : known;
}

const SCHEMES = 'Basic Bearer Digest HOBA Kerberos Mutual Negotiate NTLM OAuth'.split(' ');
