import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Socket } from 'node:net';
import { ActionError } from '../errors.ts';
import { Failure } from '../signing/policy/failure.ts';

/** A CONNECT proxy; `authorization` is a secret. */
export interface ConnectProxy {
  /** `http://host:port` or `https://host:port`, without credentials. */
  readonly url: URL;
  readonly authorization?: string | undefined;
}

/** The proxy variables of the environment; lower-case names win, as in other tools. */
export interface ProxyVariables {
  readonly httpsProxy?: string | undefined;
  readonly noProxy?: string | undefined;
}

/** Picks the proxy for an https URL, or `undefined` when it is to be reached directly; throws `PROXY_UNUSABLE`. */
export function chooseProxy(variables: ProxyVariables, target: URL): ConnectProxy | undefined {
  const value = variables.httpsProxy?.trim();
  if (!value || bypasses(variables.noProxy ?? '', target)) return undefined;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (!URL.canParse(text)) throw proxyUnusable('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw proxyUnusable(`has the scheme ${url.protocol}//`);
  const authorization = url.username || url.password ? basic(url) : undefined;
  url.username = '';
  url.password = '';
  return { url, authorization };
}

function proxyUnusable(reason: string, hint = 'It should look like http://proxy.example.com:3128.'): ActionError {
  return new ActionError('PROXY_UNUSABLE', `The environment variable https_proxy ${reason}.`, { hint });
}

function basic({ username, password }: URL): string {
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch {
    throw proxyUnusable('has credentials that are not percent-encoded', 'Write %25 for each % in user and password.');
  }
}

/** Tells whether a `no_proxy` list covers the target: `*`, a host, a domain with or without its dot, each with an optional port. */
function bypasses(noProxy: string, target: URL): boolean {
  const host = target.hostname.toLowerCase().replace(/^\[|\]$/g, '');
  const port = target.port || '443';
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return true;
  const entries = noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  return entries.some((entry) => {
    if (entry === '*') return true;
    const [, name = entry, entryPort = port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    const domain = name.replace(/^\*?\./, '');
    return entryPort === port && (host === domain || host.endsWith(`.${domain}`));
  });
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
  const ask = (proxy.url.protocol === 'https:' ? secureRequest : request)({
    host: proxy.url.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.url.port || (proxy.url.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path: authority,
    agent: false,
    timeout: target.timeoutMs,
    headers: { host: authority, ...(proxy.authorization ? { 'proxy-authorization': proxy.authorization } : {}) },
  });
  ask.once('connect', (response, socket: Socket, head) => {
    if (response.statusCode === 200) {
      if (head.length > 0) socket.unshift(head);
      return resolve(socket);
    }
    socket.destroy();
    reject(refusal(response.statusCode ?? 0));
  });
  ask.once('timeout', () => ask.destroy(unreachable('did not answer in time')));
  ask.once('error', (error) => reject(error instanceof Failure ? error : unreachable('could not be reached', error)));
  ask.end();
  return promise;
}

function refusal(status: number): Failure {
  if (status === 407) {
    return new Failure('config', 'PROXY_AUTHENTICATION', 'The proxy asks for credentials (407).', {
      hint: 'Put them into https_proxy (http://user:password@host:port), or list the service in no_proxy.',
    });
  }
  return new Failure('service', 'PROXY_REFUSED', `The proxy refused a tunnel to the service (${status}).`, {
    hint: 'The proxy cannot reach the service, or its rules do not allow it. List the service in no_proxy to go directly.',
  });
}

function unreachable(how: string, cause?: Error): Failure {
  return new Failure('service', 'PROXY_UNREACHABLE', `The proxy of https_proxy ${how}.`, {
    hint: 'Check https_proxy, or list the service in no_proxy to reach it directly.',
    cause,
  });
}
