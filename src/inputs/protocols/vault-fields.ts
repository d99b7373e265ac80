import { pathOnServer } from '../../connection/exchange.ts';
import type { Protocol } from '../../protocols/protocol.ts';
import type { Login } from '../../protocols/vault/login.ts';
import { loginMount, parseKeyName, parseMount } from '../../protocols/vault/paths.ts';
import { createVault } from '../../protocols/vault/protocol.ts';
import type { FieldReader } from '../field-reader.ts';
import type { Credential, ProtocolTask } from './protocol-task.ts';

/** Reads the inputs of the protocol `vault`. */
export function readVault(task: ProtocolTask): Protocol {
  const { reader, serverUrl, form } = task;
  const name = reader.required('signing-key');
  const key = parseKeyName(name);
  if (name !== '' && key === undefined)
    reader.reject('signing-key', 'must be the name of a transit key, or name@version, such as release or release@3');
  const mount = parseMount(reader.text('mount') ?? 'transit');
  if (mount === undefined)
    reader.reject('mount', 'must be the path of the transit engine, such as transit or team/transit');
  else if (/^v1\/|\/(?:sign|keys)(?:\/|$)/.test(mount))
    reader.reject('mount', 'must be the path of the engine alone, such as transit; the action adds /v1 and /sign');
  if (/\/v1\/?$/.test(serverUrl.pathname)) reader.reject('server-url', 'must end before /v1, which the action adds');
  return createVault({
    base: pathOnServer(serverUrl, '/v1'),
    key: { mount: mount ?? 'transit', name: key?.name ?? name, version: key?.version },
    algorithm: form.algorithm,
    isChecked: form.isChecked,
    encoding: form.encoding,
    login: readLogin(task),
  });
}

/** Lists the secrets that the login needs. */
export function vaultCredentials(reader: FieldReader): readonly Credential[] {
  switch (reader.text('login')?.split('@')[0]) {
    case 'oidc':
      return ['OIDC'];
    case 'token':
      return ['token'];
    default:
      return ['key'];
  }
}

function readLogin({ reader, serverUrl, token, purpose }: ProtocolTask): Login {
  const text = reader.text('login') ?? 'cert';
  const [, method = '', at] = /^(cert|oidc|token)(?:@(.+))?$/.exec(text) ?? [];
  const path = at === undefined ? undefined : parseMount(at);
  if (method === '' || (at !== undefined && (path === undefined || method === 'token')))
    reader.reject('login', 'must be cert, oidc or token; cert and oidc may name a mount, as in oidc@team/auth/github');
  const role = reader.text('role');
  if (role !== undefined && !/^[\w.-]+$/.test(role)) reader.reject('role', 'must be the name of a role');
  if (token !== undefined && method !== 'token')
    reader.reject('token', `is given, but login: ${method} gets a token itself`);
  switch (method) {
    case 'oidc':
      if (role === undefined) reader.miss('role');
      return {
        method,
        mount: loginMount('jwt', path),
        role: role ?? '',
        audience: reader.text('oidc-audience') ?? serverUrl.origin,
      };
    case 'token':
      if (role !== undefined) reader.reject('role', 'is given, but login: token does not log in');
      if (token === undefined && purpose === 'signing') reader.miss('token');
      return { method, token: token ?? '' };
    default:
      return { method: 'cert', mount: loginMount('cert', path), role };
  }
}
