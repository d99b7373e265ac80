import { ActionError } from '../../errors.ts';
import { show } from '../../files/names.ts';
import type { Algorithm } from '../../verifying/algorithm.ts';
import type { SignatureEncoding } from '../../verifying/encoding.ts';
import type { Protocol, ProtocolWorld, ServiceKey } from '../protocol.ts';
import type { KeyFacts } from './answers.ts';
import { type Login, openSession } from './login.ts';
import type { LoginMount, TransitKey } from './paths.ts';
import { MAX_TRANSIT_ED25519_BYTES, VaultSigner } from './vault.ts';

/** How a run logs in, as the inputs say. */
export type LoginSettings =
  | { readonly method: 'cert'; readonly mount: LoginMount; readonly role: string | undefined }
  | { readonly method: 'oidc'; readonly mount: LoginMount; readonly role: string; readonly audience: string }
  | { readonly method: 'token'; readonly token: string };

/** Settings of a transit engine. */
export interface VaultSettings {
  /** Path of the API with the prefix of the server's URL, such as `/v1`. */
  readonly base: string;
  readonly key: TransitKey;
  /** How to sign; `undefined` asks the service for the type of its key first. */
  readonly algorithm: Algorithm | undefined;
  /** Whether every signature is checked with a key. */
  readonly isChecked: boolean;
  readonly encoding: SignatureEncoding;
  readonly login: LoginSettings;
}

/** Creates the protocol `vault`: the transit engine of OpenBao and Vault. */
export function createVault({ login, ...settings }: VaultSettings): Protocol {
  const { base, key, algorithm } = settings;
  return {
    name: 'vault',
    certificate: login.method === 'cert' ? 'required' : 'optional',
    checkFile({ path, size }) {
      if (algorithm?.scheme === 'ed25519' && size > MAX_TRANSIT_ED25519_BYTES) throw tooLarge(path, size);
    },
    open(transport, world) {
      const { elapsed: now, mask, scrub, warn } = world;
      const session = openSession(transport, { base, login: withTokens(login, world), mask, scrub, now });
      const onWarning = (text: string): void => warn('Warning of the service', text);
      const signer = new VaultSigner(transport, { ...settings, session, scrub, onWarning });
      return {
        signer,
        describeKey: async (signal) => describe(await signer.describeKey(signal), key),
        close: (signal) => session.close(signal),
      };
    },
  };
}

function withTokens(login: LoginSettings, { drawIdToken }: ProtocolWorld): Login {
  if (login.method !== 'oidc') return login;
  const { method, mount, role, audience } = login;
  return { method, mount, role, drawToken: () => drawIdToken(audience) };
}

function describe(
  { type, latestVersion, publicKeys }: KeyFacts,
  { name, version = latestVersion }: TransitKey,
): ServiceKey {
  const versions = [...publicKeys.keys()].join(', ');
  return {
    facts: [`key “${name}” is of the type ${type}; versions: ${versions || latestVersion}; version ${version} signs`],
    publicKey: publicKeys.get(version),
  };
}

function tooLarge(path: string, size: number): ActionError {
  return new ActionError(
    'FILE_TOO_LARGE_FOR_SERVER',
    `${show(path)} has ${size} bytes, but an Ed25519 key of the transit engine signs at most ${MAX_TRANSIT_ED25519_BYTES}.`,
    { hint: 'The engine needs the whole file for Ed25519: exclude the file, or use a key of another type.' },
  );
}
