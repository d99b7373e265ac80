import { isIP } from 'node:net';
import { codeOf } from '../../errors.ts';
import { Failure, tooManyOpen } from '../../signing/policy/failure.ts';
import {
  defectRow,
  type FailureRow,
  lostRow,
  NO_CONNECTION,
  NO_NAME_SERVER,
  rowOf,
  toFailure,
  UNREACHABLE,
} from '../connection-failure.ts';
import { NO_PACKETS } from '../route.ts';
import { tlsCodeOf, tlsFailure } from '../tls/failure.ts';
import { addressOf, decisiveCode, describeAddress, isRefusedHere } from './addresses.ts';

/** Builds the failure for an error of a dial, from the name look-up to the end of the TLS handshake. */
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
  NO_PACKETS,
  { unreached: NO_CONNECTION },
];

const NOT_ALLOWED: FailureRow = [
  'service',
  'CONNECT_UNREACHABLE',
  'this machine does not allow a connection to the host',
  'A firewall or sandbox of the runner itself forbids it: a rule of nftables, a policy of its container, or a route that prohibits.',
  { unreached: NO_CONNECTION },
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
  EADDRNOTAVAIL: [
    'service',
    'CONNECT_UNREACHABLE',
    'this machine has no free local port, or no local address, for the connection',
    'Another process on the runner may hold too many connections: ask the operators of the runner.',
    { unreached: 'this machine did not get a local port' },
  ],
};

/** Describes an error of the system, or of its name look-up, with the address that it is about. */
function systemRow(error: unknown, code: string, origin: string): FailureRow | undefined {
  const syscall = error instanceof Error && 'syscall' in error ? error.syscall : undefined;
  const known = ROWS[code] ?? rowOf(code);
  if (known === undefined && (syscall === 'getaddrinfo' || code.startsWith('EAI_'))) return lookupFailed(code);
  const row = known ?? (syscall === 'connect' ? UNREACHABLE : undefined);
  if (row === undefined || syscall !== 'connect') return row;
  const [kind, name, sentence, plainHint, facts = {}] = row;
  if (isOnlyIPv6([error]) && !origin.includes('[')) return noIPv6([error]);
  const address = addressOf(error);
  if (isRefusedHere(error) && !isLocal(origin)) return sinkhole(address ?? '');
  const news = address !== undefined && !origin.includes(address) ? [address] : [];
  const port = code === 'ECONNREFUSED' && /^https:(?!.*:\d+$)/.test(origin) ? ['port 443'] : [];
  const about = [...news, ...port, ...(known === undefined ? [code] : [])];
  return [kind, name, about.length > 0 ? `${sentence} (${about.join(', ')})` : sentence, plainHint, facts];
}

function isLocal(origin: string): boolean {
  const { hostname } = new URL(origin);
  return hostname === 'localhost' || hostname.startsWith('[') || isIP(hostname) !== 0;
}

/** Describes a name whose address is that of the runner itself, as DNS filters and left-over entries of a hosts file make it. */
function sinkhole(address: string): FailureRow {
  return [
    'service',
    'CONNECT_REFUSED',
    `the host name leads to ${address}, which is this runner itself, and nothing listens there`,
    'The name stands in the hosts file of the runner, or a DNS filter of its network blocks the name: ask the operators of the runner, then those of the network. If a tunnel or sidecar on the runner is meant, start it.',
    { unreached: 'the name did not lead to another machine' },
  ];
}

function lookupFailed(code: string): FailureRow {
  const [sentence, hint] =
    code === 'EAI_FAIL'
      ? [
          'the name server answered the look-up of the host name with a failure (EAI_FAIL)',
          "Ask the operators of the runner's network first: its name server (DNS) refuses this runner, or fails. The name server would say of a wrong host name that it does not exist.",
        ]
      : [
          `the look-up of the host name failed (${code})`,
          "Check the host name in server-url, and the runner's network and DNS.",
        ];
  return ['service', 'DNS_UNAVAILABLE', sentence, hint, { unreached: NO_NAME_SERVER }];
}

/** Describes a host with several addresses, none of which could be connected. */
function addressesRow(error: unknown): FailureRow | undefined {
  if (!(error instanceof AggregateError)) return undefined;
  const decisive = decisiveCode(error);
  if (isOnlyIPv6(error.errors)) return noIPv6(error.errors);
  const [kind, code, , hint, facts = {}] = ROWS[decisive] ?? rowOf(decisive) ?? UNREACHABLE;
  return [kind, code, `no address of the host can be reached: ${listAddresses(error.errors)}`, hint, facts];
}

/** Most addresses that a sentence lists. */
const MAX_LISTED = 3;

function listAddresses(errors: readonly unknown[]): string {
  const shown = errors.slice(0, MAX_LISTED).map(describeAddress).join(', ');
  return errors.length > MAX_LISTED ? `${shown} and ${errors.length - MAX_LISTED} more` : shown;
}

/** Tells whether all addresses are of IPv6 and no packet came back from any. */
function isOnlyIPv6(errors: readonly unknown[]): boolean {
  return errors.every(
    (error) =>
      isIP(addressOf(error) ?? '') === 6 &&
      /^E(?:(?:NET|HOST)UNREACH|ADDRNOTAVAIL|TIMEDOUT)$/.test(codeOf(error) ?? ''),
  );
}

/** Adds to a hint that a host with only IPv6 addresses is unreachable for many runners, including GitHub's own. */
function noIPv6(errors: readonly unknown[]): FailureRow {
  const isSilent = errors.every((error) => codeOf(error) === 'ETIMEDOUT');
  const others = isSilent ? ' If the runner has IPv6, a firewall may drop the packets.' : '';
  return [
    'service',
    isSilent ? 'CONNECT_TIMEOUT' : 'CONNECT_UNREACHABLE',
    `the host name leads to IPv6 addresses only, and this runner reaches none of them: ${listAddresses(errors)}`,
    `Runners hosted by GitHub have no IPv6, and many networks have none: ask the operators of the service for an IPv4 address of the host (an A record in DNS), or those of the runner's network for IPv6.${others}`,
    { unreached: 'no IPv6 address of the host was reached' },
  ];
}
