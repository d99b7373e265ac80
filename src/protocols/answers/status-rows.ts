import type { Failure, FailureFacts, FailureKind } from '../../signing/policy/failure.ts';
import { OF_CONTRACT } from './refusal-advice.ts';

/** Kind, code, hint and facts for a status; hints name the inputs of an address as {@link ADDRESS}. */
type StatusRow = readonly [kind: FailureKind, code: Failure['code'], hint: string, facts?: FailureFacts];

/** Hint for a service that asks for fewer requests. */
export const BUSY = 'The service is overloaded or limits requests; lower concurrency if this happens often.';
const DOWN = 'The service, or a system that it depends on, is in trouble; ask its operators.';
/** The inputs with the address of requests, unless a protocol has others. */
export const ADDRESS = 'server-url and sign-path';
/** Hint for an address at which an API answers that it does not exist. */
export const OTHER_PATH = `Check the path in ${ADDRESS}: an API answered, but it has nothing at this path, as in another version.`;
/** A forward proxy answers before TLS, and never like this. */
const NOT_A_PROXY = `The proxy of https_proxy is not the cause: the server behind TLS gave this answer. Check ${ADDRESS}: they may lead to a proxy instead of the signing service.`;
const NOT_IT = `Check ${ADDRESS}: this may not be the signing service.`;
const OTHER_METHOD = `Check ${ADDRESS}: what is at this address does not take this method, as a page, or another part of the API.`;
/** Hint for a server that does not know the host. */
export const OTHER_HOST =
  'The host name in server-url leads to a server that is not set up for it: check the name, and ask the operators of that server.';
const IN_BACKGROUND =
  'The service took the request and sent no signature: a service that signs in the background, or waits for an approval, answers so. Ask its operators for an address that answers with the signature.';
const GONE = `Check ${ADDRESS}: nothing is at this address any more. Ask the operators for the new one.`;
/** Hint for a SOAP answer. */
export const SPEAKS_SOAP = `A service of SOAP answered. Check ${ADDRESS}: this may not be the signing service.`;
/** Hint for an answer that only the operators can explain. */
export const ASK_OPERATORS =
  'Show this answer to the operators of the service, and to those of a gateway in front of it, which may change requests on the way.';
/** The address is the same for every file, so that a repeat may reach a server which knows it; nothing there can ask for a pause. */
const OF_ADDRESS: FailureFacts = { maxAttempts: 6, endsRun: 'first-four-files', retryAfterMs: undefined };
const ROWS: Readonly<Record<number, StatusRow>> = {
  202: ['request', 'STATUS_UNEXPECTED', IN_BACKGROUND, { maxAttempts: 2, endsRun: 'first-four-files' }],
  402: ['file', 'REQUEST_REFUSED', OF_CONTRACT, { endsRun: 'first-four-files' }],
  404: ['request', 'NOT_FOUND', NOT_IT, OF_ADDRESS],
  405: ['request', 'METHOD_REFUSED', OTHER_METHOD, OF_ADDRESS],
  407: ['config', 'PROXY_AUTHENTICATION', NOT_A_PROXY],
  408: ['service', 'REQUEST_TIMEOUT', BUSY],
  410: ['file', 'REQUEST_REFUSED', GONE, { endsRun: 'first-four-files' }],
  421: ['file', 'REQUEST_REFUSED', OTHER_HOST, { endsRun: 'first-four-files' }],
  425: ['service', 'TOO_EARLY', BUSY],
  429: ['service', 'THROTTLED', BUSY, { throttled: true }],
  500: ['request', 'SERVER_ERROR', DOWN],
  501: ['config', 'NOT_IMPLEMENTED', NOT_IT],
  502: ['service', 'BAD_GATEWAY', DOWN],
  503: ['service', 'UNAVAILABLE', DOWN, { throttled: true }],
  504: ['service', 'GATEWAY_TIMEOUT', DOWN],
  505: ['config', 'HTTP_VERSION_REFUSED', NOT_IT],
  507: ['service', 'STORAGE_FULL', DOWN],
  522: ['service', 'GATEWAY_TIMEOUT', DOWN],
  524: ['service', 'GATEWAY_TIMEOUT', DOWN],
  529: ['service', 'UNAVAILABLE', DOWN, { throttled: true }],
  511: ['config', 'NETWORK_LOGIN', 'The network wants a login first: use a runner inside the right network.'],
};

const BEHIND_GATEWAY: Readonly<Record<number, string>> = {
  502: 'It cannot reach the signing service behind it, or gets no usable answer from it',
  503: 'It has no signing service behind it that takes requests',
  504: 'The signing service behind it does not answer within the time limit of the gateway',
};

/** Returns the hint for the answer of a gateway that cannot forward a request. */
export function gatewayAdvice(status: number): string {
  return `${BEHIND_GATEWAY[status] ?? BEHIND_GATEWAY[502]}: ask the operators of the service.`;
}

/** Matches reasons of an HSM or a key that last until a person changes something. */
const LASTING =
  /\bCKR_(?:MECHANISM_|KEY_FUNCTION_NOT_PERMITTED|KEY_TYPE_INCONSISTENT|KEY_SIZE_RANGE|PIN_|FUNCTION_NOT_SUPPORTED|ACTION_PROHIBITED)|\bkey\b.{0,60}\b(?:disabled|destroyed|deleted)\b/i;

/** Returns the hint of a status, or a better one for a server error whose reason says that a repeat will not help. */
export function adviceOnFault(advice: string, said: string): string {
  return advice === DOWN && LASTING.test(said)
    ? 'The cause is the HSM or the signing key of the service, and a repeat will not help: ask the operators of the service.'
    : advice;
}

/** Returns the meaning of a status alone. */
export function rowOfStatus(status: number): StatusRow {
  return ROWS[status] ?? otherRow(status);
}

/** Tells whether the address may be wrong, so that the message should show the request. */
export function concernsAddress(status: number): boolean {
  const [, , hint] = rowOfStatus(status);
  return [NOT_IT, OTHER_METHOD, GONE, OTHER_HOST].includes(hint) || (!(status in ROWS) && status < 500);
}

function otherRow(status: number): StatusRow {
  // Content delivery networks use these when the server behind them does not answer.
  if (status >= 520 && status <= 530) return ['service', 'BAD_GATEWAY', DOWN];
  if (status >= 500) return ['request', 'SERVER_ERROR', DOWN];
  if (status >= 400) return ['file', 'REQUEST_REFUSED', ASK_OPERATORS, { endsRun: 'first-four-files' }];
  return ['request', 'STATUS_UNEXPECTED', NOT_IT, { maxAttempts: 3, endsRun: 'first-four-files' }];
}
