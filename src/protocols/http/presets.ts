import type { Hash } from '../../verifying/algorithm.ts';

/** A documented message of a known product, in the form of the input. */
export interface Preset {
  readonly request: string;
  readonly answer: string;
  /** Encoding of the signature in the answer; absent for raw bytes. */
  readonly encoding: 'base64' | 'hex' | undefined;
  /** The hash that the message names. */
  readonly hash: Hash;
}

/** The messages for `preset:<name>` in the input `request`. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  /** Keyfactor SignServer, a PlainSigner worker: https://docs.keyfactor.com/signserver/latest/rest-interface */
  signserver: {
    request: `POST /signserver/rest/v1/workers/{key}/process
X-Keyfactor-Requested-With: mtls-release-signing
Content-Type: application/json

{"data":"{digest:base64}","encoding":"BASE64","metaData":{"USING_CLIENTSUPPLIED_HASH":"true","CLIENTSIDE_HASHDIGESTALGORITHM":"SHA-256"}}`,
    answer: '/data',
    encoding: 'base64',
    hash: 'sha256',
  },
  /** The signing server of Open Component Model, RSA PKCS#1 v1.5: https://github.com/open-component-model/ocm */
  ocm: {
    request: `POST /sign/rsassa-pkcs1-v1_5?hashAlgorithm=SHA-256
Accept: application/octet-stream
Content-Type: application/octet-stream

{digest}`,
    answer: 'body:raw',
    encoding: undefined,
    hash: 'sha256',
  },
  /** Encryption Consulting CodeSign Secure. */
  'codesign-secure': {
    request: `POST /api/signing/sign/
Authorization: Bearer {token}
Content-Type: application/json

{"certificate_name":"{key}","hash":"{digest:hex}"}`,
    answer: '/result',
    encoding: 'hex',
    hash: 'sha256',
  },
};

/** Finds the preset that the input `request` names; `undefined` for a literal message. */
export function presetIn(request: string): Preset | 'unknown' | undefined {
  const [, name] = /^preset:(.*)$/s.exec(request) ?? [];
  if (name === undefined) return undefined;
  return (Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined) ?? 'unknown';
}
