import { createSecureContext } from 'node:tls';
import { ActionError, codeOf } from '../../errors.ts';
import { passphraseMissing, passphraseWrong, tooManyIterations } from '../material/private-key.ts';
import { type Block, placeOf } from '../text/pem.ts';
import { childrenOf, type Element, integerOf, octetsOf, oidOf, readElement, TAG } from './der.ts';
import { isRetiredScheme, iterationsOf, MAX_ITERATIONS, type PasswordScheme, readPasswordScheme } from './passwords.ts';

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const KEY_BAG = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const SAFE_CONTENTS_BAG = '1.2.840.113549.1.12.10.1.6';

/**
 * Splits a PKCS#12 into blocks of certificates and keys; returns the problem when that fails.
 *
 * TLS does not get the whole container, because Node would make every certificate in it a trust anchor for the server.
 * Keys stay encrypted with the same passphrase.
 */
export function readPkcs12(block: Block, passphrase: string | undefined): readonly Block[] | ActionError {
  const [, authenticatedSafe, mac] = childrenOf(readElement(block.der));
  const parts = partsOf(authenticatedSafe);
  const outer = Math.max(iterationsOfMac(mac), ...parts.map((part) => iterationsOf(encryptionOf(part)?.algorithm)));
  if (outer > MAX_ITERATIONS) return tooManyIterations(placeOf(block), outer, EXPORT_AGAIN);
  const opened = parts.map((part) => openPart(block, part, passphrase ?? ''));
  // OpenSSL decrypts the keys too.
  const inner = Math.max(
    0,
    ...opened.flatMap((bags) => (bags instanceof Error ? [] : bags.map((bag) => iterationsOfBag(bag)))),
  );
  if (inner > MAX_ITERATIONS) return tooManyIterations(placeOf(block), inner, EXPORT_AGAIN);
  const problem = checkWithOpenssl(block, passphrase);
  if (problem !== undefined) return problem;
  const failed = opened.find((bags) => bags instanceof Error);
  if (failed instanceof NotOpened) return notOpened(block, passphrase, mac);
  if (failed) return failed instanceof ActionError ? failed : unusable(block, 'it cannot be decoded', failed);
  try {
    const bags = opened.flatMap((each) => (each instanceof Error ? [] : each));
    const blocks = bags.flatMap((bag) => readBag(block, bag, passphrase ?? ''));
    return blocks.length > 0 ? blocks : unusable(block, 'it holds neither a certificate nor a key', undefined);
  } catch (cause) {
    return unusable(block, 'it cannot be decoded', cause);
  }
}

/** Returns the bags in a part, or why it could not be opened. */
function openPart(block: Block, part: Element, passphrase: string): readonly Element[] | Error {
  try {
    return sequenceIn(safeContentsOf(block, part, passphrase));
  } catch (cause) {
    return cause instanceof Error ? cause : new Error('unknown', { cause });
  }
}

function iterationsOfMac(mac: Element | undefined): number {
  const [digestInfo, , iterations] = childrenOf(mac);
  return Math.max(integerOf(iterations) ?? 0, iterationsOf(childrenOf(digestInfo)[0]));
}

function iterationsOfBag(bag: Element, depth = 0): number {
  const [type, wrapper] = childrenOf(bag);
  const inner = childrenOf(childrenOf(wrapper)[0]);
  if (oidOf(type) === SHROUDED_KEY_BAG) return iterationsOf(inner[0]);
  if (oidOf(type) !== SAFE_CONTENTS_BAG) return 0;
  // No exporter nests bags at all.
  return depth > 4 ? Number.POSITIVE_INFINITY : Math.max(0, ...inner.map((each) => iterationsOfBag(each, depth + 1)));
}

/** Thrown when the passphrase does not decrypt a part. */
class NotOpened extends Error {}

/** Explains a part that does not decrypt: without a MAC, the passphrase may be wrong; with one, OpenSSL accepted it. */
function notOpened(block: Block, passphrase: string | undefined, mac: Element | undefined): ActionError {
  const place = placeOf(block);
  if (mac === undefined)
    return passphrase === undefined ? passphraseMissing(place) : passphraseWrong(place, passphrase, undefined);
  return new ActionError(
    'IDENTITY_PASSPHRASE_WRONG',
    `${place}: the passphrase in key-passphrase fits this PKCS#12 as a whole, but its content is encrypted with another one`,
    { hint: EXPORT_AGAIN },
  );
}

/** Lets OpenSSL check the container, but for content that it refuses, such as a small key: other readers tell that. */
function checkWithOpenssl(block: Block, passphrase: string | undefined): ActionError | undefined {
  try {
    createSecureContext({ pfx: block.der, passphrase: passphrase ?? '' });
    return undefined;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : '';
    if (text.includes('mac verify failure')) {
      return passphrase === undefined
        ? passphraseMissing(placeOf(block))
        : passphraseWrong(placeOf(block), passphrase, cause);
    }
    return codeOf(cause) === 'ERR_CRYPTO_UNSUPPORTED_OPERATION' ? retired(block, cause) : undefined;
  }
}

