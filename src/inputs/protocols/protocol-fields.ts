import type { Protocol } from '../../protocols/protocol.ts';
import type { FieldReader } from '../field-reader.ts';
import { readEsAuth } from './es-auth-fields.ts';
import { httpCredentials, readHttp } from './http-fields.ts';
import type { Credential, ProtocolTask } from './protocol-task.ts';
import { readVault, vaultCredentials } from './vault-fields.ts';

/** A protocol's own inputs, and how they are read. */
interface ProtocolEntry {
  readonly inputs: readonly string[];
  /** Lists the secrets that a run needs, which depends on other inputs. */
  readonly credentials: (reader: FieldReader) => readonly Credential[];
  /** Returns `undefined` only after a problem was noted. */
  readonly read: (task: ProtocolTask) => Protocol | undefined;
}

/** Every protocol, by its name in the input `protocol`; the first one is the default. */
const PROTOCOLS = {
  'es-auth': {
    inputs: ['sign-path', 'app-key', 'app-secret'],
    credentials: () => ['key', 'app-secret'],
    read: readEsAuth,
  },
  vault: {
    inputs: ['signing-key', 'mount', 'login', 'role', 'token'],
    credentials: vaultCredentials,
    read: readVault,
  },
  http: {
    inputs: ['signing-key', 'token', 'request', 'answer'],
    credentials: httpCredentials,
    read: readHttp,
  },
} satisfies Readonly<Record<string, ProtocolEntry>>;

type ProtocolName = keyof typeof PROTOCOLS;

// The type of `Object.keys` does not include the names.
const NAMES = Object.keys(PROTOCOLS) as [ProtocolName, ...ProtocolName[]];

/** The values that action.yml sets when a workflow does not. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'sign-path': '/api/v1/sign_file',
  mount: 'transit',
  login: 'cert',
  answer: '/signature',
};

/** Lists the secrets that a run with these inputs needs. */
export function neededCredentials(reader: FieldReader): readonly Credential[] {
  // `readProtocol` reports an unknown protocol.
  const name = NAMES.find((each) => each === reader.text('protocol')) ?? 'es-auth';
  const own = PROTOCOLS[name].credentials(reader);
  if ((reader.text('certificate-from') ?? 'input') === 'input') return own;
  // The OIDC token replaces the key: the certificate is issued for it, and this run generates the key.
  return [...own.filter((each) => each !== 'key' && each !== 'OIDC'), 'OIDC'];
}

/** Reads the input `protocol` and the inputs of the protocol that it names; `undefined` only after a problem was noted. */
export function readProtocol(task: ProtocolTask): Protocol | undefined {
  const { reader } = task;
  const known = reader.problems.length;
  const name = reader.choice('protocol', NAMES);
  // Without a valid protocol, every input would seem to belong to another one.
  if (reader.problems.length > known) return undefined;
  refuseOthers(task, name);
  // A rehearsal signs over es-auth with settings of its own.
  if (name === 'es-auth' && task.purpose === 'rehearsal') return undefined;
  return PROTOCOLS[name].read(task);
}

/** Refuses inputs of other protocols, which would be ignored although their author expects an effect. */
function refuseOthers({ reader, appSecret, purpose }: ProtocolTask, name: ProtocolName): void {
  if (purpose === 'rehearsal') return;
  const own: readonly string[] = PROTOCOLS[name].inputs;
  const others = new Set(Object.values(PROTOCOLS).flatMap(({ inputs }): readonly string[] => inputs));
  for (const input of others) {
    if (own.includes(input)) continue;
    // Skips the token, which the code for `request` and `login` checks.
    const value = input === 'app-secret' ? appSecret : input === 'token' ? undefined : reader.text(input);
    if (value !== undefined && value !== DEFAULTS[input])
      reader.reject(input, `is given, but does not belong to protocol: ${name}`);
  }
}
