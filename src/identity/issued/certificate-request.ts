import { generateKeyPair, type KeyObject, type KeyPairKeyObjectResult as KeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { TAG, writeElement } from '../der/der.ts';
import { encodePem } from '../text/pem.ts';

/** A private key that exists in this process only, and a certificate request for it. */
export interface CertificateRequest {
  readonly privateKey: KeyObject;
  /** PKCS#10 as PEM. */
  readonly pem: string;
}

const COMMON_NAME = Buffer.from('550403', 'hex');
const ECDSA_WITH_SHA256 = Buffer.from('2a8648ce3d040302', 'hex');

/** Makes an EC P-256 key. */
export function createKeyPair(): Promise<KeyPair> {
  return promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
}

/** Makes a certificate request (RFC 2986), which Node cannot; a library would load longer than all other code. */
export function createRequest(commonName: string, { privateKey, publicKey }: KeyPair): CertificateRequest {
  const attribute = writeElement(
    TAG.sequence,
    writeElement(TAG.oid, COMMON_NAME),
    writeElement(TAG.utf8String, Buffer.from(commonName)),
  );
  const info = writeElement(
    TAG.sequence,
    writeElement(TAG.integer, Buffer.of(0)),
    writeElement(TAG.sequence, writeElement(TAG.set, attribute)),
    publicKey.export({ type: 'spki', format: 'der' }),
    writeElement(TAG.context0),
  );
  const der = writeElement(
    TAG.sequence,
    info,
    writeElement(TAG.sequence, writeElement(TAG.oid, ECDSA_WITH_SHA256)),
    writeElement(TAG.bitString, Buffer.of(0), sign('sha256', info, privateKey)),
  );
  return { privateKey, pem: encodePem({ label: 'CERTIFICATE REQUEST', der }) };
}
