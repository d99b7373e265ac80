import { show } from '../files/names.ts';
import { inputEmpty, isBlank } from '../identity/text/inputs.ts';
import type { FieldReader } from './field-reader.ts';
import type { ServiceInputs } from './inputs.ts';
import type { TakenInputs } from './taken.ts';

/** Stands for a `server-url` that cannot be used. */
export const NOWHERE = new URL('https://invalid.invalid');

/** Reads what is needed to reach the service and to prove who we are; certificates and keys are examined later. */
export function readService({ identity, appSecret, reader }: TakenInputs): ServiceInputs {
  const serverUrl = readServerUrl(reader);
  const signPath = readSignPath(reader);
  const appKey = reader.required('app-key');
  if (/[\r\n]/.test(appKey))
    reader.reject('app-key', 'has several lines, but must be one; see that only the key itself is stored');
  else if (!/^[\x20-\x7E]*$/.test(appKey))
    reader.reject('app-key', 'must be printable ASCII, because it is sent as a header');
  if (appSecret === undefined) reader.reject('app-secret', EMPTY_SECRET);
  for (const input of ['cert', 'chain'] as const) if (isBlank(identity[input])) reader.add(inputEmpty(input));
  return {
    serverUrl,
    requestPath: serverUrl.pathname.replace(/\/+$/, '') + signPath,
    signPath,
    appKey,
    appSecret: appSecret ?? '',
    identity,
    protocol: reader.boolean('http2', false) ? 'http2' : 'http1',
    expiryWarningDays: reader.integer('cert-expiry-warning-days', { from: 0, to: 3650, otherwise: 30 }),
  };
}

const EMPTY_SECRET =
  'is empty. Secrets are not given to pull requests from forks, nor to Dependabot; otherwise check the name of the secret in the workflow';

function readServerUrl(reader: FieldReader): URL {
  const text = reader.required('server-url');
  if (text === '') return NOWHERE;
  if (!URL.canParse(text)) {
    reader.reject('server-url', 'is not a URL; it should look like https://sign.example.com');
    return NOWHERE;
  }
  const url = new URL(text);
  const problems = reader.problems.length;
  if (url.protocol !== 'https:') reader.reject('server-url', 'must begin with https://');
  if (url.port === '0') reader.reject('server-url', 'has port 0, where nothing can listen');
  if (url.username || url.password) reader.reject('server-url', 'must not hold a user or password');
  if (url.search || url.hash || /[?#]/.test(text))
    reader.reject('server-url', 'must not hold a query or fragment; those belong into sign-path');
  return reader.problems.length > problems ? NOWHERE : url;
}

/** What is longer may be a secret at the wrong place. */
const MAX_SHOWN = 100;

function readSignPath(reader: FieldReader): string {
  const path = reader.text('sign-path') ?? '/api/v1/sign_file';
  if (!path.startsWith('/')) {
    reader.reject('sign-path', 'must start with /');
    return '/';
  }
  const url = URL.canParse(path, NOWHERE.href) ? new URL(path, NOWHERE) : undefined;
  const sent = url && url.host === NOWHERE.host ? url.pathname + url.search : undefined;
  if (sent === path) return path;
  // What is sent must be what was signed, and HTTP clients send what URL parsing makes of it.
  const way = sent !== undefined && sent.length <= MAX_SHOWN ? `; write ${show(sent)}` : '';
  reader.reject(
    'sign-path',
    `must be percent-encoded and in its shortest form, without a fragment, “..” or blanks${way}`,
  );
  return '/';
}
