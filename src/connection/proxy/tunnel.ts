import { type IncomingMessage, request } from 'node:http';
import { type RequestOptions, request as secureRequest } from 'node:https';
import type { Socket } from 'node:net';
import { Failure, tooManyOpen } from '../../signing/policy/failure.ts';
import { isTlsReason, reasonOf, tlsCodeOf } from '../tls/failure.ts';
import { describeForeign, isTlsRecord } from '../tls/foreign-protocol.ts';
import type { ConnectProxy } from './proxy.ts';

/** What a tunnel leads to. */
export interface TunnelTarget {
  readonly hostname: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** Asks the proxy for a tunnel to the target and returns the raw socket; TLS goes end to end through it. */
export function openTunnel(proxy: ConnectProxy, target: TunnelTarget): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const authority = `${target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname}:${target.port}`;
  const isSecure = proxy.url.protocol === 'https:';
  const options: RequestOptions = {
    host: proxy.url.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.url.port || (isSecure ? 443 : 80),
    method: 'CONNECT',
    path: authority,
    agent: false,
    timeout: target.timeoutMs,
    // Explicit, or NODE_TLS_REJECT_UNAUTHORIZED=0 gives the credentials to whoever answers.
    rejectUnauthorized: true,
    headers: { host: authority, ...(proxy.authorization ? { 'proxy-authorization': proxy.authorization } : {}) },
  };
  const ask = isSecure ? secureRequest(options) : request(options);
  ask.once('connect', (response, socket: Socket, head) => {
    // Any 2xx opens the tunnel (RFC 9110, section 9.3.6).
    if (Math.trunc((response.statusCode ?? 0) / 100) === 2) {
      if (head.length > 0) socket.unshift(head);
      return resolve(socket);
    }
    socket.destroy();
    reject(refusal(response, proxy));
  });
  ask.once('timeout', () => ask.destroy(unreachable('did not answer in time')));
  ask.once('error', (error) => reject(error instanceof Failure ? error : failedRequest(error)));
  ask.end();
  return promise;
}

function refusal({ statusCode: status, headers }: IncomingMessage, proxy: ConnectProxy): Failure {
  if (status === 407) return unauthenticated(offersIn(headers['proxy-authenticate'] ?? ''), proxy);
  return new Failure('service', 'PROXY_REFUSED', `The proxy refused a tunnel to the service (${status}).`, {
    hint: `${isRule(status) ? RULES_FIRST : REACH_FIRST} List the service in no_proxy to go directly.`,
  });
}

const RULES_FIRST =
  'The rules of the proxy do not allow this host and port: ask its operators to allow CONNECT to them. Some proxies answer so as well when they cannot reach the service.';
const REACH_FIRST = 'The proxy cannot reach the service, or its rules do not allow it.';

/** A status below 500 speaks of the request, one from 500 on of the proxy and what is behind it. */
function isRule(status = 0): boolean {
  return status >= 400 && status < 500;
}

/** Lists the authentication schemes that a proxy offers, such as `Basic` and `Negotiate`. */
function offersIn(header: string): readonly string[] {
  const schemes = [...header.matchAll(/(?:^|,)\s*([a-z][a-z0-9-]{1,20})(?=\s|,|$)/gi)].map(([, scheme = '']) => scheme);
  return [...new Set(schemes)].slice(0, 6);
}

function unauthenticated(offers: readonly string[], { authorization }: ConnectProxy): Failure {
  const offered = offers.length > 0 ? `; it offers ${offers.join(', ')}` : '';
  const what = authorization
    ? 'The proxy refused the user and password of https_proxy (407)'
    : 'The proxy asks for credentials (407), and https_proxy holds none';
  return new Failure('config', 'PROXY_AUTHENTICATION', `${what}${offered}.`, {
    hint: howToAuthenticate(offers, authorization),
  });
}

function howToAuthenticate(offers: readonly string[], authorization: string | undefined): string {
  const takesBasic = offers.length === 0 || offers.some((scheme) => scheme.toLowerCase() === 'basic');
  if (!takesBasic) {
    return 'This action can only send Basic: ask for a proxy that takes Basic, put a proxy that signs in for you (cntlm, px) in between, or list the service in no_proxy.';
  }
  if (authorization) return 'Check both, with %-escapes for special characters, or list the service in no_proxy.';
  return 'Put them into https_proxy (http://user:password@host:port), or list the service in no_proxy.';
}

function failedRequest(error: Error): Failure {
  const crowded = tooManyOpen(error);
  if (crowded) return crowded;
  const code = tlsCodeOf(error);
  if (code.startsWith('HPE_')) return foreign(error);
  if (code === 'ECONNRESET')
    return unreachable(CLOSED, error, `A SOCKS proxy, and a port that speaks TLS, look like this. ${CHECK_PROXY}`);
  if (!isTlsReason(code)) return unreachable(ENDS[code] ?? 'could not be reached', error);
  const isPlain = code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
  const reason = isPlain ? 'it does not speak TLS' : reasonOf(error, code);
  return new Failure('config', 'PROXY_TLS', `The TLS handshake with the proxy of https_proxy failed: ${reason}.`, {
    hint: isPlain
      ? 'Most proxies are reached over plain HTTP, which is safe here because TLS goes end to end through them: write http:// in https_proxy.'
      : "The proxy's certificate must chain to a root that Node knows or that NODE_EXTRA_CA_CERTS adds, and bear the host name in https_proxy.",
    cause: error,
  });
}

const CLOSED = 'closed the connection without an answer to CONNECT';

/** What a dial to the proxy ends with, by the code of the error. */
const ENDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ENOTFOUND: 'has a host name that does not exist',
};

/** A proxy whose answer is no HTTP: what it speaks instead tells which part of https_proxy is wrong, and stays. */
function foreign(error: Error): Failure {
  const bytes = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : Buffer.alloc(0);
  const speaks = isTlsRecord(bytes) ? 'speaks TLS' : describeForeign(bytes);
  if (speaks === undefined) return unreachable('does not speak HTTP', error);
  return new Failure('config', 'PROXY_UNREACHABLE', `The proxy of https_proxy does not speak HTTP: it ${speaks}.`, {
    hint: isTlsRecord(bytes) ? 'Write https:// in https_proxy, or use its port for plain HTTP.' : CHECK_PROXY,
    cause: error,
  });
}

const CHECK_PROXY = 'Check host and port in https_proxy, or list the service in no_proxy to reach it directly.';

function unreachable(how: string, cause?: Error, hint = CHECK_PROXY): Failure {
  return new Failure('service', 'PROXY_UNREACHABLE', `The proxy of https_proxy ${how}.`, {
    hint,
    cause,
  });
}
