import { isIP } from 'node:net';
import { codeOf } from '../../errors.ts';
import { Failure, tooManyOpen } from '../../signing/policy/failure.ts';
import { defectRow, type FailureRow, lostRow, rowOf, toFailure, UNREACHABLE } from '../connection-failure.ts';
import { tlsCodeOf, tlsFailure } from '../tls/failure.ts';
import { addressOf, decisiveCode, describeAddress } from './addresses.ts';

/** Finds the failure behind an error of a dial, from the name look-up to the end of the TLS handshake. */
export function dialFailure(error: unknown, origin: string): Failure {
  const known = error instanceof Failure ? error : tooManyOpen(error);
  if (known) return known;
  const code = codeOf(error) ?? '';
  const row = addressesRow(error) ?? systemRow(error, code, origin) ?? defectRow(error, code);
  if (row) return toFailure(row, error, origin);
  const isOwnFault = tlsCodeOf(error).endsWith('_ALERT_INTERNAL_ERROR');
  const lost = isOwnFault ? SERVER_FAULT : lostRow('during the TLS handshake', {});
  return tlsFailure(error, origin) ?? toFailure(lost, error, origin);
}

const NO_ANSWER: FailureRow = [
  'service',
  'CONNECT_TIMEOUT',
  'the host does not answer',
  'A firewall that drops packets looks like this. Check that the runner may reach the service directly; where only a proxy may, https_proxy must name that proxy, and no_proxy must not cover the host.',
];

const NOT_ALLOWED: FailureRow = [
  'service',
  'CONNECT_UNREACHABLE',
  'this machine does not allow a connection to the host',
  'A firewall or sandbox of the runner itself forbids it: a rule of nftables, a policy of its container, or a route that prohibits.',
];

const SERVER_FAULT: FailureRow = [
  'service',
  'CONNECTION_LOST',
  'the server broke off the TLS handshake because of a fault of its own (alert internal error)',
  'Its operators find the reason in the log of the server, or of a device in front of it that opens TLS.',
];

const ROWS: Readonly<Record<string, FailureRow>> = {
  ETIMEDOUT: NO_ANSWER,
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  EHOSTDOWN: UNREACHABLE,
  ENETDOWN: UNREACHABLE,
};

/** Describes an error of the system, or of its name look-up, with the address that it is about. */
function systemRow(error: unknown, code: string, origin: string): FailureRow | undefined {
  const syscall = error instanceof Error && 'syscall' in error ? error.syscall : undefined;
  const known = ROWS[code] ?? rowOf(code);
  if (known === undefined && (syscall === 'getaddrinfo' || code.startsWith('EAI_'))) return lookupFailed(code);
  const row = known ?? (syscall === 'connect' ? UNREACHABLE : undefined);
  if (row === undefined || syscall !== 'connect') return row;
  const [kind, name, sentence, plainHint, facts = {}] = row;
  const hint = hintFor([error], plainHint);
  const address = addressOf(error);
  const news = address !== undefined && !origin.includes(address) ? [address] : [];
  const about = known === undefined ? [...news, code] : news;
  return [kind, name, about.length > 0 ? `${sentence} (${about.join(', ')})` : sentence, hint, facts];
}

function lookupFailed(code: string): FailureRow {
  return [
    'service',
    'DNS_UNAVAILABLE',
    `the look-up of the host name failed (${code})`,
    "Check the host name in server-url, and the runner's network and DNS.",
  ];
}

/** A host with several addresses of which none could be connected. */
function addressesRow(error: unknown): FailureRow | undefined {
  if (!(error instanceof AggregateError)) return undefined;
  const decisive = decisiveCode(error);
  const [kind, code, , plainHint] = ROWS[decisive] ?? rowOf(decisive) ?? UNREACHABLE;
  const hint = hintFor(error.errors, plainHint);
  return [kind, code, `no address of the host can be reached: ${error.errors.map(describeAddress).join(', ')}`, hint];
}

/** A host with addresses of IPv6 alone is out of reach for many runners, GitHub's own among them. */
function hintFor(errors: readonly unknown[], hint: string): string {
  const isOutOfReach = errors.every(
    (error) => isIP(addressOf(error) ?? '') === 6 && /^E(?:NET|HOST)UNREACH$|^EADDRNOTAVAIL$/.test(codeOf(error) ?? ''),
  );
  if (!isOutOfReach) return hint;
  return 'The host name leads to IPv6 alone, and this runner has no IPv6, as runners hosted by GitHub: the service needs an address of IPv4, or the runner a network with IPv6.';
}
