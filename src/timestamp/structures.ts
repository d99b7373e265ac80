import { X509Certificate } from 'node:crypto';
import { SignedData } from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { MessageImprint, PKIStatus, TimeStampReq, TimeStampResp, TSTInfo } from '@peculiar/asn1-tsp';
import {
  AlgorithmIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  KeyUsage,
  KeyUsageFlags,
} from '@peculiar/asn1-x509';
import { ActionError } from '../errors.ts';
import { announcedLength, childrenOf, type Element, octetsOf, oidOf, readElement, TAG } from '../identity/der/der.ts';

const SHA256 = '2.16.840.1.101.3.4.2.1';
/** Limits the cost of comparing each with the others; authorities send up to four. */
const MAX_CERTIFICATES = 16;

/** Encodes the request for a stamp over a SHA-256; asks for the signer's certificate in the answer. */
export function encodeRequest(sha256: Buffer, nonce: Buffer): Buffer {
  const hashAlgorithm = new AlgorithmIdentifier({ algorithm: SHA256, parameters: null });
  const messageImprint = new MessageImprint({ hashAlgorithm, hashedMessage: new OctetString(sha256) });
  return Buffer.from(
    AsnConvert.serialize(new TimeStampReq({ messageImprint, nonce: new Uint8Array(nonce).buffer, certReq: true })),
  );
}

/** Answer of an authority: a token, or the reason for a refusal. */
export interface StampAnswer {
  /** DER of the signed token; `undefined` when the authority refused. */
  readonly token: Buffer | undefined;
  /** The authority's own text about a refusal; raw. */
  readonly reason: string;
  /** Names of the reason in RFC 3161, such as `badAlg`. */
  readonly flags: readonly string[];
}

/** Decodes a `TimeStampResp`; throws for any other bytes. */
export function decodeAnswer(bytes: Buffer): StampAnswer {
  if (announcedLength(bytes) !== bytes.length) throw new Error('the answer is not DER, or has more than one element');
  const { status } = AsnConvert.parse(bytes, TimeStampResp);
  const token = childrenOf(readElement(bytes))[1]?.raw;
  const isGranted = status.status === PKIStatus.granted || status.status === PKIStatus.grantedWithMods;
  if (isGranted && token === undefined) throw new Error('the answer is granted, but holds no token');
  return {
    token: isGranted ? token : undefined,
    reason: (status.statusString ?? []).join(' '),
    flags: status.failInfo?.toJSON() ?? [],
  };
}

/** A signed token: what it stamps, when, and who signed it; unchecked. */
export interface StampToken {
  /** Object identifier of the signed content. */
  readonly contentType: string;
  /** DER of the signed content, the `TSTInfo`. */
  readonly content: Buffer;
  readonly digestAlgorithm: string;
  readonly digest: Buffer;
  /** Content of the INTEGER; `undefined` when there is none. */
  readonly nonce: Buffer | undefined;
  readonly time: Date;
  readonly signer: StampSigner;
  readonly certificates: readonly X509Certificate[];
}

/** The only signature of a token. */
interface StampSigner {
  /** DER of the signed SET. */
  readonly signedAttributes: Buffer;
  /** First value of each attribute, by object identifier. */
  readonly attributes: ReadonlyMap<string, Element>;
  readonly digestAlgorithm: string;
  readonly signatureAlgorithm: string;
  readonly signature: Buffer;
}

/** Decodes a token from `decodeAnswer`; throws if it is invalid or does not have exactly one signature. */
export function readToken(bytes: Buffer): StampToken {
  const [, explicit] = childrenOf(readElement(bytes));
  const signedData = childrenOf(explicit)[0]?.raw;
  if (signedData === undefined) throw new Error('the token holds no signed data');
  const { encapContentInfo, signerInfos } = AsnConvert.parse(signedData, SignedData);
  const content = encapContentInfo.eContent?.single;
  const [info, ...others] = signerInfos;
  if (content === undefined || info === undefined || others.length > 0)
    throw new Error('the token has no content, or not exactly one signature');
  const stamp = AsnConvert.parse(content.buffer, TSTInfo);
  if (Number.isNaN(stamp.genTime.getTime())) throw new Error('the token has no time');
  return {
    contentType: encapContentInfo.eContentType,
    content: Buffer.from(content.buffer),
    digestAlgorithm: stamp.messageImprint.hashAlgorithm.algorithm,
    digest: Buffer.from(stamp.messageImprint.hashedMessage.buffer),
    nonce: stamp.nonce && Buffer.from(stamp.nonce),
    time: stamp.genTime,
    signer: {
      ...readSignedAttributes(signedData),
      digestAlgorithm: info.digestAlgorithm.algorithm,
      signatureAlgorithm: info.signatureAlgorithm.algorithm,
      signature: Buffer.from(info.signature.buffer),
    },
    certificates: readCertificates(signedData),
  };
}

