/** One ASN.1 element: its tag byte, its content, and all its bytes as they came. */
export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly raw: Buffer;
}

/** The tag bytes that occur in identity material. */
export const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  context0: 0xa0,
} as const;

// Deeper nesting does not occur in certificates, keys or PKCS#12; the limit keeps hostile input cheap.
const MAX_DEPTH = 16;

/** Reads the element at `offset`, also of indefinite length, as in some PKCS#12; `undefined` if it is not whole. */
export function readElement(bytes: Buffer, offset = 0, depth = 0): Element | undefined {
  const header = readHeader(bytes, offset);
  if (header === undefined || depth > MAX_DEPTH) return undefined;
  const { tag, start, length } = header;
  if (length === undefined) return readIndefinite(bytes.subarray(offset), depth);
  const end = start + length;
  if (end > bytes.length) return undefined;
  return { tag, content: bytes.subarray(start, end), raw: bytes.subarray(offset, end) };
}

/** Reads consecutive elements that fill `bytes` exactly; `undefined` when they do not. */
function readElements(bytes: Buffer): readonly Element[] | undefined {
  const elements: Element[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const element = readElement(bytes, offset);
    if (element === undefined) return undefined;
    elements.push(element);
    offset += element.raw.length;
  }
  return elements;
}

/** Returns the children of a constructed element; none when its content is not made of elements. */
export function childrenOf(element: Element | undefined): readonly Element[] {
  return element === undefined || (element.tag & 0x20) === 0 ? [] : (readElements(element.content) ?? []);
}

/** Returns the length of the element at the start of `bytes`, header included; `undefined` if it is not definite. */
export function announcedLength(bytes: Buffer): number | undefined {
  const header = readHeader(bytes, 0);
  return header?.length === undefined ? undefined : header.start + header.length;
}

/** Returns an object identifier in dotted form; `undefined` for any other element. */
export function oidOf(element: Element | undefined): string | undefined {
  if (element?.tag !== TAG.oid || element.content.length === 0) return undefined;
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of element.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [head = 0, ...rest] = arcs;
  const first = Math.min(Math.floor(head / 40), 2);
  return [first, head - first * 40, ...rest].join('.');
}

/** Returns an integer, infinite when it has more than six bytes; `undefined` for any other element. */
export function integerOf(element: Element | undefined): number | undefined {
  if (element?.tag !== TAG.integer) return undefined;
  const { length } = element.content;
  if (length > 6) return Number.POSITIVE_INFINITY;
  return length === 0 ? undefined : element.content.readUIntBE(0, length);
}

/** Returns the bytes of an octet string, which may be split into parts; `undefined` for any other element. */
export function octetsOf(element: Element | undefined): Buffer | undefined {
  if (element === undefined || (element.tag & 0x1f) === 0x10) return undefined;
  if ((element.tag & 0x20) === 0) return element.content;
  return Buffer.concat(childrenOf(element).map((part) => part.content));
}

interface Header {
  readonly tag: number;
  readonly start: number;
  /** Length of the content in bytes; `undefined` when an end-of-contents mark ends it. */
  readonly length: number | undefined;
}

function readHeader(bytes: Buffer, offset: number): Header | undefined {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  const start = offset + 2;
  if (first < 0x80) return { tag, start, length: first };
  if (first === 0x80) return (tag & 0x20) === 0 ? undefined : { tag, start, length: undefined };
  const size = first & 0x7f;
  if (size > 4 || start + size > bytes.length) return undefined;
  return { tag, start: start + size, length: bytes.readUIntBE(start, size) };
}

/** Reads the element at the start of `bytes`, after whose tag and length, of a byte each, the content begins. */
function readIndefinite(bytes: Buffer, depth: number): Element | undefined {
  for (let offset = 2; offset + 1 < bytes.length; ) {
    if (bytes[offset] === 0 && bytes[offset + 1] === 0) {
      return { tag: bytes[0] ?? 0, content: bytes.subarray(2, offset), raw: bytes.subarray(0, offset + 2) };
    }
    const child = readElement(bytes, offset, depth + 1);
    if (child === undefined) return undefined;
    offset += child.raw.length;
  }
  return undefined;
}

/** Encodes an element from the parts of its content, which must be shorter than 65,536 bytes together. */
export function writeElement(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length > 0xffff) throw new RangeError(`An element of ${length} bytes is not written.`);
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}
