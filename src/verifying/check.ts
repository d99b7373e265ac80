import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { ActionError } from '../errors.ts';
import { readInto, startHash } from '../files/hashing/file-hash.ts';
import { show } from '../files/names.ts';
import type { OpenFile } from '../files/reading/open-file.ts';
import { decodeSignature, otherEncodingHint, type SignatureEncoding } from './encoding.ts';
import { mayBeSignature } from './layout.ts';
import { findLikely, isPaddedFor, type Likely } from './likely.ts';
import type { Check, Verifier } from './verifier.ts';

/** How signatures are verified in this run. */
export interface Verification {
  readonly verifier: Verifier;
  readonly encoding: SignatureEncoding;
}

/** Decodes a signature and verifies it for all bytes of the file. */
export async function isValid(text: string, check: Check, encoding: SignatureEncoding): Promise<boolean> {
  return check.verify(decodeSignature(text, encoding));
}

/** Reads an open file once and verifies a stored signature; throws when the text is not strictly encoded. */
export async function checkStored(
  file: OpenFile,
  text: string,
  { verifier, encoding }: Verification,
): Promise<{ readonly sha256: string; readonly valid: boolean }> {
  const signature = decodeSignature(text, encoding);
  const { sha256, check } = await readForCheck(file, verifier);
  await file.checkUnchanged(sha256);
  return { sha256, valid: await check.verify(signature) };
}

async function readForCheck(file: OpenFile, verifier: Verifier): Promise<{ sha256: string; check: Check }> {
  const content = file.read();
  if (Array.isArray(content)) {
    const [bytes = new Uint8Array()] = content;
    return { sha256: hash('sha256', bytes, 'hex'), check: verifier.whole(bytes) };
  }
  const pass = verifier.start(file.size);
  const sum = startHash({ algorithm: 'sha256' });
  await readInto(content, [sum, pass]);
  return { sha256: sum.digest().toString('hex'), check: pass };
}

/** What to do about an invalid signature. */
export interface Advice {
  readonly hint: string;
  /** Whether the hint shows that the key of the run made the signature; `undefined` when it does not tell. */
  readonly isKeyRight?: boolean | undefined;
}

/** Explains an invalid signature; reads the file once more. */
export async function explainInvalid(
  path: string,
  file: OpenFile,
  about: Verification & {
    readonly text: string;
    readonly keyVersion?: number | undefined;
    /** What to do when no setting explains the failure. */
    readonly advice?: Advice | undefined;
    /** Whether other signatures of the same run were valid. */
    readonly areOthersValid?: boolean;
  },
): Promise<{ readonly error: ActionError; readonly isKeyRight: boolean }> {
  const { keyVersion, verifier, text, encoding } = about;
  const signature = decodeSignature(text, encoding);
  const { hint, isKeyRight = isPaddedFor(verifier.key, signature) ?? false } =
    (await likelyCause(about, () => file.read(), about.areOthersValid)) ??
    container(signature) ??
    about.advice ??
    oddForm(signature) ??
    otherKey(verifier, signature);
  const message = `The signature of ${show(path)} is not valid for its bytes (${verifier.algorithm.name}).${versionSentence(keyVersion)}`;
  return { error: new ActionError('SIGNATURE_INVALID', message, { hint }), isKeyRight };
}

/** Says what a signature by another algorithm means beside valid ones. */
function oneSigner(likely: { readonly algorithm: string }, { algorithm }: Verifier): string {
  return `It is valid as ${likely.algorithm}, and other signatures of this run as ${algorithm.name}: one of several servers of the service signs by another algorithm. Ask its operators.`;
}

/** Returns a hint at the setting that makes an invalid signature valid, or `undefined`; reads the bytes once. */
export async function likelyCause(
  { text, verifier, encoding }: Verification & { readonly text: string },
  read: OpenFile['read'],
  areOthersValid = false,
): Promise<Advice | undefined> {
  const likely = await findLikely(verifier, decodeSignature(text, encoding), read);
  if (likely && 'algorithm' in likely && areOthersValid) return { hint: oneSigner(likely, verifier), isKeyRight: true };
  if (likely) return { hint: hintOf(likely, verifier), isKeyRight: true };
  const hint = otherEncodingHint(text, encoding);
  return hint === undefined ? undefined : { hint };
}

