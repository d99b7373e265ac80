import { hash, type KeyObject, verify, type X509Certificate } from 'node:crypto';
import { ActionError } from '../errors.ts';
import { MAX_STAMP_BYTES } from '../files/reading/read-small.ts';
import { octetsOf, oidOf } from '../identity/der/der.ts';
import { nameOnOneLine } from '../identity/material/certificate.ts';
import { checkSigner } from './signer.ts';
import { decodeAnswer, readCertificateHash, readToken, type StampAnswer, type StampToken } from './structures.ts';

/** Object identifiers of the hash functions that a stamp may use. */
const HASHES: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

/** What a stamp must match. */
export interface StampDemand {
  readonly sha256: Buffer;
  /** The nonce of the request; `undefined` for a stamp from another request. */
  readonly nonce: Buffer | undefined;
  /** Anchors for its signer; with `undefined`, the signer's certificate is not checked. */
  readonly anchors: readonly X509Certificate[] | undefined;
}

/** Content of a checked stamp. */
export interface Stamp {
  readonly time: Date;
  /** Subject of the certificate that signed it, on one line. */
  readonly signer: string;
}

/** Reads the answer of an authority; throws `TIMESTAMP_UNREADABLE`. */
export function readStampAnswer(bytes: Buffer): StampAnswer {
  // A longer answer would be written, but no verification would read it.
  if (bytes.length > MAX_STAMP_BYTES)
    throw new ActionError(
      'TIMESTAMP_UNREADABLE',
      `The answer has ${bytes.length} bytes, and a time stamp is read up to ${MAX_STAMP_BYTES}.`,
      { hint: 'Use another authority: a usual time stamp has 6 to 8 kB.' },
    );
  return reading(() => decodeAnswer(bytes));
}

/**
 * Checks the answer of an authority, as in a `.tsr`: it must be granted, match the digest and the request, and be
 * signed with a certificate for time stamps that chained to an anchor at the time of the stamp.
 *
 * @throws ActionError `TIMESTAMP_UNREADABLE`, `TIMESTAMP_REFUSED`, `TIMESTAMP_IMPRINT_DIFFERS`,
 * `TIMESTAMP_NONCE_DIFFERS`, `TIMESTAMP_SIGNATURE_INVALID`, `TIMESTAMP_UNTRUSTED`
 */
export function checkStamp(bytes: Buffer, { sha256, nonce, anchors }: StampDemand): Stamp {
  const { token: tokenBytes } = readStampAnswer(bytes);
  if (tokenBytes === undefined) throw new ActionError('TIMESTAMP_REFUSED', 'The file is a refusal, not a time stamp.');
  const token = reading(() => readToken(tokenBytes));
  if (HASHES[token.digestAlgorithm] !== 'sha256' || !token.digest.equals(sha256)) {
    throw new ActionError('TIMESTAMP_IMPRINT_DIFFERS', 'The time stamp is for other bytes.', {
      hint: 'The file was changed after it was stamped, or the authority answered another request.',
    });
  }
  if (nonce && !token.nonce?.equals(nonce)) {
    throw new ActionError('TIMESTAMP_NONCE_DIFFERS', 'The time stamp does not repeat the nonce of the request.', {
      hint: 'The answer belongs to another request: a cache or somebody between the runner and the authority gave an old one.',
    });
  }
  const signer = checkSignature(token);
  if (anchors) checkSigner(signer, { anchors, certificates: token.certificates, at: token.time });
  return { time: token.time, signer: nameOnOneLine(signer.subject) };
}

/** Checks the signature of the token, and returns the signer's certificate, which the signature identifies by hash. */
function checkSignature(token: StampToken): X509Certificate {
  const { contentType, content, signer } = token;
  const { attributes } = signer;
  const digest = octetsOf(attributes.get(ATTRIBUTE.messageDigest));
  const hashName = HASHES[signer.digestAlgorithm];
  if (contentType !== TST_INFO || oidOf(attributes.get(ATTRIBUTE.contentType)) !== TST_INFO)
    throw badSignature('is over something that is not a time stamp');
  if (hashName === undefined)
    throw badSignature(`uses the hash function ${signer.digestAlgorithm}, which is not accepted`);
  if (!digest?.equals(hash(hashName, content, 'buffer'))) throw badSignature('is over another time');
  const certificate = findSigner(token);
  if (!isSignedBy(certificate.publicKey, signer)) throw badSignature('is not that of its certificate');
  return certificate;
}

/** Finds the certificate that the signed attributes identify, as RFC 3161 and RFC 5816 require. */
function findSigner({ signer: { attributes }, certificates }: StampToken): X509Certificate {
  const [first, second] = [
    attributes.get(ATTRIBUTE.signingCertificate),
    attributes.get(ATTRIBUTE.signingCertificateV2),
  ];
  const attribute = second ?? first;
  const named = attribute && readCertificateHash(attribute);
  if (named === undefined) throw badSignature('does not say which certificate it is from');
  // The first version of the attribute has only SHA-1, which merely finds the certificate; trust comes from its chain.
  const hashName = second ? HASHES[named.algorithm ?? '2.16.840.1.101.3.4.2.1'] : 'sha1';
  const found = certificates.find(({ raw }) => hashName && hash(hashName, raw, 'buffer').equals(named.hash));
  if (found) return found;
  throw new ActionError('TIMESTAMP_UNTRUSTED', 'The time stamp does not hold the certificate that signed it.', {
    hint: 'The request asked for that certificate: ask the operators of the authority why it is left out, or use another authority.',
  });
}

/** By object identifier: the kind of key, and the hash function if the algorithm implies it. */
const SIGNATURES: Readonly<Record<string, readonly [keyType: string, hashName?: string]>> = {
  '1.2.840.113549.1.1.1': ['rsa'],
  '1.2.840.113549.1.1.11': ['rsa', 'sha256'],
  '1.2.840.113549.1.1.12': ['rsa', 'sha384'],
  '1.2.840.113549.1.1.13': ['rsa', 'sha512'],
  '1.2.840.10045.4.3.2': ['ec', 'sha256'],
  '1.2.840.10045.4.3.3': ['ec', 'sha384'],
  '1.2.840.10045.4.3.4': ['ec', 'sha512'],
};

function isSignedBy(key: KeyObject, { digestAlgorithm, ...signer }: StampToken['signer']): boolean {
  const [keyType, named] = SIGNATURES[signer.signatureAlgorithm] ?? [];
  if (keyType === undefined)
    throw badSignature(`uses the algorithm ${signer.signatureAlgorithm}, which is not accepted`);
  const hashName = named ?? HASHES[digestAlgorithm];
  return key.asymmetricKeyType === keyType && verify(hashName, signer.signedAttributes, key, signer.signature);
}

function badSignature(why: string): ActionError {
  return new ActionError('TIMESTAMP_SIGNATURE_INVALID', `The signature of the time stamp ${why}.`, {
    hint: 'Do not use this time stamp: it was changed, or was not made by the authority that it names.',
  });
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ActionError) throw cause;
    throw new ActionError('TIMESTAMP_UNREADABLE', 'The answer is not a time stamp as RFC 3161 defines it.', {
      hint: 'It is another kind of file, or a part of a time stamp.',
      cause,
    });
  }
}
