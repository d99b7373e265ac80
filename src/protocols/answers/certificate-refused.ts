import { Failure } from '../../signing/policy/failure.ts';

/** Pages of nginx about the client certificate, and what they mean. */
const NGINX_PAGES: readonly (readonly [title: string, about: 'none' | 'invalid'])[] = [
  ['No required SSL certificate was sent', 'none'],
  ['The SSL certificate error', 'invalid'],
];

const CHECK_CERTIFICATE =
  'Check that cert is the certificate that the service expects, with its intermediates, not expired and not revoked.';
const NOT_ASKED =
  'A proxy or gateway that opens TLS on the way does not ask for the client certificate, and so does not pass it on: ask its operators to pass TLS through to the service. If nothing opens TLS on the way, ask the operators of the service.';
const NOT_PASSED_ON =
  'A proxy or gateway that opens TLS on the way may have taken the certificate without passing it on: ask its operators. If nothing opens TLS on the way, ask the operators of the service.';

/** Explains an answer with status 400 that is a page of nginx about the client certificate; `undefined` for any other answer. */
export function refusedByNginx(body: Buffer, isAsked: boolean | undefined): Failure | undefined {
  const text = body.toString('utf8', 0, 4096);
  const [title, about] = NGINX_PAGES.find(([each]) => text.includes(each)) ?? [];
  if (title === undefined) return undefined;
  if (about === 'invalid')
    return refused(`it could not verify our client certificate (400 “${title}”)`, CHECK_CERTIFICATE);
  const message = `The server got no client certificate (400 “${title}”)`;
  return isAsked === false
    ? rejected(`${message}, and the server that ends TLS did not ask for one.`, NOT_ASKED)
    : rejected(`${message}.`, NOT_PASSED_ON);
}

/** What IIS means by the sub-status of a 403 about the client certificate. */
const IIS_REFUSALS: Readonly<Record<string, string>> = {
  7: 'IIS demands a client certificate and got none: its operators must have it asked for in the handshake, for the whole site (Negotiate Client Certificate).',
  12: 'IIS maps the client certificate to no Windows account, or that account may not use this path: its operators must map it.',
  13: 'IIS takes the client certificate for revoked, or cannot reach the revocation list of its CA: ask its operators which. Only if the certificate is revoked, ask whoever issues it for a new one.',
  16: 'IIS does not trust the issuer of the client certificate: its operators must add that CA to the trusted roots, and remove every certificate there that is not a root, such as an intermediate, because IIS then trusts no CA. If an intermediate is missing in cert, add it first.',
  17: 'By the clock of IIS, the client certificate has expired or is not valid yet. It was valid by its dates when this run began: its operators must check that clock.',
};

/** Explains a page of IIS with status 403 that is about the client certificate; `undefined` for any other page. */
export function adviceOfIis(body: Buffer): string | undefined {
  const [, detail = ''] = /(?<![\d.])403\.(7|12|13|16|17)(?![\d.])/.exec(body.toString('latin1', 0, 4096)) ?? [];
  const advice = IIS_REFUSALS[detail];
  return advice && `403.${detail}: ${advice}`;
}

/** Explains the statuses 495 and 496 of nginx. */
export function refusedByStatus(status: number): Failure {
  return refused(`it got none that it accepts (status ${status})`, CHECK_CERTIFICATE);
}

function refused(why: string, hint: string): Failure {
  return rejected(`The server refused our client certificate: ${why}.`, hint);
}

function rejected(message: string, hint: string): Failure {
  return new Failure('config', 'TLS_CLIENT_REJECTED', message, { hint, endsRun: 'bad-node', isOfOneServer: true });
}
