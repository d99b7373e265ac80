import { createPublicKey } from 'node:crypto';
import type { WireResponse } from '../../connection/exchange.ts';
import { ownMembers, parseJson } from '../../json.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { decodeSignature, type SignatureEncoding } from '../../verifying/encoding.ts';
import type { Scrub } from '../answers/scrub.ts';
import {
  type Asked,
  itemFailure,
  type LoginFacts,
  loginFailure,
  secondFactorWanted,
  signFailure,
  unusable,
} from './refusals.ts';
import type { Token } from './session.ts';

/** Signature of an item, with the version of its key. */
export interface ItemSignature {
  readonly text: string;
  readonly keyVersion: number;
}

/** The service's information about a key. */
export interface KeyFacts {
  /** Type in the service's terms, such as `ecdsa-p256` or `rsa-2048`. */
  readonly type: string;
  readonly latestVersion: number;
  /** Public keys as PEM, by version. */
  readonly publicKeys: ReadonlyMap<number, string>;
}

/** Subject of a batch, and the encoding of the written signatures. */
type BatchFacts = Asked & { readonly encoding: SignatureEncoding };

/** Reads the results of a batch in order, with a `Failure` for a failed item; throws one if the answer is no match. */
export function readBatch(
  response: WireResponse,
  items: number,
  batch: BatchFacts,
): readonly (ItemSignature | Failure)[] {
  if (response.status !== 200) throw signFailure(response, batch);
  const { batch_results: results } = member(parse(response.body), 'data');
  if (!Array.isArray(results) || results.length !== items)
    throw unusable(`The service answered 200 without one result for each of ${items} files.`);
  return results.map((result: unknown) => readItem(result, batch));
}

function readItem(result: unknown, batch: BatchFacts): ItemSignature | Failure {
  const { signature, key_version: version, error } = ownMembers(result);
  if (typeof error === 'string' && error !== '') return itemFailure(error, batch);
  const [, inText, base64 = ''] =
    (typeof signature === 'string' && /^vault:v([1-9]\d{0,8}):(.*)$/s.exec(signature)) || [];
  if (inText === undefined || (version !== undefined && version !== Number(inText)))
    return unusable('The answer holds no signature of the form vault:v1:… for a file.');
  const { version: wanted, name } = batch.key;
  if (wanted !== undefined && wanted !== Number(inText)) return otherVersion(`${name}@${wanted}`, inText);
  try {
    return { text: decodeSignature(base64, 'base64').toString(batch.encoding), keyVersion: Number(inText) };
  } catch (error) {
    return unusable('The answer holds a signature that is not base64.', error);
  }
}

function otherVersion(wanted: string, version: string): Failure {
  const message = `The answer holds a signature of version ${version} of the key, and ${wanted} was asked for.`;
  const hint = 'Show this line to the operators of the service.';
  return new Failure('request', 'RESP_BAD_SIGNATURE', message, { hint, maxAttempts: 2 });
}

/** Reads the service's warnings in an answer, for example about an unknown parameter. */
export function warningsIn({ status, body }: WireResponse, scrub: Scrub): readonly string[] {
  // The failure of an answer with another status says more than its warnings.
  if (status !== 200 || !body.includes('"warnings":[')) return [];
  const { warnings } = ownMembers(parse(body));
  const texts = Array.isArray(warnings) ? warnings.filter((each) => typeof each === 'string') : [];
  return texts.slice(0, MAX_WARNINGS).map((each) => scrub(each, 300));
}

/** Most warnings that are read of an answer; searching a million of them for secrets would take minutes. */
const MAX_WARNINGS = 8;

/** Lease of a token without an end; finite, because an infinite lease marks a given token that cannot be replaced. */
const NO_END_MS = Number.MAX_SAFE_INTEGER;

/** Tells whether a header can hold a token: printable ASCII; usual ones have 100 to 1,000 characters. */
export function isSendable(token: string): boolean {
  return /^[\x21-\x7e]{1,8192}$/.test(token);
}

/** Reads the answer to a login. */
export function readLogin(response: WireResponse, facts: LoginFacts): Token {
  if (response.status !== 200) throw loginFailure(response, facts);
  const auth = member(parse(response.body), 'auth');
  const { client_token: value, lease_duration: seconds, token_type: type } = auth;
  if (typeof auth['mfa_requirement'] === 'object' && auth['mfa_requirement'] !== null) throw secondFactorWanted();
  if (typeof value !== 'string' || value === '')
    throw unusable('The service answered 200 to the login, but gave no token.');
  if (!isSendable(value))
    throw unusable('The service answered 200 to the login, but its token cannot be sent in a header.');
  return {
    value,
    // A lease of 0 means that the token does not expire, as for root tokens.
    leaseMs: typeof seconds === 'number' && seconds > 0 ? Math.min(seconds * 1000, NO_END_MS) : NO_END_MS,
    isRevocable: type !== 'batch',
  };
}

/** Returns the creation path of a wrapping token from the answer to a look-up; `undefined` for any other token or answer. */
export function readWrapping({ status, body }: WireResponse): string | undefined {
  if (status !== 200) return undefined;
  const { creation_path: path } = member(parseJson(body.toString()), 'data');
  return typeof path === 'string' ? path : undefined;
}

/** Reads the service's information about a key. */
export function readKey(response: WireResponse, asked: Asked): KeyFacts {
  if (response.status !== 200) throw signFailure(response, asked);
  const { type, latest_version: latest, keys } = member(parse(response.body), 'data');
  // The type is shown, so it must not be any other text.
  if (typeof type !== 'string' || !/^[a-z][a-z0-9_-]{0,30}$/.test(type) || typeof latest !== 'number')
    throw unusable('The service answered 200 to the question about the key, but not with its type and version.');
  const publicKeys = Object.entries(ownMembers(keys)).flatMap(([version, value]) => {
    const { public_key: pem } = ownMembers(value);
    return typeof pem === 'string' && pem !== '' ? [[Number(version), asPem(pem)] as const] : [];
  });
  return { type, latestVersion: latest, publicKeys: new Map(publicKeys) };
}

/** Returns the public key of a version as PEM, encoded again, because the log shows the key. */
export function publicKeyOf({ publicKeys }: KeyFacts, version: number): string | undefined {
  const given = publicKeys.get(version);
  if (given === undefined) return undefined;
  try {
    // Node also reads a private key as a public one.
    if (given.startsWith('-----BEGIN PUBLIC KEY-----'))
      return createPublicKey(given).export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    // Node's error may quote a part of the text.
  }
  throw unusable('The service answered 200 to the question about the key, but its public key cannot be read.');
}

/** Returns a key as PEM; Ed25519 keys arrive as 32 bytes in base64, all others as PEM. */
function asPem(text: string): string {
  if (text.includes('-----BEGIN')) return text;
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(text, 'base64')]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw unusable(`The service answered 200, but its ${body.length} bytes are not JSON.`, error);
  }
}

function member(value: unknown, name: string): Readonly<Record<string, unknown>> {
  return ownMembers(ownMembers(value)[name]);
}