function partsOf(authenticatedSafe: Element | undefined): readonly Element[] {
  const [, content] = childrenOf(authenticatedSafe);
  return sequenceIn(octetsOf(childrenOf(content)[0]));
}

function sequenceIn(bytes: Buffer | undefined): readonly Element[] {
  return bytes === undefined ? [] : childrenOf(readElement(bytes));
}

function encryptionOf(part: Element) {
  const [type, content] = childrenOf(part);
  if (oidOf(type) !== ENCRYPTED_DATA) return undefined;
  const [, encrypted] = childrenOf(childrenOf(content)[0]);
  const [, algorithm, data] = childrenOf(encrypted);
  return { algorithm, scheme: readPasswordScheme(algorithm), data: octetsOf(data) ?? Buffer.alloc(0) };
}

function readBag(block: Block, bag: Element, passphrase: string): readonly Block[] {
  const [type, wrapper] = childrenOf(bag);
  const [value] = childrenOf(wrapper);
  if (value === undefined) return [];
  const place = { input: block.input, number: block.number };
  switch (oidOf(type) ?? '') {
    case KEY_BAG:
      return [{ ...place, label: 'PRIVATE KEY', der: value.raw }];
    case SHROUDED_KEY_BAG:
      return [{ ...place, ...shroudedKey(value, passphrase) }];
    case CERTIFICATE_BAG:
      return [{ ...place, label: 'CERTIFICATE', der: octetsOf(childrenOf(childrenOf(value)[1])[0]) ?? value.content }];
    default:
      return [];
  }
}

function safeContentsOf(block: Block, part: Element, passphrase: string): Buffer | undefined {
  const encryption = encryptionOf(part);
  if (encryption === undefined) {
    const [type, content] = childrenOf(part);
    return oidOf(type) === DATA ? octetsOf(childrenOf(content)[0]) : undefined;
  }
  if (isRetiredScheme(encryption.algorithm)) throw retired(block, undefined);
  if (encryption.scheme === undefined) throw unusable(block, 'it is encrypted in an unknown way', undefined);
  return decryptSequence(encryption.scheme, encryption.data, passphrase);
}

/** Decrypts with the passphrase. An empty passphrase may also mean no passphrase, which derives another key. */
function decryptSequence(scheme: PasswordScheme, data: Buffer, passphrase: string): Buffer {
  const bytes =
    tryDecrypt(scheme, data, passphrase) ?? (passphrase === '' ? tryDecrypt(scheme, data, null) : undefined);
  if (bytes === undefined) throw new NotOpened();
  return bytes;
}

/** Checks that the result is DER, because one wrong key in 256 passes the padding check. */
function tryDecrypt(scheme: PasswordScheme, data: Buffer, passphrase: string | null): Buffer | undefined {
  try {
    const bytes = scheme.decrypt(data, passphrase);
    return readElement(bytes)?.tag === TAG.sequence ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a key encrypted with its passphrase; one with an absent passphrase, which only PKCS#12 has, is decrypted. */
function shroudedKey(key: Element, passphrase: string): Pick<Block, 'label' | 'der'> {
  const [algorithm, data] = childrenOf(key);
  const scheme = readPasswordScheme(algorithm);
  const bytes = octetsOf(data);
  const isNull = passphrase === '' && scheme && bytes && tryDecrypt(scheme, bytes, '') === undefined;
  const plain = isNull ? tryDecrypt(scheme, bytes, null) : undefined;
  return plain === undefined ? { label: 'ENCRYPTED PRIVATE KEY', der: key.raw } : { label: 'PRIVATE KEY', der: plain };
}

const EXPORT_AGAIN =
  'Export it again: `openssl pkcs12 -legacy -in old.p12 -nodes -out all.pem`, then `openssl pkcs12 -export -in all.pem -out new.p12`, store `base64 -w0 new.p12`, and delete all.pem.';

function retired(block: Block, cause: unknown): ActionError {
  return new ActionError(
    'IDENTITY_PKCS12_RETIRED',
    `${placeOf(block)}: this PKCS#12 is encrypted with an algorithm that OpenSSL 3 refuses (such as RC2, RC4 or DES)`,
    { hint: EXPORT_AGAIN, cause },
  );
}

function unusable(block: Block, why: string, cause: unknown): ActionError {
  return new ActionError('IDENTITY_BLOCK_BROKEN', `${placeOf(block)}: this PKCS#12 cannot be used: ${why}`, {
    hint: 'Store it again with `base64 -w0 file.p12 | gh secret set NAME`, or store certificate and key as PEM.',
    cause,
  });
}
