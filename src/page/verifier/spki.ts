import { bytesToHex, bytesToNumberBE } from './bytes.ts';

/** A public key in the form that the verifiers need. */
export type PublicKey =
  | { readonly kind: 'ec'; readonly curve: CurveName; readonly point: Uint8Array }
  | { readonly kind: 'rsa'; readonly modulus: bigint; readonly exponent: bigint }
  | { readonly kind: 'ed25519'; readonly point: Uint8Array };

type CurveName = 'p256' | 'p384' | 'p521';

/** Content of the object identifiers at the start of a key, as hex. */
const OID = {
  ecPublicKey: '2a8648ce3d0201',
  rsaEncryption: '2a864886f70d010101',
  rsassaPss: '2a864886f70d01010a',
  ed25519: '2b6570',
} as const;
const CURVES: Readonly<Record<string, CurveName>> = {
  '2a8648ce3d030107': 'p256',
  '2b81040022': 'p384',
  '2b81040023': 'p521',
};

/** Reads a DER SubjectPublicKeyInfo in the forms that Node has read and the kit writes; throws for any other. */
export function readPublicKey(spki: Uint8Array): PublicKey {
  const [identifier, bits] = childrenOf(only(spki));
  const [algorithm, parameters] = childrenOf(identifier);
  // The first byte of a bit string is the number of unused bits, which is 0 for a key.
  const key = contentOf(bits, 'bitString').subarray(1);
  switch (bytesToHex(contentOf(algorithm, 'oid'))) {
    case OID.ecPublicKey: {
      const curve = CURVES[bytesToHex(contentOf(parameters, 'oid'))];
      if (curve === undefined) throw new Error('The key is on a curve that this page does not know.');
      return { kind: 'ec', curve, point: key };
    }
    case OID.rsaEncryption:
    case OID.rsassaPss: {
      const [modulus, exponent] = childrenOf(only(key)).map((number) => contentOf(number, 'integer'));
      if (modulus === undefined || exponent === undefined) throw new Error('The RSA key is incomplete.');
      return { kind: 'rsa', modulus: bytesToNumberBE(modulus), exponent: bytesToNumberBE(exponent) };
    }
    case OID.ed25519:
      return { kind: 'ed25519', point: key };
    default:
      throw new Error('The key is of a kind that this page does not know.');
  }
}

const TAG = { integer: 0x02, bitString: 0x03, oid: 0x06, sequence: 0x30 } as const;

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

function* elementsOf(bytes: Uint8Array): Generator<Element> {
  for (let at = 0; at < bytes.length; ) {
    const [tag = 0, first = 0] = bytes.subarray(at);
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    const start = at + 2 + lengthBytes;
    const length = first < 0x80 ? first : Number(bytesToNumberBE(bytes.subarray(at + 2, start)));
    if (start + length > bytes.length) throw new Error('The key is cut short.');
    yield { tag, content: bytes.subarray(start, start + length) };
    at = start + length;
  }
}

function only(bytes: Uint8Array): Element | undefined {
  const elements = [...elementsOf(bytes)];
  return elements.length === 1 ? elements[0] : undefined;
}

function childrenOf(element: Element | undefined): Element[] {
  return element?.tag === TAG.sequence ? [...elementsOf(element.content)] : [];
}

function contentOf(element: Element | undefined, tag: keyof typeof TAG): Uint8Array {
  if (element?.tag !== TAG[tag]) throw new Error('The key is not a SubjectPublicKeyInfo.');
  return element.content;
}
