import type { X509Certificate } from 'node:crypto';
import { Failure } from '../../signing/policy/failure.ts';
import type { ExplainServer } from '../dialler.ts';
import { dialFailure } from '../dialling/dial-failure.ts';
import { NO_TUNNEL } from '../exchange-progress.ts';
import { nameProxy } from '../proxy/proxy.ts';
import { type Route, targetOf } from '../route.ts';
import { describeForeign, nameForeign } from '../tls/foreign-protocol.ts';
import { kindsOf } from './own-certificate.ts';
import { type Handshake, inspectHandshake } from './probe.ts';
import { explainServer } from './server-certificate.ts';

/** What is needed to judge a server's certificates. */
interface DiagnosisOptions {
  /** The certificates of the input `chain`. */
  readonly anchors: readonly X509Certificate[];
  /** The client's own certificates, its leaf first; absent when unknown. */
  readonly own?: readonly X509Certificate[] | undefined;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Longest wait, in milliseconds, for a refusal after the handshake, as with TLS 1.3. */
export const LISTEN_MS = 1500;

/** Examines failed connections. */
export interface Diagnosis {
  /** Adds the server's certificates to a failure about them; other failures stay unchanged. */
  readonly explainServer: ExplainServer;
  canTellMore(failure: Failure): boolean;
  /** Resolves with a better failure, or the same one. */
  tell(failure: Failure): Promise<Failure>;
}

const ACCEPTED =
  'Another connection to this host accepted the same certificate: one of several servers behind a balancer trusts other issuers, has another list of revoked certificates or a wrong clock. Ask the operators of the service.';

/** Creates the {@link Diagnosis} of a route; it examines lost connections with another handshake, which sends nothing. */
export function createDiagnosis(route: Route, { anchors, own, now }: DiagnosisOptions): Diagnosis {
  const { server, proxy } = route;
  return {
    explainServer: (failure, serverChain) =>
      explainServer(failure, serverChain, {
        server,
        anchors,
        own,
        now: new Date(now()),
        proxy: proxy && nameProxy(proxy),
      }),
    canTellMore: ({ code }) =>
      ['CONNECTION_LOST', 'TLS_NOT_SPOKEN', 'TLS_HANDSHAKE_FAILED', 'TLS_CLIENT_REJECTED'].includes(code),
    async tell(failure) {
      const handshake = await inspectHandshake(route, { listenMs: LISTEN_MS });
      const found = reasonOfEnd(handshake, server.origin) ?? failure;
      if (failure.code !== 'TLS_CLIENT_REJECTED') return found;
      // A balancer gives each connection to another server: of two refusals, both may be those of one of three.
      const isAccepted = accepts(handshake) || accepts(await inspectHandshake(route, { listenMs: LISTEN_MS }));
      return isAccepted ? failure.with({ hint: ACCEPTED, isOneOfSeveral: true }) : found;
    },
  };
}

function accepts({ end, isClientAsked }: Handshake): boolean {
  return end === 'open' && isClientAsked === true;
}

/** Returns why a server ended a handshake, if more is known than the error says. */
export function reasonOfEnd(handshake: Handshake, origin: string): Failure | undefined {
  return refusalIn(handshake, origin) ?? foreignIn(handshake, origin);
}

/** Finds out from the first bytes that the server, or the end of a tunnel, speaks another protocol than TLS or sends nothing. */
function foreignIn({ end, error, firstBytes, tunnelledBy }: Handshake, origin: string): Failure | undefined {
  if (end === 'open' || firstBytes === undefined) return undefined;
  // The proxy's credentials were sent before these bytes arrived, so the bytes are not quoted.
  const foreign = tunnelledBy ? nameForeign(firstBytes) : describeForeign(firstBytes);
  if (foreign !== undefined) {
    const [what, hint] = tunnelledBy ? foreignInTunnel(tunnelledBy) : foreignServer(foreign);
    return new Failure('config', 'TLS_NOT_SPOKEN', `${origin}: ${what} ${foreign}.`, { hint, cause: error });
  }
  if (firstBytes.length > 0 || dialFailure(error, origin).code !== 'CONNECTION_LOST') return undefined;
  const [what, hint] = tunnelledBy ? closedTunnel(tunnelledBy, origin) : SILENT_SERVER;
  return new Failure('service', 'CONNECTION_LOST', `${origin}: ${what} was closed before the server sent a byte.`, {
    hint,
    cause: error,
    unreached: tunnelledBy ? NO_TUNNEL : 'no TLS connection was made',
  });
}

type Words = readonly [what: string, hint: string];

const foreignServer = (foreign: string): Words => [
  'this port does not speak TLS: the server',
  `Check the port in server-url. If it is right, ask the operators of the service: ${/^speaks (?:plain )?HTTP/.test(foreign) ? 'TLS is turned off there, and plain HTTP is never used.' : 'another server answers there.'}`,
];
const foreignInTunnel = (proxy: string): Words => [
  `${proxy} opened a tunnel, but what answers in it does not speak TLS: it`,
  'The proxy, or a portal that demands a login, may answer in place of the service: ask the operators of the proxy. If the proxy does reach the service, check the port in server-url.',
];
const SILENT_SERVER: Words = [
  'the connection',
  'Ask the operators of the service: a balancer without a server behind it, and a server that is just starting or that expects the PROXY protocol, look like this. So does a firewall that refuses this runner or the name of the host.',
];
const closedTunnel = (proxy: string, origin: string): Words => [
  `the tunnel that ${proxy} opened`,
  `Ask the operators of the proxy whether it reaches ${hostAndPort(origin)} and its rules allow that: a proxy that opens tunnels before it reaches the service looks like this. If the proxy does reach the service, ask the operators of the service: a balancer without a server behind it closes connections like this.`,
];

function hostAndPort(origin: string): string {
  const { hostname, port } = targetOf(new URL(origin));
  return `${hostname}:${port}`;
}

/** Returns the refusal in a handshake; `undefined` when the server did not visibly refuse us. */
export function refusalIn(handshake: Handshake, origin: string): Failure | undefined {
  const { end, error, isClientAsked, clientAlgorithms } = handshake;
  if (end === 'open') return undefined;
  const failure = dialFailure(error, origin);
  if (failure.code === 'TLS_CLIENT_REJECTED')
    return isClientAsked ? withKeys(failure, clientAlgorithms) : refusedUnasked(origin, failure);
  if (failure.code !== 'CONNECTION_LOST' || !isClientAsked) return undefined;
  const message = `${origin}: the server closed the connection after our client certificate, without an alert that says why: it probably rejects that certificate.`;
  return new Failure('config', 'TLS_CLIENT_REJECTED', message, {
    hint: 'Check that cert is the certificate the service expects, with its intermediates, meant for clients (extended key usage clientAuth), and not revoked: the log of the server says why. If the certificate was accepted before, a tunnel or TCP balancer in front (stunnel, for one) may not reach the service, and closes in the same way: ask the operators of the service.',
    cause: failure,
  });
}

/** A certificate whose key the server does not accept is not sent, and the alert says that there was none. */
function withKeys(failure: Failure, algorithms: readonly string[]): Failure {
  const kinds = kindsOf(algorithms);
  const isOfNoUse = /alert (?:handshake failure|certificate required)/.test(failure.message);
  if (!isOfNoUse || (kinds.has('RSA') && kinds.has('EC'))) return failure;
  return failure.with({
    hint: `The server takes client certificates with ${[...kinds].join(', ')} keys only: check the kind of key in cert. ${failure.hint ?? ''}`,
  });
}

/** Builds the failure of a server that did not ask for a certificate, and so refuses something else. */
function refusedUnasked(origin: string, cause: Failure): Failure {
  const [, alert = 'handshake failure'] = /\(alert ([^)]+)\)/.exec(cause.message) ?? [];
  const message = `${origin}: the server broke off the handshake before it asked for a client certificate (alert ${alert}).`;
  return new Failure('config', 'TLS_HANDSHAKE_REFUSED', message, {
    hint: alert === 'handshake failure' ? NO_AGREEMENT : NOT_WANTED,
    cause,
  });
}

const NO_AGREEMENT =
  'Its operators must enable cipher suites of today for TLS 1.2 or 1.3, and a certificate with an RSA, Ed25519 or Ed448 key or an EC key on P-256, P-384 or P-521; a name that the server does not know looks like this as well.';
const NOT_WANTED =
  'A firewall or gateway that refuses this runner, or the name of the host, looks like this: its log says why.';
