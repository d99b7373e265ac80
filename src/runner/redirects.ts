import { HttpClient } from '@actions/http-client';

const request: HttpClient['request'] = Reflect.get(HttpClient.prototype, 'request');
const REFUSED = 'redirects are not followed, because the token of the job would go along';

/**
 * Keeps the clients of `@actions/core` and `@actions/artifact` from following redirects: they would send the token of the job again,
 * to whatever server an answer names.
 */
export function refuseRedirects(): void {
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
