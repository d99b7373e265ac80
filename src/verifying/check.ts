import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { ActionError } from '../errors.ts';
import { readInto, startHash } from '../files/hashing/file-hash.ts';
import { show } from '../files/names.ts';
import type { OpenFile } from '../files/reading/open-file.ts';
import { decodeSignature, otherEncodingHint, type SignatureEncoding } from './encoding.ts';
import { isText, mayBeSignature } from './layout.ts';
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
  /** Whether the hint names another cause than a wrong key; `undefined` when it does not tell. */
  readonly hasOtherCause?: boolean | undefined;
}

/** Explains an invalid signature; reads the file once more. */
export async function explainInvalid(
  path: string,
  file: Pick<OpenFile, 'read'>,
  about: Verification & {
    readonly text: string;
    readonly keyVersion?: number | undefined;
    /** What to do when no setting explains the failure. */
    readonly advice?: Advice | undefined;
    /** Whether other signatures of the same run were valid. */
    readonly areOthersValid?: boolean;
  },
): Promise<{ readonly error: ActionError; readonly hasOtherCause: boolean }> {
  const { keyVersion, verifier, text, encoding } = about;
  const signature = decodeSignature(text, encoding);
  const { hint, hasOtherCause = isPaddedFor(verifier.key, signature) ?? false } =
    (await likelyCause(about, () => file.read(), about.areOthersValid)) ??
    about.advice ??
    oddForm(signature) ??
    otherKey(verifier, signature);
  const message = `The signature of ${show(path)} is not valid for its bytes (${verifier.algorithm.name}).${versionSentence(keyVersion)}`;
  return { error: new ActionError('SIGNATURE_INVALID', message, { hint }), hasOtherCause };
}

/** Says what a signature by another algorithm means beside valid ones. */
function oneSigner(likely: { readonly algorithm: string }, { algorithm }: Verifier): string {
  return `The signature is valid as ${likely.algorithm}, and other signatures of this run as ${algorithm.name}: one of several servers of the service signs by another algorithm. Ask its operators.`;
}

/** Returns a hint at the setting that makes an invalid signature valid, or at what holds the signature; `undefined` for neither. Reads the bytes once. */
async function likelyCause(
  { text, verifier, encoding }: Verification & { readonly text: string },
  read: OpenFile['read'],
  areOthersValid = false,
): Promise<Advice | undefined> {
  const likely = await findLikely(verifier, decodeSignature(text, encoding), read);
  if (likely && 'algorithm' in likely && areOthersValid)
    return { hint: oneSigner(likely, verifier), hasOtherCause: true };
  if (likely) return { hint: hintOf(likely, verifier), hasOtherCause: true };
  const held = container(decodeSignature(text, encoding));
  const hint = otherEncodingHint(text, encoding);
  return held ?? (hint === undefined ? undefined : { hint });
}

/** Says what is known of a signature that fits neither the bytes of its file nor what a service makes of them. */
function otherKey({ key }: Verifier, signature: Uint8Array): Advice {
  const hasOtherCause = isPaddedFor(key, signature);
  return {
    hint: hasOtherCause === undefined ? MAYBE_OTHER_KEY : hasOtherCause ? OTHER_BYTES : OTHER_KEY,
    hasOtherCause,
  };
}

const OTHER_BYTES =
  'The padding of the signature is that of this key, so verify-key is right and the service signed other bytes: neither those of the file, nor their digest or base64 text. Ask the operators of the service which bytes it signs.';
const OTHER_KEY =
  'The padding of the signature is not that of this key: another key made it, or it was changed on the way. Ask the operators of the service for the SHA-256 of its public key, and compare it with that of verify-key.';
const MAYBE_OTHER_KEY =
  'The signature fits neither the bytes of the file, nor their digest or base64 text: most likely the service signs with another key. Check that server-url and verify-key are of the same environment, and whether the key was rotated. Ask the operators of the service for the SHA-256 of its public key, and compare it with that of verify-key.';

/** The object identifier of CMS signed data, as DER. */
const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex').toString('latin1');

