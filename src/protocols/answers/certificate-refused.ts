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
  'A proxy or gateway that opens TLS on the way may have taken the certificate without passing it on: ask its operators. If nothing opens TLS on the way, the server may take no certificates with this kind of key: ask the operators of the service.';

/** Explains an answer with status 400 that is a page of nginx about the client certificate; `undefined` for any other answer. */
export function refusedByNginx(body: Buffer, isAsked: boolean | undefined): Failure | undefined {
  const text = body.toString('utf8', 0, 4096);
  const [title, about] = NGINX_PAGES.find(([each]) => text.includes(each)) ?? [];
  if (title === undefined) return undefined;
  if (about === 'invalid')
    return refused(`it could not verify our client certificate (400 “${title}”)`, CHECK_CERTIFICATE);
  return isAsked === false
    ? refused(`it got no client certificate (400 “${title}”), and what answers TLS did not ask for one`, NOT_ASKED)
    : refused(`it got no client certificate (400 “${title}”)`, NOT_PASSED_ON);
}

/** Explains the statuses 495 and 496 of nginx. */
export function refusedByStatus(status: number): Failure {
  return refused(`it got none that it accepts (status ${status})`, CHECK_CERTIFICATE);
}

function refused(why: string, hint: string): Failure {
  const message = `The server refused our client certificate: ${why}.`;
  return new Failure('config', 'TLS_CLIENT_REJECTED', message, { hint, endsRun: 'bad-node', isOfOneServer: true });
}
