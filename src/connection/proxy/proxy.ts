import { BlockList, isIP } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { domainToASCII } from 'node:url';
import { isPacFile, type ProxyVariable } from '../../environment.ts';
import { ActionError } from '../../errors.ts';

/** A CONNECT proxy; `authorization` is a secret. */
export interface ConnectProxy {
  /** `http://host:port` or `https://host:port`, without credentials. */
  readonly url: URL;
  /** Name of its environment variable. */
  readonly variable: string;
  readonly authorization?: string | undefined;
  /** TLS context with the anchors for an `https` proxy. */
  readonly secureContext?: SecureContext | undefined;
}

/** Names a proxy by its variable, host and port: `the proxy of https_proxy (proxy.example.com:3128)`. */
export function nameProxy({ url, variable }: ConnectProxy): string {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return `the proxy of ${variable} (${url.hostname}:${port})`;
}

/** The proxy variables of the environment; lower-case names win, as in other tools. */
interface ProxyVariables {
  readonly httpsProxy?: ProxyVariable | undefined;
  readonly httpProxy?: ProxyVariable | undefined;
  readonly noProxy?: string | undefined;
}

/** Picks the proxy for a URL, or `undefined` for a direct connection; throws `PROXY_UNUSABLE`. */
export function chooseProxy(variables: ProxyVariables, target: URL): ConnectProxy | undefined {
  const { name, value: written } = variables[target.protocol === 'http:' ? 'httpProxy' : 'httpsProxy'] ?? NONE;
  const value = written.trim();
  if (!value || bypasses(variables.noProxy ?? '', target)) return undefined;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (!URL.canParse(text)) throw proxyUnusable(name, 'is not a URL');
  const url = new URL(text);
  // A / # or ? in the password ends the host, so that the user would be taken for the host.
  if (`${url.pathname}${url.search}${url.hash}`.includes('@'))
    throw proxyUnusable(name, 'has an @ after its host, as when the password is not percent-encoded');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw proxyUnusable(name, `has the scheme ${url.protocol}//, which this action does not support`, ofScheme(url));
  if (isPacFile(url)) throw proxyUnusable(name, `leads to a PAC file (${url.pathname})`, NOT_READ);
  const authorization = url.username || url.password ? basic(url, name) : undefined;
  url.username = '';
  url.password = '';
  return { url, variable: name, authorization, secureContext: url.protocol === 'https:' ? trustedRoots() : undefined };
}

const NOT_READ =
  'Such files, which tell a browser its proxy, are not read: write the address of the proxy itself, such as http://proxy.example.com:3128.';
const NONE: ProxyVariable = { name: '', value: '' };

/** Trusts the system's roots, because a company's proxy often has a certificate of a CA that only the machine knows. */
function trustedRoots(): SecureContext {
  return createSecureContext({ ca: [...getCACertificates('default'), ...getCACertificates('system')] });
}

function proxyUnusable(
  name: string,
  reason: string,
  hint = 'It should look like http://proxy.example.com:3128; in user and password, characters such as / # ? @ % are percent-encoded (%2F %23 %3F %40 %25).',
): ActionError {
  return new ActionError('PROXY_UNUSABLE', `The environment variable ${name} ${reason}.`, { hint });
}

/** Returns the hint for a proxy with another scheme than HTTP. */
function ofScheme({ protocol }: URL): string {
  const what = protocol.startsWith('socks') ? 'SOCKS proxies are not supported' : 'Other schemes are not supported';
  return `${what}: write the address of an HTTP proxy, such as http://proxy.example.com:3128. If the runner may reach the host directly, list the host in no_proxy instead.`;
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
  const written = name.replace(/^\*?\.|\.$/g, '');
  const domain = domainToASCII(written) || written;
  return entryPort === port && (host === domain || host.endsWith(`.${domain}`));
}

/** Tells whether an address equals this one or is in a block such as `10.0.0.0/8`; `false` for a name. */
function isWithin(block: string, host: string): boolean {
  const [address = '', bits] = block.split('/');
  const [family, hostFamily] = [isIP(address), isIP(host)];
  const most = family === 6 ? 128 : 32;
  if (family === 0 || hostFamily === 0 || !/^\d{1,3}$/.test(bits ?? '0') || Number(bits ?? most) > most) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits ?? most), family === 6 ? 'ipv6' : 'ipv4');
  return list.check(host, hostFamily === 6 ? 'ipv6' : 'ipv4');
}
