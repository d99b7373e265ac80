import { HttpClient } from '@actions/http-client';
import { proxySecrets } from './proxy-secrets.ts';

/** Tokens for the runner's services for OIDC tokens and artifacts. */
const TOKENS = ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'];

const request: HttpClient['request'] = Reflect.get(HttpClient.prototype, 'request');
const REFUSED = 'redirects are not followed, because the token of the job would go along';

/**
 * Keeps the job's tokens from leaking to other servers, and these tokens and the credentials of proxies out of the log.
 *
 * The runner masks only the exact tokens, but a service may repeat them in another spelling or in part. The clients of
 * `@actions/core` and `@actions/artifact` would follow a redirect and send the token to any server.
 */
export function guardSecrets(environment: NodeJS.ProcessEnv, mask: (secret: string) => void): void {
  for (const secret of [...TOKENS.map((name) => environment[name] ?? ''), ...proxySecrets(environment)]) mask(secret);
  HttpClient.prototype.request = async function (this: HttpClient, ...call) {
    // The library has an option for this, but the clients do not pass it on.
    Reflect.set(this, '_allowRedirects', false);
    const response = await request.apply(this, call);
    const { statusCode = 0, headers } = response.message;
    if (headers.location === undefined || statusCode < 300 || statusCode >= 400) return response;
    response.message.resume();
    // A readable body keeps the clients from retrying and from printing the original body.
    response.readBody = async () => JSON.stringify({ msg: REFUSED, message: REFUSED });
    return response;
  };
}
