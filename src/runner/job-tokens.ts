import { HttpClient } from '@actions/http-client';

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

const PROXIES = ['https_proxy', 'http_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);
/** A shorter password would mask unrelated text. */
const MIN_LENGTH = 8;

/** Lists the credentials in all proxy variables, of which each library reads others, as they stand and are sent. */
function proxySecrets(environment: NodeJS.ProcessEnv): string[] {
  return PROXIES.flatMap((name) => credentialsIn(environment[name] ?? '')).flatMap(({ user, password }) => {
    const encoded = Buffer.from(`${decode(user)}:${decode(password)}`).toString('base64');
    const plain = decode(password || user);
    const forms = plain.length < MIN_LENGTH ? [] : [password || user, plain, encodeURIComponent(plain.toWellFormed())];
    return [`Basic ${encoded}`, encoded, ...forms];
  });
}

/** Reads a proxy variable in each way in which a program may read it. */
function credentialsIn(text: string): { readonly user: string; readonly password: string }[] {
  const urls = [text, `http://${text}`].flatMap((each) => (URL.canParse(each) ? [new URL(each)] : []));
  const [, user = '', password = ''] = /^(?:[a-z][\w+.-]*:\/\/)?([^:]*):?(.*)@/i.exec(text.trim()) ?? [];
  const read = urls.map((url) => ({ user: url.username, password: url.password }));
  return [...read, { user, password }].filter((each) => each.user !== '' || each.password !== '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
