import type { WireRequest, WireResponse } from '../../connection/exchange.ts';
import type { Transport } from '../../connection/transport.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { orAborted } from '../../signing/schedule/clock.ts';
import { readAll, type Signature, type Signer, type Source, weightOfDigest } from '../../signing/signer.ts';
import { type Algorithm, DIGEST_BYTES } from '../../verifying/algorithm.ts';
import type { SignatureEncoding } from '../../verifying/encoding.ts';
import type { Scrub } from '../answers/scrub.ts';
import { type ItemSignature, type KeyFacts, readBatch, readKey, warningsIn } from './answers.ts';
import { Batches, MAX_REQUESTS } from './batches.ts';
import { algorithmOfKey } from './key-type.ts';
import { vaultRequest } from './login.ts';
import type { TransitKey } from './paths.ts';
import { isTokenRefused } from './refusals.ts';
import { type Session, withinLimit } from './session.ts';

/** Settings of a transit engine. */
export interface TransitSettings {
  /** Path of the API with the prefix of the server's URL, such as `/v1`. */
  readonly base: string;
  readonly key: TransitKey;
  /** How to sign; `undefined` asks the service for the type of its key first. */
  readonly algorithm: Algorithm | undefined;
  /** Whether signatures are verified; if not, the key's type is asked for, as wrong guesses are signed silently. */
  readonly isChecked: boolean;
  /** Encoding of the written signature. */
  readonly encoding: SignatureEncoding;
}

/** A transit engine that is in use. */
interface VaultOptions extends TransitSettings {
  readonly session: Session;
  readonly scrub: Scrub;
  /** Receives each warning of the service once. */
  readonly onWarning: (text: string) => void;
}

/** Most items in one request: OpenBao accepts 1,000 strings in a request, names and values, and each item has two. */
const MAX_ITEMS = 240;
/** Most warnings of the service that are shown. */
const MAX_WARNINGS = 3;
/** Refusals that smaller requests may avoid. */
const DIVISIBLE: readonly Failure['code'][] = ['REQUEST_REFUSED', 'FILE_TOO_LARGE_FOR_SERVER'];
/** Longest request body that OpenBao and Vault accept, in bytes. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Batches of whole files end at this many characters of base64; a single file may have up to {@link MAX_TRANSIT_ED25519_BYTES}. */
const MAX_BATCH_CHARACTERS = 8 * 1024 * 1024;

/** Largest file that an Ed25519 key can sign, in bytes: the engine needs the file itself for it. */
export const MAX_TRANSIT_ED25519_BYTES = Math.floor(((MAX_BODY_BYTES - 1024) / 4) * 3);

/** Signs with the transit engine of OpenBao or Vault: digests of many files in one request, the file itself for Ed25519. */
export class VaultSigner implements Signer {
  readonly #transport: Transport;
  readonly #options: VaultOptions;
  readonly #batches: Batches<string, ItemSignature>;
  /** How to sign, when known. */
  #algorithm: Algorithm | undefined;
  #question: Promise<Algorithm> | undefined;
  readonly #warnings = new Set<string>();

