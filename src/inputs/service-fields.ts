import type { AuthoritySettings, VaultPkiSettings } from '../identity/issued/authority.ts';
import { isBlank } from '../identity/text/blocks.ts';
import { readCertInput } from '../identity/text/inputs.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { loginMount, parseMount } from '../protocols/vault/paths.ts';
import { NOWHERE, readAddress } from './address-fields.ts';
import type { FieldReader, TakenInputs } from './field-reader.ts';
import type { ServiceInputs } from './inputs.ts';
import { readProtocol } from './protocols/protocol-fields.ts';
import type { SignatureFields } from './verify-fields.ts';

/** Reads how to reach the service and how to authenticate; certificates and keys are examined later. */
export function readService(
  taken: TakenInputs,
  form: SignatureFields,
): { readonly service: ServiceInputs; readonly protocol: Protocol | undefined } {
  const { identity, appSecret, token, reader } = taken;
  const serverUrl = readAddress(reader, 'server-url', reader.required('server-url'));
  const protocol = readProtocol({ reader, serverUrl, appSecret, token, form, purpose: 'signing' });
  const authority = readAuthority(taken, serverUrl);
  const shows = whatIsShown(taken, protocol);
  if (shows === 'stored certificate') missCertificate(reader, identity);
  if (isBlank(identity.chain)) reader.miss('chain');
  const http = reader.boolean('http2', false) ? 'http2' : 'http1';
  const expiryWarningDays = reader.integer('cert-expiry-warning-days', { from: 0, to: 3650, otherwise: 30 });
  return { service: { serverUrl, identity, shows, authority, http, expiryWarningDays }, protocol };
}

function whatIsShown({ reader, identity }: TakenInputs, protocol: Protocol | undefined): ServiceInputs['shows'] {
  if ((reader.text('certificate-from') ?? 'input') !== 'input') return 'issued certificate';
  const isNeeded = protocol?.certificate !== 'optional' || !isBlank(identity.cert) || !isBlank(identity.key);
  return isNeeded ? 'stored certificate' : 'no certificate';
}

/** Notes a missing certificate or key; the key may be in the same input as the certificate. */
function missCertificate(reader: FieldReader, { cert, key, keyPassphrase }: TakenInputs['identity']): void {
  if (isBlank(cert)) reader.miss('cert');
  if (!isBlank(key)) return;
  const { keys, mayHideKey } = readCertInput(cert, keyPassphrase);
  if (keys.length === 0 && !mayHideKey) reader.miss('key');
}

/** Inputs that apply only to an issued certificate. */
const OWN_INPUTS = ['certificate-url', 'certificate-role'];

/** Reads which authority issues the client certificate; `undefined` without an authority or after a problem. */
function readAuthority(taken: TakenInputs, serverUrl: URL): AuthoritySettings | undefined {
  const { reader, identity, certificateChain } = taken;
  const from = reader.choice('certificate-from', ['input', 'vault', 'step-ca']);
  if (from === 'input') {
    const given = OWN_INPUTS.filter((name) => reader.text(name) !== undefined);
    for (const name of certificateChain === undefined ? given : [...given, 'certificate-chain'])
      reader.reject(name, 'is given, but certificate-from: input takes the certificate from cert and key');
    return undefined;
  }
  for (const [name, text] of [
    ['cert', identity.cert],
    ['key', identity.key],
    ['key-passphrase', identity.keyPassphrase],
  ] as const)
    if (!isBlank(text))
      reader.reject(name, `is given, but certificate-from: ${from} gets a certificate for this run; leave it empty`);
  const url = readUrl(reader, serverUrl, from);
  const common = {
    url,
    audience: reader.text('oidc-audience') ?? url.origin,
    chain: certificateChain ?? identity.chain ?? '',
    chainInput: certificateChain === undefined ? 'chain' : 'certificate-chain',
  } as const;
  if (from === 'vault') return readVaultPki(reader, common);
  if (reader.text('certificate-role') !== undefined)
    reader.reject('certificate-role', 'is given, but a step-ca has no roles: its provisioner decides');
  return url === NOWHERE ? undefined : { from, ...common };
}

function readUrl(reader: FieldReader, serverUrl: URL, from: 'vault' | 'step-ca'): URL {
  const text = reader.text('certificate-url');
  if (text !== undefined) return readAddress(reader, 'certificate-url', text);
  // Only Vault has a default, because a token must not go to a server that was not named for it.
  if (from === 'vault' && reader.text('protocol') === 'vault') return serverUrl;
  reader.reject('certificate-url', `is empty; certificate-from: ${from} needs the address of the authority`);
  return NOWHERE;
}

function readVaultPki(
  reader: FieldReader,
  common: Pick<VaultPkiSettings, 'url' | 'audience' | 'chain' | 'chainInput'>,
): VaultPkiSettings | undefined {
  const { url } = common;
  const given = reader.text('certificate-url');
  const [, prefix = '', path = ''] = /^(.*?)\/v1\/(.+?)\/*$/.exec(url.pathname) ?? [];
  const mount = given === undefined ? 'pki' : parseMount(path);
  if (mount === undefined && url !== NOWHERE)
    reader.reject('certificate-url', 'must end in the mount of the pki engine, as in https://bao.example.com/v1/pki');
  const text = reader.required('certificate-role');
  const role = parseRole(text);
  if (role === undefined && text !== '')
    reader.reject(
      'certificate-role',
      'must be login-role/pki-role or one name for both; another login mount stands after the login role, as in release@team/auth/github/ci',
    );
  if (url === NOWHERE || mount === undefined || role === undefined) return undefined;
  const base = new URL(given === undefined ? url : `${url.origin}${prefix}`);
  return { ...common, from: 'vault', url: base, mount, ...role };
}

function parseRole(text: string): Pick<VaultPkiSettings, 'login' | 'loginRole' | 'pkiRole'> | undefined {
  const [, loginRole = '', at, role] = /^([\w.-]+)(?:@(.+))?\/([\w.-]+)$/.exec(text) ?? /^([\w.-]+)$/.exec(text) ?? [];
  const path = at === undefined ? undefined : parseMount(at);
  if (loginRole === '' || (at !== undefined && path === undefined)) return undefined;
  return { login: loginMount('jwt', path), loginRole, pkiRole: role ?? loginRole };
}