const BARE =
  'the service must send the bare signature. Ask its operators for the setting, or for another address or profile.';

/** Says what a container or a text with a signature in it means; then nothing is known about the key. */
function container(bytes: Uint8Array): Advice | undefined {
  const text = Buffer.from(bytes).toString('latin1').trim();
  const of = (hint: string): Advice => ({ hint, hasOtherCause: true });
  // Of signatures, one in 256 begins with a bracket.
  if (/^\{\s*"/.test(text) && isUtf8(bytes))
    return of(`The answer holds JSON with a signature in it, such as a Sigstore bundle: ${BARE}`);
  if (text.includes(SIGNED_DATA))
    return of(`The answer holds a CMS (PKCS#7) container with a signature in it: ${BARE}`);
  const form = isText(bytes) ? FORMS.find(([pattern]) => pattern.test(text))?.[1] : undefined;
  return form === undefined
    ? undefined
    : of(
        `The signature is encoded twice: decoded once, the answer is still text (${form}). The service, or a gateway in front of it, must encode the bytes of the signature once: ask their operators. This tells nothing about verify-key.`,
      );
}

/** Forms of a text that bytes of a signature are given in; the first that fits counts. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/^-----BEGIN /, 'PEM'],
  [/^\W*\d{1,3}(?:[,\s]+\d{1,3}){15,}\W*$/, 'a list of numbers'],
  [/^["']?(?:0x)?(?:[\da-f]{2}[:\s]?){16,}["']?$/i, 'hex'],
  [/^["']?(?:[\w+/\s-]|%[\da-f]{2}){32,}={0,2}["']?$/i, 'base64'],
];

/** Says what bytes mean that cannot be a signature of any key; then another key would not help. */
function oddForm(bytes: Uint8Array): Advice | undefined {
  if (mayBeSignature(bytes)) return undefined;
  const hint = `The answer holds ${bytes.length} bytes that are no signature of any key: the answer was cut or changed on the way, or holds something else in the place of the signature. Ask the operators of the service, and of a gateway in front of it.`;
  return { hint, hasOtherCause: true };
}

function hintOf(likely: Likely, { algorithm }: Verifier): string {
  if ('bytes' in likely)
    return `The signature is valid for ${likely.bytes}: verify-key is the right key, and the service signs other bytes than those of the file. Ask the operators of the service to have it sign the bytes of the file.`;
  const set = likely.algorithm === algorithm.name ? '' : `, and set signature-algorithm: ${likely.algorithm}`;
  return 'saltBytes' in likely
    ? `The signature is valid as ${likely.algorithm} with a salt of ${likely.saltBytes} bytes: the service must use a salt as long as the digest, ${likely.digestBytes} bytes${set}.`
    : `The signature is valid as ${likely.algorithm}: set signature-algorithm: ${likely.algorithm}.`;
}

/** Builds the error of a run without a valid new signature; `last` is what the last one shows. */
export function noneFits(
  { verifier, keyVersion }: Verification & { readonly keyVersion: number | undefined },
  last: { readonly error: ActionError; readonly hasOtherCause: boolean },
  clientKeySha256: string | undefined,
): ActionError {
  const { spkiSha256, name } = verifier.key;
  const isClient = spkiSha256 === clientKeySha256;
  const whose = isClient ? ", which is the key of the client's own certificate" : '';
  const hint = isClient
    ? "verify-key must be the public key of the service's signing key, not that of cert."
    : (last.error.hint ?? '');
  return new ActionError(
    last.hasOtherCause ? 'SIGNATURE_INVALID' : 'VERIFY_KEY_WRONG',
    `No signature fits verify-key (${name}, SHA-256 ${spkiSha256})${whose}: three files got signatures that are not valid as ${verifier.algorithm.name}.${versionSentence(keyVersion)}`,
    { hint, cause: last.error },
  );
}

/** Names the key version, because a rotated key signs with another version than that in `verify-key`. */
function versionSentence(keyVersion: number | undefined): string {
  return keyVersion === undefined ? '' : ` The service signed with version ${keyVersion} of its key.`;
}
