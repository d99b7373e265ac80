import { Failure, tooManyOpen } from '../../signing/policy/failure.ts';
import { NO_NAME_SERVER } from '../connection-failure.ts';
import { addressOf, describeAddress, isRefusedHere } from '../dialling/addresses.ts';
import type { ExchangeProgress } from '../exchange-progress.ts';
import { isTlsReason, tlsCodeOf } from '../tls/failure.ts';
import { offersIn, tokenIn } from './known-words.ts';
import { type ConnectProxy, nameProxy } from './proxy.ts';
import { proxyTlsFailed } from './proxy-tls.ts';

/** What a proxy answers, as far as it matters here. */
type Answer = Pick<ExchangeProgress, 'status' | 'headers'>;

/** Explains an answer of a proxy that opens no tunnel. */
export function tunnelRefused({ status, headers }: Answer, proxy: ConnectProxy): Failure {
  if (status === 407) return unauthenticated(offersIn([headers['proxy-authenticate'] ?? ''].flat().join(', ')), proxy);
  const token = tokenIn(headers);
  const said = token === undefined ? '' : `, ${token}`;
  const known = MEANINGS.find(([tokens]) => tokens.test(token ?? ''))?.[1];
  const what = status < 500 ? 'refused a tunnel' : 'opened no tunnel';
  const message = `${subjectOf(proxy)} ${what} to the service (${status}${said}).`;
  return new Failure('service', 'PROXY_REFUSED', message, {
    hint: `${known ?? hintOf(status, proxy)} ${DIRECTLY}`,
    unreached: PROXY_DOWN,
  });
}

/** Names a proxy at the beginning of a sentence. */
function subjectOf(proxy: ConnectProxy): string {
  return nameProxy(proxy).replace(/^t/, 'T');
}

/** The end of the run says that the service was not reached, and this. */
const PROXY_DOWN = 'the proxy did not recover';
const DIRECTLY = 'If the runner may reach the service directly, list the service in no_proxy.';

const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:ERR_DNS_FAIL|dns_timeout|dns_error|destination_not_found)$/,
    'The name server of the proxy does not find the host of the service: check server-url; a private name may be known to this runner only.',
  ],
  [
    /^(?:ERR_ACCESS_DENIED|http_request_denied|destination_ip_prohibited)$/,
    'The rules of the proxy do not allow this host and port: ask its operators to allow CONNECT to them.',
  ],
  [
    /^ERR_CANNOT_FORWARD$/,
    'Ask the operators of the proxy why it finds no way to the host. The host name in server-url may not exist, or may be known to this runner only; the service may be down, or its network may not let this proxy in.',
  ],
  [
    /^(?:ERR_CONNECT_FAIL|connection_\w+|destination_\w+)$/,
    'The proxy gets no connection to the service: the service may be down, or a firewall between the proxy and the service blocks the port.',
  ],
];

const RULES =
  'The rules of the proxy do not allow this host and port: ask its operators to allow CONNECT to them. Some proxies answer so as well when they cannot reach the service.';
const hints = ({ variable }: ConnectProxy): readonly (readonly [RegExp, string])[] => [
  [/^3|^511/, 'A portal that demands a login looks like this: ask the operators of the network.'],
  [
    /^(?:40[045]|501)/,
    `A web server that is not a proxy answers so: check host and port in ${variable}. If it is one: ${RULES}`,
  ],
  [/^4/, RULES],
];

/** A status below 500 speaks of the request, one from 500 on of the proxy and what is behind it. */
function hintOf(status: number, proxy: ConnectProxy): string {
  const hint = hints(proxy).find(([statuses]) => statuses.test(`${status}`))?.[1];
  return (
    hint ??
    'Ask the operators of the proxy first: the proxy may not reach the service, may open TLS itself and not trust the certificate of the service, or may have a rule against this host. If the proxy finds nothing wrong on its side, ask those of the service.'
  );
}

function unauthenticated(offers: readonly string[], proxy: ConnectProxy): Failure {
  const { authorization, variable } = proxy;
  const takesBasic = offers.includes('Basic');
  const asked = authorization
    ? `The proxy ${takesBasic ? 'refused' : 'does not take'} the user and password of ${variable} (407)`
    : `The proxy asks for credentials (407), and ${variable} holds none`;
  const credentials = authorization
    ? `check user and password in ${variable}, with %-escapes for special characters`
    : `put user and password into ${variable} (http://user:password@host:port)`;
  // A proxy that wants credentials must name a scheme (RFC 9110, section 15.5.8); filters answer 407 without one.
  const [message, todo] =
    offers.length === 0
      ? [
          `${subjectOf(proxy)} answered 407 and named no scheme for credentials.`,
          `Most proxies that answer so have no rule that allows this host: ask the operators of the proxy for that rule first. If the proxy does want credentials, ${credentials}.`,
        ]
      : [
          `${asked}; it offers ${offers.join(', ')}.`,
          takesBasic ? `${credentials.charAt(0).toUpperCase()}${credentials.slice(1)}.` : ONLY_BASIC,
        ];
  return new Failure('config', 'PROXY_AUTHENTICATION', message, { hint: `${todo} ${DIRECTLY}` });
}

const ONLY_BASIC =
  'This action can only send Basic: ask for a proxy that takes Basic, or put a proxy that signs in for you (cntlm, px) in between.';

