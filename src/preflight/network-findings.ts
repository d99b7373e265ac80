import { isIP } from 'node:net';
import { reasonOfEnd } from '../connection/diagnosis/diagnosis.ts';
import type { Handshake } from '../connection/diagnosis/probe.ts';
import { dialFailure } from '../connection/dialling/dial-failure.ts';
import { targetOf } from '../connection/route.ts';
import type { Failure } from '../signing/policy/failure.ts';
import { type Finding, failed, notChecked, passed, warned } from './finding.ts';

/** Returns why a handshake failed, worded as for a failed request; `undefined` when it succeeded. */
export function failureOf(handshake: Handshake, { origin }: URL): Failure | undefined {
  if (handshake.end === 'open') return undefined;
  return reasonOfEnd(handshake, origin) ?? dialFailure(handshake.error, origin);
}

/** Returns the findings about name look-up, proxy and TCP. */
export function describeNetwork(handshake: Handshake, server: URL, proxy: URL | undefined): Finding[] {
  if (proxy) return describeTunnel(handshake, server, proxy);
  const { hostname, port } = targetOf(server);
  const { address, lookupMs = 0, connectMs, deadAddresses } = handshake;
  const failure = failureOf(handshake, server);
  if (failure?.code.startsWith('DNS_')) {
    return [failed('host name', failure, lookupMs), notChecked('TCP', 'the host name has no address')];
  }
  const name = isIP(hostname)
    ? passed('host name', `${hostname} is an address`)
    : address === undefined
      ? notChecked('host name', 'no answer came')
      : passed('host name', `${hostname} leads to ${address}`, lookupMs);
  const connected = `connected to ${address ?? hostname}:${port}`;
  if (connectMs !== undefined && deadAddresses.length > 0) return [name, describeDead(connected, deadAddresses)];
  if (connectMs !== undefined) return [name, passed('TCP', connected, connectMs)];
  return [name, failure ? failed('TCP', failure) : notChecked('TCP', 'the run ended before')];
}

function describeDead(connected: string, deadAddresses: readonly string[]): Finding {
  return warned(
    'TCP',
    `${connected}; other addresses of the host cannot be connected: ${deadAddresses.join(', ')}`,
    'The run tries them last after their first failure, which may take 2.5 s each. Ask the operators whether these addresses belong in DNS. A runner without IPv6 gets no answer from IPv6 addresses.',
  );
}

function describeTunnel(handshake: Handshake, server: URL, proxy: URL): Finding[] {
  const name = notChecked('host name', 'the proxy looks it up');
  const { connectMs } = handshake;
  const failure = failureOf(handshake, server);
  if (connectMs === undefined && failure) return [name, failed('proxy', failure)];
  return [name, passed('proxy', `connected through ${proxy.origin}`, connectMs)];
}
