import { createPublicKey } from 'node:crypto';
import type { WireResponse } from '../../connection/exchange.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { decodeSignature, type SignatureEncoding } from '../../verifying/encoding.ts';
import type { Scrub } from '../answers/scrub.ts';
import {
  type Asked,
  itemFailure,
  type LoginFacts,
  loginFailure,
  object,
  secondFactorWanted,
  signFailure,
  unusable,
} from './refusals.ts';
import type { Token } from './session.ts';

/** A signature of one item, and the version of the key that made it. */
export interface ItemSignature {
  readonly text: string;
  readonly keyVersion: number;
}

/** What the service says about a key. */
export interface KeyFacts {
  /** As the service names it, such as `ecdsa-p256` or `rsa-2048`. */
  readonly type: string;
  readonly latestVersion: number;
  /** Public keys as PEM, by version. */
  readonly publicKeys: ReadonlyMap<number, string>;
}

/** What a batch was for. */
interface BatchFacts extends Asked {
  /** Of the text that is written. */
  readonly encoding: SignatureEncoding;
}

/**
 * Reads the results of a batch, in the order of its items.
 *
 * An item that failed has a `Failure` in its place; the status says nothing about items.
 * @throws Failure for an answer that is none to this batch
 */
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
  const { signature, key_version: version, error } = object(result);
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

/** Reads what the service warns of besides its answer, such as a parameter that it does not know. */
export function warningsIn({ status, body }: WireResponse, scrub: Scrub): readonly string[] {
  // Whatever an answer with another status warns of, its failure says more.
  if (status !== 200 || !body.includes('"warnings":[')) return [];
  const { warnings } = object(parse(body));
  const texts = Array.isArray(warnings) ? warnings.filter((each) => typeof each === 'string') : [];
  return texts.slice(0, MAX_WARNINGS).map((each) => scrub(each, 300));
}

/** Further warnings of one answer are not read: to look for secrets in a million of them would take minutes. */
const MAX_WARNINGS = 8;

/** Lease of a token without an end; finite, because an infinite one marks a token that was given and cannot be replaced. */
const NO_END_MS = Number.MAX_SAFE_INTEGER;

/** Tells whether a token can be sent in a header: printable ASCII, and no longer than servers take; usual ones have 100 to 1,000 characters. */
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
    // A lease of 0 is one without an end, as root tokens have.
    leaseMs: typeof seconds === 'number' && seconds > 0 ? Math.min(seconds * 1000, NO_END_MS) : NO_END_MS,
    isRevocable: type !== 'batch',
  };
}

/** Reads from the answer to a look-up where a wrapping token was made; `undefined` for any other token, and for an answer that does not say. */
export function readWrapping({ status, body }: WireResponse): string | undefined {
  if (status !== 200) return undefined;
  try {
    const { creation_path: path } = member(JSON.parse(body.toString()), 'data');
    return typeof path === 'string' ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Reads what the service says about a key. */
export function readKey(response: WireResponse, asked: Asked): KeyFacts {
  if (response.status !== 200) throw signFailure(response, asked);
  const { type, latest_version: latest, keys } = member(parse(response.body), 'data');
  // The type is shown: no other text of the service may stand for it.
  if (typeof type !== 'string' || !/^[a-z][a-z0-9_-]{0,30}$/.test(type) || typeof latest !== 'number')
    throw unusable('The service answered 200 to the question about the key, but not with its type and version.');
  const publicKeys = Object.entries(object(keys)).flatMap(([version, value]) => {
    const { public_key: pem } = object(value);
    return typeof pem === 'string' && pem !== '' ? [[Number(version), asPem(pem)] as const] : [];
  });
  return { type, latestVersion: latest, publicKeys: new Map(publicKeys) };
}

/** Returns the public key of a version as PEM, written anew: the log shows it, and a service may give any text as its key. */
export function publicKeyOf({ publicKeys }: KeyFacts, version: number): string | undefined {
  const given = publicKeys.get(version);
  if (given === undefined) return undefined;
  try {
    // What Node reads as a public key may be a private one.
    if (given.startsWith('-----BEGIN PUBLIC KEY-----'))
      return createPublicKey(given).export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    // Node's error may repeat a part of the text.
  }
  throw unusable('The service answered 200 to the question about the key, but its public key cannot be read.');
}

/** Ed25519 keys come as the 32 bytes in base64, all others as PEM. */
function asPem(text: string): string {
  if (text.includes('-----BEGIN')) return text;
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(text, 'base64')]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw unusable(`The service answered 200, but its ${body.length} bytes are no JSON.`, error);
  }
}

function member(value: unknown, name: string): Readonly<Record<string, unknown>> {
  return object(object(value)[name]);
}