/** Reads the attributes from the original bytes, which the parser does not keep; a SET of them is signed. */
function readSignedAttributes(signedData: Buffer): Pick<StampSigner, 'signedAttributes' | 'attributes'> {
  const [signerInfo] = childrenOf(childrenOf(readElement(signedData)).at(-1));
  const signed = childrenOf(signerInfo).find(({ tag }) => tag === TAG.context0);
  if (signed === undefined) throw new Error('the token has no signed attributes');
  const signedAttributes = Buffer.from(signed.raw);
  signedAttributes[0] = TAG.set;
  const attributes = new Map<string, Element>();
  for (const attribute of childrenOf(signed)) {
    const [type, values] = childrenOf(attribute);
    const [value, ...others] = childrenOf(values);
    const oid = oidOf(type);
    if (oid === undefined || value === undefined || others.length > 0 || attributes.has(oid))
      throw new Error('the token has an attribute that is not one value');
    attributes.set(oid, value);
  }
  return { signedAttributes, attributes };
}

function readCertificates(signedData: Buffer): X509Certificate[] {
  const set = childrenOf(readElement(signedData)).find(({ tag }) => tag === TAG.context0);
  // Choices other than a certificate have different tags.
  const found = childrenOf(set).filter(({ tag }) => tag === TAG.sequence);
  if (found.length > MAX_CERTIFICATES)
    throw new ActionError('TIMESTAMP_UNREADABLE', `The time stamp holds ${found.length} certificates.`, {
      hint: `No more than ${MAX_CERTIFICATES} are read, and authorities send up to four: use another authority.`,
    });
  return found.map(({ raw }) => new X509Certificate(raw));
}

/** Returns the hash in `signing-certificate` or its successor, with its algorithm; `undefined` when there is none. */
export function readCertificateHash(attribute: Element): { algorithm: string | undefined; hash: Buffer } | undefined {
  const [list] = childrenOf(attribute);
  const [first, second] = childrenOf(childrenOf(list)[0]);
  const isNamed = first?.tag === TAG.sequence;
  const hash = octetsOf(isNamed ? second : first);
  return hash && { algorithm: isNamed ? oidOf(childrenOf(first)[0]) : undefined, hash };
}

/** What a certificate states about its use. */
export interface CertificateRules {
  readonly isAuthority: boolean;
  /** Largest number of authorities below this one; `undefined` for any number. */
  readonly pathLength: number | undefined;
  readonly extendedUses: { readonly names: readonly string[]; readonly isCritical: boolean } | undefined;
  /** Uses in `keyUsage` that are neither digital signature nor non-repudiation; `undefined` when there is no such extension. */
  readonly otherKeyUses: number | undefined;
  readonly criticalExtensions: readonly string[];
}

/** Reads what a certificate states about its use; throws when it cannot be read. */
export function readRules(certificate: X509Certificate): CertificateRules {
  const { extensions = [] } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
  const find = (oid: string) => extensions.find(({ extnID }) => extnID === oid);
  const [basic, uses, keyUsage] = ['2.5.29.19', '2.5.29.37', '2.5.29.15'].map(find);
  const constraints = basic && AsnConvert.parse(basic.extnValue, BasicConstraints);
  const bits = keyUsage && AsnConvert.parse(keyUsage.extnValue, KeyUsage).toNumber();
  const signing = KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation;
  return {
    isAuthority: constraints?.cA === true,
    pathLength: constraints?.pathLenConstraint,
    extendedUses: uses && {
      names: [...AsnConvert.parse(uses.extnValue, ExtendedKeyUsage)],
      isCritical: uses.critical,
    },
    otherKeyUses: bits === undefined ? undefined : bits & ~signing,
    criticalExtensions: extensions.filter(({ critical }) => critical).map(({ extnID }) => extnID),
  };
}