  constructor(transport: Transport, options: VaultOptions) {
    this.#transport = transport;
    this.#options = options;
    if (options.isChecked) this.#algorithm = options.algorithm;
    this.#batches = new Batches({
      send: (items, signal) => this.#send(items, signal),
      maxItems: MAX_ITEMS,
      sizeOf: (item) => item.length,
      maxSize: MAX_BATCH_CHARACTERS,
      // A refused request concerns one of its items, or their number; anything else concerns the service.
      isDivisible: (error) => error instanceof Failure && DIVISIBLE.includes(error.code),
    });
  }

  readonly sharing = { requests: MAX_REQUESTS, files: MAX_ITEMS };

  /** An Ed25519 file is in memory as bytes, and three times as base64: alone, in the message, and as its bytes. */
  readonly weigh = (size: number): number => {
    const { scheme = 'ed25519' } = this.#algorithm ?? this.#options.algorithm ?? {};
    return scheme === 'ed25519' ? weightOfDigest(0) + 6 * size : weightOfDigest(size);
  };

  async sign(source: Source, signal: AbortSignal): Promise<Signature> {
    const algorithm = this.#algorithm ?? (await this.#algorithmOf(signal));
    const content =
      algorithm.scheme === 'ed25519' ? (await readAll(source)).toString('base64') : await digest(source, algorithm);
    const { text, keyVersion } = await this.#batches.add(content, signal);
    return { text, keyVersion };
  }

  /** Asks the service about the key. */
  async describeKey(signal: AbortSignal): Promise<KeyFacts> {
    const { base, key, scrub } = this.#options;
    const path = `${base}/${key.mount}/keys/${key.name}`;
    return readKey(await this.#ask((token) => vaultRequest('GET', path, { token }), signal), { key, scrub });
  }

  /** Waits for the algorithm; all files share one request, which no single file aborts. */
  #algorithmOf(signal: AbortSignal): Promise<Algorithm> {
    this.#question ??= this.#askForAlgorithm();
    return orAborted(this.#question, signal);
  }

  async #askForAlgorithm(): Promise<Algorithm> {
    const { key, algorithm } = this.#options;
    try {
      const { type } = await withinLimit((signal) => this.describeKey(signal));
      this.#algorithm = algorithmOfKey(type, key, algorithm);
      return this.#algorithm;
    } catch (error) {
      this.#question = undefined;
      throw error;
    }
  }

  async #send(items: readonly string[], signal: AbortSignal): Promise<readonly (ItemSignature | Failure)[]> {
    const { base, key, encoding, scrub } = this.#options;
    const algorithm = this.#algorithm ?? (await this.#algorithmOf(signal));
    const hash = algorithm.scheme === 'ed25519' ? '' : `/${HASH_NAMES[algorithm.hash]}`;
    const json = signRequest(items, algorithm, key);
    const path = `${base}/${key.mount}/sign/${key.name}${hash}`;
    const response = await this.#ask((token) => vaultRequest('POST', path, { json, token }), signal);
    for (const warning of warningsIn(response, scrub)) this.#warn(warning);
    return readBatch(response, items.length, { key, encoding, scrub });
  }

  #warn(text: string): void {
    if (this.#warnings.has(text) || this.#warnings.size >= MAX_WARNINGS) return;
    this.#warnings.add(text);
    this.#options.onWarning(text);
  }

  #ask(build: (token: string) => WireRequest, signal: AbortSignal): Promise<WireResponse> {
    const send = (token: string): Promise<WireResponse> => this.#transport.post(build(token), signal);
    return this.#options.session.use(send, isTokenRefused, signal);
  }
}

const HASH_NAMES = { sha256: 'sha2-256', sha384: 'sha2-384', sha512: 'sha2-512' } as const;

/** Builds the body of a signing request; the default for RSA would be the longest salt, which no verifier accepts. */
export function signRequest(items: readonly string[], algorithm: Algorithm, { version }: TransitKey): object {
  const batch = {
    batch_input: items.map((input) => ({ input })),
    ...(version === undefined ? {} : { key_version: version }),
  };
  switch (algorithm.scheme) {
    case 'ecdsa':
      return { ...batch, prehashed: true, marshaling_algorithm: 'asn1' };
    case 'rsa-pkcs1':
      return { ...batch, prehashed: true, signature_algorithm: 'pkcs1v15' };
    case 'rsa-pss':
      return { ...batch, prehashed: true, signature_algorithm: 'pss', salt_length: 'hash' };
    case 'ed25519':
      return batch;
  }
}

/** Hashes a file; the engine would silently sign a digest of another length, and the signature would be useless. */
async function digest(source: Source, algorithm: Extract<Algorithm, { hash: unknown }>): Promise<string> {
  const { hash } = algorithm;
  const { digest: bytes } = await source.digest(() => ({ algorithm: hash }));
  if (bytes.length !== DIGEST_BYTES[hash])
    throw new RangeError(`A digest of ${bytes.length} bytes is not a ${hash} digest.`);
  return Buffer.from(bytes).toString('base64');
}