/** Explains an error that came before any answer of the proxy, from the look-up of its name on. */
export function tunnelFailed(error: Error, proxy: ConnectProxy): Failure {
  const crowded = tooManyOpen(error);
  if (crowded) return crowded;
  const code = tlsCodeOf(error);
  if (code === 'HPE_HEADER_OVERFLOW')
    return proxyUnreachable(proxy, 'answered CONNECT with headers that are too large', error, TOO_LARGE);
  if (code === 'HPE_FOREIGN') return foreign(error, proxy);
  if (code.startsWith('HPE_')) return proxyUnreachable(proxy, 'gave an answer that is not HTTP/1.1', error);
  if (code === 'ECONNRESET')
    return proxyUnreachable(
      proxy,
      CLOSED,
      error,
      `A SOCKS proxy, and a port that speaks TLS, look like this. ${checkProxy(proxy)}`,
    );
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return nameNotFound(error, proxy, code);
  if (isRefusedHere(error))
    return proxyUnreachable(proxy, 'leads to this runner itself, and nothing listens there', error, notHere(proxy));
  if (!isTlsReason(code)) return proxyUnreachable(proxy, describeEnd(error, code), error);
  return proxyTlsFailed(error, code, proxy);
}

/** Says what to do about a proxy on this machine, where no operators of a proxy can help. */
function notHere({ variable }: ConnectProxy): string {
  return `If a helper such as cntlm or px is meant, start it on this runner; in a job with a container, the address is that of the container. Otherwise whoever set ${variable}, in the workflow or on the runner, must correct it. ${DIRECTLY}`;
}

const CLOSED = 'closed the connection without an answer to CONNECT';

/** What a dial to the proxy ends with, by the code of the error. */
const ENDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ETIMEDOUT: 'does not answer; a firewall that drops packets looks like this',
};

function describeEnd(error: Error, code: string): string {
  if (error instanceof AggregateError)
    return `cannot be reached at any of its addresses: ${error.errors.map(describeAddress).join(', ')}`;
  const address = addressOf(error);
  if (code === 'ETIMEDOUT' && address === undefined)
    return 'took the connection and did not complete the TLS handshake';
  return ENDS[code] ?? `could not be reached${address === undefined ? '' : `: ${describeAddress(error)}`}`;
}

/** A host name that does not exist is a mistake rather than an outage; the run ends as for the name of the service. */
function nameNotFound(error: Error, proxy: ConnectProxy, code: 'ENOTFOUND' | 'EAI_AGAIN'): Failure {
  const { variable } = proxy;
  const failure = proxyUnreachable(proxy, 'has a host name for which the name server gave no answer', error);
  if (code === 'EAI_AGAIN')
    return failure.with({
      hint: "Ask the operators of the runner's network: its name server (DNS) does not answer.",
      unreached: NO_NAME_SERVER,
    });
  return failure.with({
    kind: 'request',
    message: `${subjectOf(proxy)} has a host name that does not exist.`,
    hint: `Correct the host name in the environment variable ${variable}, or its entry in DNS. ${DIRECTLY}`,
    maxAttempts: 3,
    endsRun: 'not-found',
    unreached: NO_NAME_SERVER,
  });
}

/** A proxy whose answer is no HTTP: what it speaks instead tells which part of the variable is wrong, and stays. */
function foreign(error: Error, proxy: ConnectProxy): Failure {
  const { variable } = proxy;
  const speaks = error.message;
  if (speaks.includes('HTTP')) return proxyUnreachable(proxy, 'gave an answer that is not HTTP/1.1', error);
  const isTls = speaks.includes('TLS');
  return new Failure(
    'config',
    'PROXY_UNREACHABLE',
    `${subjectOf(proxy)} does not speak HTTP: it ${isTls ? 'speaks TLS' : speaks}.`,
    {
      hint: isTls ? `Write https:// in ${variable}, or use its port for plain HTTP.` : checkProxy(proxy),
      cause: error,
    },
  );
}

const TOO_LARGE =
  'To open a tunnel takes one line; more than 300 KiB are refused, as curl does: ask the operators of the proxy what it sends, or list the service in no_proxy to reach it directly.';

function checkProxy({ variable }: ConnectProxy): string {
  return `Check host and port in ${variable}; if they are right, ask the operators of the proxy, then those of the runner's network. ${DIRECTLY}`;
}

/** Builds the failure of a proxy that took a connection and gave no answer to CONNECT. */
export function proxySilent(proxy: ConnectProxy, timeoutMs: number): Failure {
  const hint = `Ask the operators of the proxy: it takes connections and does not answer; it may hang, or wait for a service that it cannot reach. If this never worked before, check host and port in ${proxy.variable}. ${DIRECTLY}`;
  return proxyUnreachable(proxy, `did not answer CONNECT within ${timeoutMs / 1000} s`, undefined, hint);
}

/** Builds the failure of a proxy that did this. */
function proxyUnreachable(proxy: ConnectProxy, how: string, cause?: Error, hint: string = checkProxy(proxy)): Failure {
  const message = `${subjectOf(proxy)} ${how}.`;
  return new Failure('service', 'PROXY_UNREACHABLE', message, { hint, cause, unreached: PROXY_DOWN });
}