/** Says what is known of a signature that fits neither the bytes of its file nor what a service makes of them. */
function otherKey({ key }: Verifier, signature: Uint8Array): Advice {
  const isKeyRight = isPaddedFor(key, signature);
  return { hint: isKeyRight === undefined ? MAYBE_OTHER_KEY : isKeyRight ? OTHER_BYTES : OTHER_KEY, isKeyRight };
}

const OTHER_BYTES =
  'The padding of the signature is that of this key, so verify-key is right and the service signed other bytes: neither those of the file, nor their digest or base64 text. Ask the operators of the service which bytes it signs.';
const OTHER_KEY =
  'The padding of the signature is not that of this key: another key made it, or it was changed on the way. Ask the operators of the service for the SHA-256 of its public key, and compare it with that of verify-key.';
const MAYBE_OTHER_KEY =
  'The signature fits neither the bytes of the file, nor their digest or base64 text: most likely the service signs with another key. Check that server-url and verify-key are of the same environment, and whether the key was rotated. Ask the operators of the service for the SHA-256 of its public key, and compare it with that of verify-key.';

/** The object identifier of CMS signed data, as DER. */
const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex');

/** Says what a container with a signature in it means. */
function container(bytes: Uint8Array): Advice | undefined {
  // Of signatures, one in 256 begins with a bracket.
  if (/^\s*\{\s*"/.test(Buffer.from(bytes).toString('latin1')) && isUtf8(bytes)) return { hint: IN_JSON };
  return Buffer.from(bytes).indexOf(SIGNED_DATA) > 0 ? IN_CONTAINER : undefined;
}

const IN_JSON =
  'It is JSON with a signature in it, such as a Sigstore bundle: the service must send the bare signature. Ask its operators for the setting, or for another address or profile.';

const IN_CONTAINER: Advice = {
  hint: 'It is a CMS (PKCS#7) container with a signature in it: the service must send the bare signature. Ask its operators for the setting, or for another address or profile.',
};

/** Says what bytes mean that cannot be a signature of any key; then another key would not help. */
function oddForm(bytes: Uint8Array): Advice | undefined {
  if (mayBeSignature(bytes)) return undefined;
  return {
    hint: `The answer holds ${bytes.length} bytes that are no signature of any key: the answer was cut or changed on the way, or holds something else in the place of the signature. Ask the operators of the service, and of a gateway in front of it.`,
  };
}

function hintOf(likely: Likely, { algorithm }: Verifier): string {
  if ('bytes' in likely)
    return `It is valid for ${likely.bytes}: verify-key is the right key, and the service signs other bytes than those of the file.`;
  const set = likely.algorithm === algorithm.name ? '' : `, and set signature-algorithm: ${likely.algorithm}`;
  return 'saltBytes' in likely
    ? `It is valid as ${likely.algorithm} with a salt of ${likely.saltBytes} bytes: the service must use a salt as long as the digest, ${likely.digestBytes} bytes${set}.`
    : `It is valid as ${likely.algorithm}: set signature-algorithm: ${likely.algorithm}.`;
}

/** Builds the error of a run without a valid new signature; `last` is what the last one shows. */
export function noneFits(
  { verifier, keyVersion }: Verification & { readonly keyVersion: number | undefined },
  last: { readonly error: ActionError; readonly isKeyRight: boolean },
  clientKeySha256: string | undefined,
): ActionError {
  const { spkiSha256, name } = verifier.key;
  const isClient = spkiSha256 === clientKeySha256;
  const whose = isClient ? ", which is the key of the client's own certificate" : '';
  const hint = isClient
    ? "verify-key must be the public key of the service's signing key, not that of cert."
    : (last.error.hint ?? '');
  return new ActionError(
    last.isKeyRight ? 'SIGNATURE_INVALID' : 'VERIFY_KEY_WRONG',
    `No signature fits verify-key (${name}, SHA-256 ${spkiSha256})${whose}: three files got signatures that are not valid as ${verifier.algorithm.name}.${versionSentence(keyVersion)}`,
    { hint, cause: last.error },
  );
}

/** Names the key version, because a rotated key signs with another version than that in `verify-key`. */
function versionSentence(keyVersion: number | undefined): string {
  return keyVersion === undefined ? '' : ` The service signed with version ${keyVersion} of its key.`;
}
