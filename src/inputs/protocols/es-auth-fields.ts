import { pathOnServer } from '../../connection/exchange.ts';
import { show } from '../../files/names.ts';
import { createEsAuth } from '../../protocols/es-auth/sign-file.ts';
import type { Protocol } from '../../protocols/protocol.ts';
import type { FieldReader } from '../field-reader.ts';
import type { ProtocolTask } from './protocol-task.ts';

/** Longest value that is quoted, in characters; a longer one may be a secret in the wrong input. */
const MAX_SHOWN = 100;
const SOME_ORIGIN = 'https://invalid.invalid';

/** Reads the inputs of the protocol `es-auth`. */
export function readEsAuth({ reader, serverUrl, appSecret }: ProtocolTask): Protocol {
  const signPath = readSignPath(reader);
  const appKey = reader.required('app-key');
  if (/[\r\n]/.test(appKey)) reader.reject('app-key', 'has several lines, but must be one; store the app key alone');
  else if (!/^[\x20-\x7E]*$/.test(appKey))
    reader.reject('app-key', 'must be printable ASCII, because it is sent as a header');
  if (appSecret === undefined) reader.miss('app-secret');
  if (pathOnServer(serverUrl, '').endsWith(signPath.replace(/[?].*$/, '')) && signPath !== '/')
    reader.reject('server-url', `ends with ${signPath}, which is added from sign-path; leave it out here`);
  const requestPath = pathOnServer(serverUrl, signPath);
  return createEsAuth({ requestPath, signPath, appKey, appSecret: appSecret ?? '' });
}

function readSignPath(reader: FieldReader): string {
  const path = reader.text('sign-path') ?? '/api/v1/sign_file';
  if (!path.startsWith('/')) {
    reader.reject('sign-path', 'must start with /');
    return '/';
  }
  const url = URL.canParse(path, SOME_ORIGIN) ? new URL(path, SOME_ORIGIN) : undefined;
  const sent = url && url.origin === SOME_ORIGIN ? url.pathname + url.search : undefined;
  if (sent === path) return path;
  // The request signature covers the path as written, but HTTP clients send the path as URL parsing normalises it.
  const way = sent !== undefined && sent.length <= MAX_SHOWN ? `; write ${show(sent)}` : '';
  reader.reject(
    'sign-path',
    `must be percent-encoded and in its shortest form, without a fragment, “..” or blanks${way}`,
  );
  return '/';
}
