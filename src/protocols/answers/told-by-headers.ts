import { METHODS, STATUS_CODES } from 'node:http';
import type { WireResponse } from '../../connection/exchange.ts';
import type { Scrub } from './scrub.ts';

/** Says where a redirect leads: its path may hold tokens, so that only its origin is shown, and what the path has in common with the request. */
export function redirectTarget({ request = '', headers }: WireResponse, scrub: Scrub): string {
  const [, address = ''] = request.split(' ');
  const base = URL.canParse(address) ? address : undefined;
  // Parsing puts the host into lower case, in which no secret would be found.
  const location = scrub(String(headers['location'] ?? ''));
  if (location === '' || !URL.canParse(location, base)) return '';
  const { origin, pathname } = new URL(location, base);
  const to = ` to ${origin.slice(0, 200)}`;
  if (base === undefined) return to;
  const asked = new URL(base).pathname;
  if (pathname === asked) return origin === new URL(base).origin ? SAME_ADDRESS : `${to} with the same path`;
  if (pathname === `${asked}/`) return `${to} with the same path and a slash at its end`;
  if (`${pathname}/` === asked) return `${to} with the same path without the slash at its end`;
  return `${to} with another path`;
}

const SAME_ADDRESS = ' to the same address';

/** Says what to do about a redirect, by the words of {@link redirectTarget}; `address` names the inputs with the address. */
export function adviceOnRedirect(target: string, address: string): string {
  if (target === SAME_ADDRESS)
    return 'A gateway ends TLS, and what is behind it takes the request for one over plain HTTP: ask the operators of the gateway and the service about the header X-Forwarded-Proto.';
  const final = `Put the final address into ${address},`;
  return target.includes('slash at its end')
    ? `${final} with the path in that form.`
    : `${final} unless it is that of a login page, which means that this is not the API.`;
}

/** Returns the methods that an answer of 405 allows; none when HTTP does not know one of them, which may be part of a secret. */
export function allowed({ headers }: WireResponse): readonly string[] {
  const methods = String(headers['allow'] ?? '').split(/, ?/);
  return methods.every((method) => METHODS.includes(method)) ? methods : [];
}

/** An address that takes the methods of a signing API is probably right, and the method in the author's request is not. */
export function methodHint(
  methods: readonly string[],
  { written, address }: { readonly written?: string | undefined; readonly address?: string | undefined },
): string | undefined {
  const wanted = methods.filter((method) => ['POST', 'PUT', 'PATCH'].includes(method));
  if (written === undefined || wanted.length === 0) return undefined;
  return `Write ${wanted.join(' or ')} as the method into ${written}; if that method is wrong too, check ${address}.`;
}

/** Most characters of a realm or a reason that a sentence shows. */
const MAX_SHOWN = 100;

/** Says which login an answer of 401 demands, and why it refused this one: the realm tells whose server that is. */
export function challenge({ headers }: WireResponse, scrub: Scrub): string {
  const text = scrub([headers['www-authenticate'] ?? []].flat().join(', ')).replace(/[^\x20-\x7E]/g, ' ');
  const scheme = /^\s*([a-z][a-z0-9-]{1,20})(?=\s|,|$)/i.exec(text)?.[1];
  if (scheme === undefined) return '';
  const of = (name: string): string | undefined =>
    new RegExp(`(?:^|[\\s,])${name}="([^"]{1,${MAX_SHOWN}})"`, 'i').exec(text)?.[1];
  const [realm, reason] = [of('realm'), of('error_description') ?? of('error')];
  const asks = ` (it demands a login by ${scheme}${realm === undefined ? '' : ` for “${realm}”`}`;
  return `${asks}${reason === undefined ? '' : `, because “${reason}”`})`;
}

const GATEWAYS: Readonly<Record<string, string>> = {
  ForbiddenException:
    'AWS API Gateway answers so when the issuer of the client certificate is not in its trust store. ',
  MissingAuthenticationTokenException:
    'AWS API Gateway answers so to a path or method that it does not know, whatever the credentials: check server-url and sign-path first. ',
};

const CHALLENGE =
  'Cloudflare, in front of this server, demands a check that only browsers pass: its operators must exempt this path from it. ';

/** Says what a refusal of a known gateway means, which its own words hide; ends in a blank unless it is empty. */
export function gatewayHint({ headers }: WireResponse): string {
  if (headers['cf-mitigated'] === 'challenge') return CHALLENGE;
  const [type = ''] = String(headers['x-amzn-errortype'] ?? '').split(':');
  return Object.hasOwn(GATEWAYS, type) ? (GATEWAYS[type] ?? '') : '';
}

/** Headers in which gateways and services explain an answer without a body. */
const EXPLAINING =
  'x-error-message x-error-description x-error-reason x-error x-ms-error-code x-amzn-errortype grpc-message'.split(' ');

/** Returns what the headers of an answer say about its status, or a reason phrase of the server's own; empty for neither. */
export function reasonInHeaders({ status, phrase = '', headers }: WireResponse): string {
  const said = EXPLAINING.map((name) => [headers[name] ?? []].flat()[0]?.trim()).find(Boolean);
  if (said !== undefined) return said;
  const simple = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');
  return simple(phrase) === simple(STATUS_CODES[status] ?? '') || USUAL_PHRASES.test(phrase) ? '' : phrase;
}

/** Phrases of older standards, and those that say nothing. */
const USUAL_PHRASES =
  /^(?:|request entity too large|request-uri too long|unprocessable content|content too large|(?:server |internal )?error|unknown(?: status)?|ok|no reason phrase)$/i;
