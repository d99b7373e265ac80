import { ActionError } from '../../errors.ts';
import { show } from '../../files/names.ts';
import type { Protocol, ServiceKey } from '../protocol.ts';
import { type KeyFacts, publicKeyOf } from './answers.ts';
import { type Login, openSession } from './login.ts';
import type { TransitKey } from './paths.ts';
import { MAX_TRANSIT_ED25519_BYTES, type TransitSettings, VaultSigner } from './vault.ts';

/** Creates the protocol `vault`: the transit engine of OpenBao and Vault. */
export function createVault({ login, ...settings }: TransitSettings & { readonly login: Login }): Protocol {
  const { base, key, algorithm } = settings;
  return {
    name: 'vault',
    certificate: login.method === 'cert' ? 'required' : 'optional',
    checkFile({ path, size }) {
      if (algorithm?.scheme === 'ed25519' && size > MAX_TRANSIT_ED25519_BYTES) throw tooLarge(path, size);
    },
    open(transport, world) {
      const { scrub, warn } = world;
      const session = openSession({ transport, base, login, world });
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

function describe(key: KeyFacts, { name, version = key.latestVersion }: TransitKey): ServiceKey {
  const { type, latestVersion, publicKeys } = key;
  const versions = [...publicKeys.keys()].join(', ');
  return {
    facts: [`key “${name}” is of the type ${type}; versions: ${versions || latestVersion}; version ${version} signs`],
    publicKey: publicKeyOf(key, version),
  };
}

function tooLarge(path: string, size: number): ActionError {
  return new ActionError(
    'FILE_TOO_LARGE_FOR_SERVER',
    `${show(path)} has ${size} bytes, but an Ed25519 key of the transit engine signs at most ${MAX_TRANSIT_ED25519_BYTES}.`,
    { hint: 'The engine needs the whole file for Ed25519: exclude the file, or use a key of another type.' },
  );
}
