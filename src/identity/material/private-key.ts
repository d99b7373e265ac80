import { createPrivateKey, createPublicKey, getCiphers, type KeyObject } from 'node:crypto';
import { ActionError } from '../../errors.ts';
import { childrenOf, readElement } from '../der/der.ts';
import { labelOfDer } from '../der/label.ts';
import { isRetiredScheme, iterationsOf, MAX_ITERATIONS } from '../der/passwords.ts';
import { type Block, encodePem, placeOf } from '../text/pem.ts';
import { wrongKind } from '../text/wrong-kind.ts';
import { publicKeyPrint } from './certificate.ts';

/** A usable private key, in the form that TLS gets. */
export interface PrivateKey {
  readonly key: KeyObject;
  /** PEM; still encrypted if the input was. */
  readonly pem: string;
  /** Passphrase of `pem`; `undefined` when the key is not encrypted. */
  readonly passphrase: string | undefined;
  readonly place: string;
  /** SHA-256 of the public half, as SubjectPublicKeyInfo, in lower-case hex. */
  readonly publicKeySha256: string;
}

const TLS_KEY_TYPES: readonly (string | undefined)[] = ['rsa', 'rsa-pss', 'ed25519', 'ed448'];
/** Curves with TLS 1.3 signatures (RFC 8446, RFC 8734); with a key on another curve, a client sends no certificate. */
const TLS_CURVES: readonly (string | undefined)[] = [
  'prime256v1',
  'secp384r1',
  'secp521r1',
  'brainpoolP256r1',
  'brainpoolP384r1',
  'brainpoolP512r1',
];
/** The object identifier of SM2 in DER; Node has no name for keys of this kind. */
const SM2 = Buffer.from('06082a811ccf5501822d', 'hex');

/** Opens a private key, with its passphrase when it is encrypted; returns the problem when that fails. */
export function readPrivateKey(block: Block, passphrase: string | undefined): PrivateKey | ActionError {
  const found = labelOfDer(block.der);
  const isForeign = found !== undefined && !found.endsWith('PRIVATE KEY') && block.encryption === undefined;
  if (block.label === 'OPENSSH PRIVATE KEY' || isForeign) return wrongKind({ ...block, label: found ?? block.label });
  if (block.label === 'ENCRYPTED PRIVATE KEY' || block.encryption !== undefined)
    return openEncrypted(block, passphrase);
  // The bytes tell more reliably than a hand-written label which of the three formats this is.
  return open({ ...block, label: found ?? block.label }, undefined);
}

function openEncrypted(block: Block, passphrase: string | undefined): PrivateKey | ActionError {
  const unusable = encryptionFault(block);
  if (unusable !== undefined) return unusable;
  // As in curl, a missing passphrase counts as an empty one.
  return open(block, passphrase ?? '');
}

function open(block: Block, passphrase: string | undefined): PrivateKey | ActionError {
  const pem = encodePem(block);
  try {
    const key = createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
    const publicKey = createPublicKey(key);
    const kind = unusableKind(key, publicKey);
    if (kind !== undefined) return keyKindRefused(block, kind);
    const publicKeySha256 = publicKeyPrint(publicKey);
    return { key, pem, passphrase, place: placeOf(block), publicKeySha256 };
  } catch (cause) {
    if (passphrase === '') return passphraseMissing(placeOf(block));
    if (passphrase !== undefined) return passphraseWrong(placeOf(block), passphrase, cause);
    return new ActionError('IDENTITY_BLOCK_BROKEN', `${placeOf(block)}: this is not a private key that can be read`, {
      hint: 'Its characters were changed on the way, or its label does not fit. Store the original file again.',
      cause,
    });
  }
}

function encryptionFault(block: Block): ActionError | undefined {
  const [algorithm] = childrenOf(readElement(block.der));
  const cipher = block.encryption?.split(',')[0]?.toLowerCase();
  const isRetired = cipher === undefined ? isRetiredScheme(algorithm) : !getCiphers().includes(cipher);
  if (isRetired) {
    return new ActionError(
      'IDENTITY_KEY_ENCRYPTION_RETIRED',
      `${placeOf(block)}: it is encrypted with an algorithm that OpenSSL 3 refuses`,
      {
        hint: 'Encrypt it again: `openssl pkcs8 -provider legacy -provider default -topk8 -v2 aes256 -in old.pem -out new.pem`.',
      },
    );
  }
  const iterations = cipher === undefined ? iterationsOf(algorithm) : 0;
  const again = 'Encrypt it again with fewer rounds: `openssl pkcs8 -topk8 -v2 aes256 -iter 600000`.';
  return iterations > MAX_ITERATIONS ? tooManyIterations(placeOf(block), iterations, again) : undefined;
}

/** Builds the problem for an encryption that would take minutes to open. */
export function tooManyIterations(place: string, iterations: number, hint: string): ActionError {
  const asked = Number.isFinite(iterations) ? iterations : `at least ${2 ** 48}`;
  const message = `${place}: its encryption asks for ${asked} rounds; at most ${MAX_ITERATIONS} are taken`;
  return new ActionError('IDENTITY_KEY_ENCRYPTION_SLOW', message, { hint });
}

/** Builds the problem for encrypted material when no passphrase was given. */
export function passphraseMissing(place: string): ActionError {
  return new ActionError('IDENTITY_PASSPHRASE_MISSING', `${place} is encrypted, and input key-passphrase is empty`, {
    hint: 'Set key-passphrase to the passphrase that the key was encrypted with, from a secret that this run can read.',
  });
}

const NOT_ASCII =
  'Characters outside ASCII are used as UTF-8: if the file was encrypted under another encoding, such as Latin-1, encrypt it again with a passphrase in ASCII.';

/** Builds the problem for encrypted material that the given passphrase does not open. */
export function passphraseWrong(place: string, passphrase: string, cause: unknown): ActionError {
  const isAscii = /^[\x20-\x7E]*$/.test(passphrase);
  const hint = 'Check that the passphrase belongs to this very file and was stored without quotes, blanks or a cut.';
  return new ActionError('IDENTITY_PASSPHRASE_WRONG', `${place} is not opened by the passphrase in key-passphrase`, {
    hint: isAscii ? hint : `${hint} ${NOT_ASCII}`,
    cause,
  });
}

/** Names the kind of a key without a TLS signature algorithm; `undefined` for a usable key. */
function unusableKind(key: KeyObject, publicKey: KeyObject): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: { namedCurve } = {} } = key;
  if (TLS_KEY_TYPES.includes(type) || (type === 'ec' && TLS_CURVES.includes(namedCurve))) return undefined;
  if (publicKey.export({ type: 'spki', format: 'der' }).includes(SM2)) return 'an SM2 key';
  if (type === 'ec') return `an EC key on the curve ${namedCurve ?? 'of its own parameters'}`;
  return `a key of ${type === undefined ? 'an unknown type' : `the type ${type}`}`;
}

function keyKindRefused(block: Block, kind: string): ActionError {
  return new ActionError('IDENTITY_WRONG_KIND', `${placeOf(block)} is ${kind}, which cannot sign in TLS`, {
    hint: 'Use a key of the type EC (P-256), RSA (2048 bits or more) or Ed25519, and a certificate for it.',
  });
}
