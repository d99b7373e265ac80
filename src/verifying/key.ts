import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { ActionError, type ErrorFacts } from '../errors.ts';
import { type CertificateFacts, factsOf, publicKeyPrint } from '../identity/material/certificate.ts';
import { containsPrivateKey } from '../identity/secrets.ts';
import { readPem, type SoundPemBlock } from '../identity/text/pem.ts';
import { unwrap } from '../identity/text/shape.ts';

/** The kinds of public key for verification; `rsa-pss` is an RSA key whose type allows only PSS. */
type KeyKind = 'ec-p256' | 'ec-p384' | 'ec-p521' | 'rsa' | 'rsa-pss' | 'ed25519';

/** The signer's public key, of a supported kind and size. */
export interface VerifyKey {
  readonly keyObject: KeyObject;
  readonly kind: KeyKind;
  /** Readable name, such as `EC P-256` or `RSA 3072`. */
  readonly name: string;
  /** Lower-case hex SHA-256 of the key's SubjectPublicKeyInfo. */
  readonly spkiSha256: string;
  /** Unchecked facts of the certificate around the key; `undefined` without a certificate. */
  readonly certificate: CertificateFacts | undefined;
}

const SUPPORTED = 'Use an EC key on P-256, P-384 or P-521, an RSA key of at least 2048 bits, or an Ed25519 key.';
const MIN_RSA_BITS = 2048;
const CURVES: ReadonlyMap<string, { kind: KeyKind; name: string }> = new Map([
  ['prime256v1', { kind: 'ec-p256', name: 'EC P-256' }],
  ['secp384r1', { kind: 'ec-p384', name: 'EC P-384' }],
  ['secp521r1', { kind: 'ec-p521', name: 'EC P-521' }],
]);

/**
 * Reads the only `PUBLIC KEY` or `CERTIFICATE` block in the PEM text of the input `verify-key`.
 *
 * A certificate is only a container: its dates, uses and signature are not checked. Throws `VERIFY_KEY_PRIVATE` (the
 * caller must mask the text), `VERIFY_KEY_MISSING`, `VERIFY_KEY_UNREADABLE`, `VERIFY_KEY_BLOCKS`, `VERIFY_KEY_KIND` or
 * `VERIFY_KEY_UNSUPPORTED`.
 */
export function readVerifyKey(text: string): VerifyKey {
  const block = onlyBlock(text);
  const certificate = block.label === 'CERTIFICATE' ? readCertificate(block) : undefined;
  const keyObject = readKeyObject(block, certificate);
  const { kind, name } = classify(keyObject);
  return {
    keyObject,
    kind,
    name,
    spkiSha256: publicKeyPrint(keyObject),
    certificate: certificate && factsOf(certificate),
  };
}

function onlyBlock(text: string): SoundPemBlock {
  if (containsPrivateKey(text)) {
    throw new ActionError('VERIFY_KEY_PRIVATE', 'input verify-key holds a private key', {
      hint: 'Give the public key instead: openssl pkey -in private.pem -pubout. Replace the key if this text was stored where others can read it.',
    });
  }
  const { blocks } = readPem(unwrap(text).pem ?? '');
  const [block] = blocks;
  if (block === undefined && text.includes('-----BEGIN ')) throw unreadable('its BEGIN line is damaged', {});
  if (block === undefined) {
    throw new ActionError('VERIFY_KEY_MISSING', 'input verify-key holds no PEM block', {
      hint: 'Give PEM text with one PUBLIC KEY or CERTIFICATE block, or the path of a file that holds it.',
    });
  }
  if (blocks.length > 1) {
    const labels = blocks.slice(0, 4).map(({ label }) => label);
    const list = blocks.length > labels.length ? [...labels, '…'] : labels;
    throw new ActionError(
      'VERIFY_KEY_BLOCKS',
      `input verify-key holds ${blocks.length} PEM blocks (${list.join(', ')}) instead of one`,
      { hint: "Keep only the signer's own public key or certificate, without its chain." },
    );
  }
  if ('reason' in block) throw unreadable(`block 1 (${block.label}): ${block.reason}`, {});
  if (block.label !== 'PUBLIC KEY' && block.label !== 'CERTIFICATE') throw wrongLabel(block.label);
  return block;
}

function wrongLabel(label: string): ActionError {
  const sentence = `input verify-key holds a ${label} block; it must be a PUBLIC KEY or a CERTIFICATE`;
  return new ActionError('VERIFY_KEY_KIND', sentence, { hint: hintForLabel(label) });
}

function hintForLabel(label: string): string {
  switch (label) {
    case 'RSA PUBLIC KEY':
      return 'This is the PKCS#1 form. Convert it: openssl rsa -RSAPublicKey_in -in old.pem -pubout -out key.pem';
    case 'CERTIFICATE REQUEST':
    case 'NEW CERTIFICATE REQUEST':
      return "This is the request, not the certificate that the CA returned. Give the signer's certificate, or take the key out: openssl req -in request.pem -noout -pubkey";
    case 'TRUSTED CERTIFICATE':
    case 'X509 CERTIFICATE':
      return 'Write it as a plain certificate: openssl x509 -in old.pem -out certificate.pem';
    default:
      return "Give the signer's public key (openssl pkey -in private.pem -pubout) or its certificate.";
  }
}

function readCertificate({ der }: SoundPemBlock): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw unreadable('its CERTIFICATE block does not hold an X.509 certificate', { cause });
  }
}

function readKeyObject({ der }: SoundPemBlock, certificate: X509Certificate | undefined): KeyObject {
  try {
    // `type: 'spki'` is required: without it, Node would also derive a public key from a private key.
    return certificate === undefined
      ? createPublicKey({ key: der, format: 'der', type: 'spki' })
      : certificate.publicKey;
  } catch (cause) {
    const where = certificate === undefined ? 'its PUBLIC KEY block' : 'its certificate';
    throw unreadable(`${where} holds a damaged key or one of an unknown kind`, { cause, hint: SUPPORTED });
  }
}

function unreadable(what: string, facts: ErrorFacts): ActionError {
  const hint = 'Check that the whole block was copied, unchanged, from its BEGIN line to its END line.';
  return new ActionError('VERIFY_KEY_UNREADABLE', `input verify-key cannot be read: ${what}`, { hint, ...facts });
}

function classify(key: KeyObject): { kind: KeyKind; name: string } {
  const type = key.asymmetricKeyType;
  const details = key.asymmetricKeyDetails ?? {};
  if (type === 'ed25519') return { kind: 'ed25519', name: 'Ed25519' };
  if (type === 'ec') {
    const curve = details.namedCurve ?? 'unknown';
    const known = CURVES.get(curve);
    if (known === undefined) throw unsupported(`an EC key on the curve ${curve}`);
    return known;
  }
  if (type !== 'rsa' && type !== 'rsa-pss') throw unsupported(`a key of the kind ${type ?? 'unknown'}`);
  const bits = details.modulusLength ?? 0;
  if (bits < MIN_RSA_BITS) throw unsupported(`an RSA key of ${bits} bits; at least ${MIN_RSA_BITS} are needed`);
  // With exponent 1, anyone can create a valid signature.
  if ((details.publicExponent ?? 0n) < 3n) throw unsupported('an RSA key whose public exponent is below 3');
  return { kind: type, name: `${type.toUpperCase()} ${bits}` };
}

function unsupported(what: string): ActionError {
  return new ActionError('VERIFY_KEY_UNSUPPORTED', `input verify-key holds ${what}`, { hint: SUPPORTED });
}
