import { parseKeyName, parseMount } from '../../../src/protocols/vault/paths.ts';
import { type Algorithm, algorithmOf, SIGNATURE_ALGORITHMS } from '../../../src/verifying/algorithm.ts';
import { type Inputs, invalid, readChoice, refuseForeign } from '../given-inputs.ts';

/** Inputs of the action that configure a transit engine on this machine. */
export const VAULT_INPUTS = ['signing-key', 'mount', 'login', 'role', 'signature-algorithm', 'signature-encoding'];

/** Settings of a stand-in for a transit engine, and the matching inputs of the action. */
export interface TransitSettings {
  readonly mount: string;
  /** Name of its only key. */
  readonly key: string;
  readonly algorithm: Algorithm;
  readonly login: 'cert' | 'token';
  /** Inputs of the protocol without URL, token and certificates. */
  readonly inputs: Inputs;
}

/** Reads the settings from inputs of the action; throws `ARGUMENT_INVALID`. */
export function readTransitSettings(given: Inputs): TransitSettings {
  refuseForeign(given, VAULT_INPUTS);
  const key = parseKeyName(given['signing-key'] ?? 'release');
  if (key === undefined) throw invalid('The input signing-key is not the name of a transit key.');
  if (key.version !== undefined && key.version !== 1) throw invalid('The key of this service has version 1 only.');
  const mount = parseMount(given['mount'] ?? 'transit');
  if (mount === undefined) throw invalid('The input mount is not the path of an engine.');
  const login = readChoice('login', given, ['cert', 'token']) ?? 'cert';
  const name = readChoice('signature-algorithm', given, ['auto', ...SIGNATURE_ALGORITHMS]) ?? 'auto';
  const algorithm = algorithmOf(name === 'auto' ? 'ecdsa-sha256' : name);
  const { role, 'signature-encoding': encoding } = given;
  const inputs = {
    protocol: 'vault',
    'signing-key': given['signing-key'] ?? 'release',
    mount,
    login,
    ...(role === undefined ? {} : { role }),
    'signature-algorithm': algorithm.name,
    ...(encoding === undefined ? {} : { 'signature-encoding': encoding }),
  };
  return { mount, key: key.name, algorithm, login, inputs };
}
