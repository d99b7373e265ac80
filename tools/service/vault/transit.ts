import { type KeyObject, randomBytes } from 'node:crypto';
import { type Algorithm, DIGEST_BYTES } from '../../../src/verifying/algorithm.ts';
import { stringMember } from '../../json.ts';
import {
  createSigningKeys,
  type Loopback,
  type LoopbackOptions,
  type Received,
  type Reply,
  serveOnLoopback,
  toPem,
} from '../loopback.ts';
import { Mistake } from '../mistake.ts';
import { signBytes, signDigest } from '../sign-digest.ts';
import type { TransitSettings } from './settings.ts';

interface Engine extends TransitSettings {
  readonly token: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A running stand-in for a transit engine. */
export interface TransitService extends Loopback {
  readonly publicKeyPem: string;
  /** Token for `login: token`. */
  readonly token: string;
}

/** Starts a service with a cert login and a transit engine with one key; `tell` gets a line for each request. */
export async function startTransit(
  options: LoopbackOptions,
  settings: TransitSettings,
  tell: (line: string) => void,
): Promise<TransitService> {
  const keys = await createSigningKeys(settings.algorithm);
  const engine = { ...settings, ...keys, token: `s.${randomBytes(18).toString('base64url')}` };
  const loopback = await serveOnLoopback(options, (request) => {
    try {
      const { told, reply } = answer(engine, request);
      tell(`${told}  ${request.method} ${request.target}\n`);
      return reply;
    } catch (error) {
      const { status, message } = error instanceof Mistake ? error : new Mistake(String(error), 500);
      tell(`refused  ${request.method} ${request.target}  ${message}\n`);
      return json(status, { errors: [message] });
    }
  });
  return { ...loopback, publicKeyPem: toPem(keys.publicKey), token: engine.token };
}

function answer(engine: Engine, request: Received): { readonly told: string; readonly reply: Reply } {
  const { mount, key, token } = engine;
  const path = request.target.replace(/^\/v1\//, '');
  if (path === 'sys/wrapping/lookup') throw new Mistake('wrapping token is not valid or does not exist', 400);
  if (/(?:^|\/)auth\/.+\/login$/.test(path)) {
    const auth = { client_token: token, lease_duration: 600, renewable: true, token_type: 'service' };
    return { told: 'login ', reply: json(200, { auth }) };
  }
  if (headerOf(request, 'x-vault-token') !== token) throw new Mistake('permission denied', 403);
  if (path.endsWith('auth/token/revoke-self')) return { told: 'logout', reply: json(204, undefined) };
  if (!path.startsWith(`${mount}/`)) throw new Mistake(`no handler for route "${path}". route entry not found.`, 404);
  const [action = '', name, hash] = path.slice(mount.length + 1).split('/');
  if (name !== key) throw new Mistake('signing key not found', 400);
  if (action === 'keys') return { told: 'key   ', reply: json(200, { data: describe(engine) }) };
  if (action !== 'sign') throw new Mistake('unsupported operation', 405);
  const results = sign(engine, hash, request.body);
  return { told: `signed ${results.length}`, reply: json(200, { data: { batch_results: results } }) };
}

function headerOf({ headers }: Received, wanted: string): string | undefined {
  return headers[headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === wanted) + 1];
}

function describe({ algorithm, publicKey }: Engine): object {
  const pem = toPem(publicKey);
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
  const key = { public_key: algorithm.scheme === 'ed25519' ? raw : pem };
  return { type: typeOf(algorithm), latest_version: 1, keys: { 1: key } };
}

function typeOf({ scheme, ...more }: Algorithm): string {
  if (scheme === 'ed25519') return 'ed25519';
  if (scheme !== 'ecdsa') return 'rsa-2048';
  return { sha256: 'ecdsa-p256', sha384: 'ecdsa-p384', sha512: 'ecdsa-p521' }['hash' in more ? more.hash : 'sha256'];
}

const HASHES = { sha256: 'sha2-256', sha384: 'sha2-384', sha512: 'sha2-512' } as const;

/** Returns the members that a request needs besides its items, so that the real engine signs as expected. */
function demands(algorithm: Algorithm): Readonly<Record<string, unknown>> {
  switch (algorithm.scheme) {
    case 'ecdsa':
      return { prehashed: true, marshaling_algorithm: 'asn1' };
    case 'rsa-pkcs1':
      return { prehashed: true, signature_algorithm: 'pkcs1v15' };
    case 'rsa-pss':
      return { prehashed: true, signature_algorithm: 'pss', salt_length: 'hash' };
    case 'ed25519':
      return {};
  }
}

function sign({ algorithm, privateKey }: Engine, hash: string | undefined, body: Buffer): readonly object[] {
  const { batch_input: items, key_version: version = 1, ...said } = parse(body);
  if (version !== 1) throw new Mistake('requested version for signing is higher than the latest key version', 400);
  const wanted = demands(algorithm);
  for (const [name, value] of Object.entries({ ...said, ...wanted }))
    if (said[name] !== value || wanted[name] !== value)
      throw new Mistake(`${name} must be ${JSON.stringify(wanted[name])}, and is ${JSON.stringify(said[name])}`, 400);
  const planned = algorithm.scheme === 'ed25519' ? undefined : HASHES[algorithm.hash];
  if (hash !== planned) throw new Mistake(`the path must end with ${planned ?? 'the key'}, and ends with ${hash}`, 400);
  if (!Array.isArray(items) || items.length === 0) throw new Mistake('missing batch input to process', 400);
  return items.map((item: unknown) => {
    const bytes = decode(item);
    const isWrong = algorithm.scheme !== 'ed25519' && bytes.length !== DIGEST_BYTES[algorithm.hash];
    if (isWrong) throw new Mistake(`an input has ${bytes.length} bytes, which is no digest by ${planned}`, 400);
    const signature =
      algorithm.scheme === 'ed25519'
        ? signBytes(bytes, algorithm, privateKey)
        : signDigest(bytes, algorithm, privateKey);
    return { signature: `vault:v1:${signature.toString('base64')}`, key_version: 1 };
  });
}

function decode(item: unknown): Buffer {
  const input = stringMember(item, 'input');
  if (input === undefined) throw new Mistake('missing input', 400);
  const bytes = Buffer.from(input, 'base64');
  if (bytes.toString('base64') !== input) throw new Mistake('an input is not base64', 400);
  return bytes;
}

function parse(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    return { ...JSON.parse(body.toString()) };
  } catch {
    throw new Mistake('the body is no JSON', 400);
  }
}

function json(status: number, value: object | undefined): Reply {
  return { status, type: 'application/json', body: value === undefined ? '' : JSON.stringify(value) };
}
