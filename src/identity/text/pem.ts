import { decodeBase64 } from './shape.ts';

/** A block of a PEM text: decoded, or with the reason why decoding failed. */
export type PemBlock = SoundPemBlock | BrokenPemBlock;

/** A block whose marker lines and base64 are valid; its bytes are not examined. */
export interface SoundPemBlock {
  readonly label: string;
  readonly der: Buffer;
  readonly encryption?: string;
  /** Repairs that were needed to read the block. */
  readonly tidied: readonly string[];
}

/** A block that cannot be decoded; `reason` completes the sentence "block 2 (CERTIFICATE): …". */
interface BrokenPemBlock {
  readonly label: string;
  readonly reason: string;
}

/** A BEGIN or END line with its start and end in the text. */
export interface Marker {
  readonly kind: string;
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

/** Finds every PEM block of a text whose line ends are LF; never throws, and takes linear time. */
export function readPem(text: string): { readonly blocks: readonly PemBlock[]; readonly textOutside: boolean } {
  const blocks: PemBlock[] = [];
  let open: Marker | undefined;
  let outside = '';
  let position = 0;
  for (const marker of markersOf(text)) {
    const between = text.slice(position, marker.start);
    if (open === undefined) outside += between.trim();
    if (marker.kind === 'BEGIN') {
      if (open !== undefined) blocks.push(endMissing(open));
      open = marker;
    } else {
      blocks.push(closeBlock(open, between, marker));
      open = undefined;
    }
    position = marker.end;
  }
  if (open === undefined) outside += text.slice(position).trim();
  else blocks.push(endMissing(open));
  return { blocks, textOutside: outside !== '' };
}

/** Finds every BEGIN and END line of a text, also where line ends are lost or escaped. */
export function* markersOf(text: string): Generator<Marker> {
  for (const match of text.matchAll(/-----(BEGIN|END) ([A-Z0-9 ]{1,64}?)-----/g)) {
    const [whole, kind = '', label = ''] = match;
    yield { kind, label: label.trim(), start: match.index, end: match.index + whole.length };
  }
}

function endMissing({ label }: Marker): BrokenPemBlock {
  return { label, reason: 'its END line is missing, so the block is cut off' };
}

function closeBlock(open: Marker | undefined, between: string, end: Marker): PemBlock {
  const { label } = end;
  if (open === undefined) return { label, reason: 'its BEGIN line is missing or damaged' };
  if (open.label !== label) return { label: open.label, reason: `it is closed by an END line of the kind ${label}` };
  return decodeBody(label, between);
}

function decodeBody(label: string, body: string): PemBlock {
  const headers = /^\s*Proc-Type:\s*4,\s*ENCRYPTED\s+DEK-Info:\s*([A-Za-z0-9-]{1,40}),\s*([0-9A-Fa-f]{8,64})\s/.exec(
    body,
  );
  const data = body.slice(headers?.[0].length ?? 0);
  if (data.trim() === '') return { label, reason: 'it is empty' };
  const der = decodeBase64(data);
  if (der === undefined) return { label, reason: base64Fault(body, data) };
  const sound = { label, der, tidied: layoutFaults(data) };
  return headers === null ? sound : { ...sound, encryption: `${headers[1]},${headers[2]}` };
}

function base64Fault(body: string, data: string): string {
  const position = data.search(/[^A-Za-z0-9+/=\s\u200b]/);
  if (position === -1) return 'its base64 is damaged: characters are missing, or there is padding in the middle';
  const line = body.slice(0, body.length - data.length + position).split('\n').length - 1;
  const what = data.startsWith('***', position)
    ? '***, which GitHub writes instead of a secret in a log'
    : 'a character that is not base64';
  return `line ${Math.max(line, 1)} below BEGIN holds ${what}`;
}

function layoutFaults(data: string): readonly string[] {
  const lines = data.replace(/^\n|\n[ \t]*$/g, '').split('\n');
  const faults: string[] = [];
  if (lines.length === 1 && data.length > 66) faults.push('one long line split');
  else if (lines.some((line) => line.trim() !== '' && /^\s/.test(line))) faults.push('indentation removed');
  return faults;
}

/** The inputs that hold identity material, by their names in the workflow. */
export type InputName = 'cert' | 'key' | 'chain' | 'certificate-chain' | 'timestamp-chain';

/** An object in an input: a PEM block, or equivalent DER. */
export interface Block {
  readonly input: InputName;
  /** Counted from 1, over all blocks of the input, intact or broken. */
  readonly number: number;
  /** The PEM label that fits the content; `PKCS12`, which PEM does not know, for that container. */
  readonly label: string;
  readonly der: Buffer;
  /** The two header lines of an old encrypted key: `DEK-Info` with cipher and initial vector. */
  readonly encryption?: string;
}

/** Describes the place of a block: `input chain, block 2 (CERTIFICATE)`. */
export function placeOf(block: Pick<Block, 'input' | 'number' | 'label'>): string {
  return `input ${block.input}, block ${block.number} (${block.label})`;
}

/** Writes a block as standard PEM: 64 characters a line, LF line ends, a final newline. */
export function encodePem(block: Pick<Block, 'label' | 'der' | 'encryption'>): string {
  const lines = block.der.toString('base64').match(/.{1,64}/g) ?? [];
  const headers = block.encryption === undefined ? [] : ['Proc-Type: 4,ENCRYPTED', `DEK-Info: ${block.encryption}`, ''];
  return [`-----BEGIN ${block.label}-----`, ...headers, ...lines, `-----END ${block.label}-----`, ''].join('\n');
}

/** Tells whether an object with this PEM label holds a private key, or may hold one, as a PKCS#12 may. */
export function mayHoldKey(label: string): boolean {
  return isPrivateLabel(label) || label === 'PKCS12';
}

/** Tells whether a PEM label announces a private key, in any format. */
export function isPrivateLabel(label: string): boolean {
  return label.endsWith('PRIVATE KEY') || label.endsWith('PRIVATE KEY BLOCK');
}
