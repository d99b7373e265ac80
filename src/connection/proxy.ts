import { type IncomingMessage, request } from 'node:http';
import { type RequestOptions, request as secureRequest } from 'node:https';
import { BlockList, isIP, type Socket } from 'node:net';
import { ActionError } from '../errors.ts';
import { Failure, tooManyOpen } from '../signing/policy/failure.ts';
import { isTlsReason, reasonOf, tlsCodeOf } from './tls/failure.ts';

/** A CONNECT proxy; `authorization` is a secret. */
export interface ConnectProxy {
  /** `http://host:port` or `https://host:port`, without credentials. */
  readonly url: URL;
  readonly authorization?: string | undefined;
}

/** The proxy variables of the environment; lower-case names win, as in other tools. */
export interface ProxyVariables {
  readonly httpsProxy?: string | undefined;
  readonly httpProxy?: string | undefined;
  readonly noProxy?: string | undefined;
}

/** Picks the proxy for a URL, or `undefined` when it is to be reached directly; throws `PROXY_UNUSABLE`. */
export function chooseProxy(variables: ProxyVariables, target: URL): ConnectProxy | undefined {
  const isPlain = target.protocol === 'http:';
  const value = (isPlain ? variables.httpProxy : variables.httpsProxy)?.trim();
  const name = isPlain ? 'http_proxy' : 'https_proxy';
  if (!value || bypasses(variables.noProxy ?? '', target)) return undefined;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (!URL.canParse(text)) throw proxyUnusable(name, 'is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw proxyUnusable(name, `has the scheme ${url.protocol}//`);
  const authorization = url.username || url.password ? basic(url, name) : undefined;
  url.username = '';
  url.password = '';
  return { url, authorization };
}

function proxyUnusable(
  name: string,
  reason: string,
  hint = 'It should look like http://proxy.example.com:3128.',
): ActionError {
  return new ActionError('PROXY_UNUSABLE', `The environment variable ${name} ${reason}.`, { hint });
}

function basic({ username, password }: URL, name: string): string {
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch {
    throw proxyUnusable(
      name,
      'has credentials that are not percent-encoded',
      'Write %25 for each % in user and password.',
    );
  }
}

/** Tells whether a `no_proxy` list covers the target: `*`, a host, a domain with or without its dot, an address or a CIDR block, each with an optional port. */
function bypasses(noProxy: string, target: URL): boolean {
  const host = target.hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '');
  if (host === 'localhost' || isWithin('127.0.0.0/8', host) || isWithin('::1', host)) return true;
  const entries = noProxy.toLowerCase().split(/[\s,]+/);
  const port = target.port || (target.protocol === 'http:' ? '80' : '443');
  return entries.filter(Boolean).some((entry) => covers(entry, host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const bracketed = /^\[([^\]]+)\](\/\d+)?(?::(\d+))?$/.exec(entry);
  if (bracketed) return (bracketed[3] ?? port) === port && isWithin(`${bracketed[1]}${bracketed[2] ?? ''}`, host);
  if (isIP(host) !== 0 && isWithin(entry, host)) return true;
  const [, name = entry, entryPort = port] = /^([^:]*):(\d+)$/.exec(entry) ?? [];
  const domain = name.replace(/^\*?\.|\.$/g, '');
  return entryPort === port && (host === domain || host.endsWith(`.${domain}`));
}

/** Tells whether an address is this one or, for a block such as `10.0.0.0/8`, in it; never for what is no address. */
function isWithin(block: string, host: string): boolean {
  const [address = '', bits] = block.split('/');
  const [family, hostFamily] = [isIP(address), isIP(host)];
  const most = family === 6 ? 128 : 32;
  if (family === 0 || hostFamily === 0 || !/^\d{1,3}$/.test(bits ?? '0') || Number(bits ?? most) > most) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits ?? most), family === 6 ? 'ipv6' : 'ipv4');
  return list.check(host, hostFamily === 6 ? 'ipv6' : 'ipv4');
}

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
  if (code.startsWith('HPE_')) return unreachable('does not speak HTTP', error);
  if (!isTlsReason(code)) return unreachable('could not be reached', error);
  const isPlain = code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
  const reason = isPlain ? 'it does not speak TLS' : reasonOf(error, code);
  return new Failure('config', 'PROXY_TLS', `The TLS handshake with the proxy of https_proxy failed: ${reason}.`, {
    hint: isPlain
      ? 'Most proxies are reached over plain HTTP, which is safe here because TLS goes end to end through them: write http:// in https_proxy.'
      : "The proxy's certificate must chain to a root that Node knows or that NODE_EXTRA_CA_CERTS adds, and bear the host name in https_proxy.",
    cause: error,
  });
}

function unreachable(how: string, cause?: Error): Failure {
  return new Failure('service', 'PROXY_UNREACHABLE', `The proxy of https_proxy ${how}.`, {
    hint: 'Check https_proxy, or list the service in no_proxy to reach it directly.',
    cause,
  });
}
