import { HttpClient } from '@actions/http-client';

/** What this process shows to the services of the runner that give tokens and take artifacts. */
const TOKENS = ['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'];

const request: HttpClient['request'] = Reflect.get(HttpClient.prototype, 'request');
const REFUSED = 'redirects are not followed, because the token of the job would go along';

/**
 * Keeps the tokens of the job to the services that they are for.
 *
 * The runner masks the tokens as they are; a service may repeat them in another spelling, or in part. And the clients of
 * `@actions/core` and `@actions/artifact` would follow a redirect and show the token to whatever server an answer names.
 */
export function guardJobTokens(environment: NodeJS.ProcessEnv, mask: (secret: string) => void): void {
  for (const name of TOKENS) mask(environment[name] ?? '');
  HttpClient.prototype.request = async function (this: HttpClient, ...call) {
    // The library has an option for this, which its users among the clients do not pass on.
    Reflect.set(this, '_allowRedirects', false);
    const response = await request.apply(this, call);
    const { statusCode = 0, headers } = response.message;
    if (headers.location === undefined || statusCode < 300 || statusCode >= 400) return response;
    response.message.resume();
    // A body that the clients can read keeps them from asking again, and from printing another one.
    response.readBody = async () => JSON.stringify({ msg: REFUSED, message: REFUSED });
    return response;
  };
}
