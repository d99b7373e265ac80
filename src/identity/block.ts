/** The inputs that hold identity material, by their names in the workflow. */
export type InputName = 'cert' | 'key' | 'chain';

/** One object found in an input: a PEM block, or what a PEM block would hold. */
export interface Block {
  readonly input: InputName;
  /** Counted from 1, over every block of the input, sound or not. */
  readonly number: number;
  /** The PEM label that fits the content; `PKCS12`, which PEM does not know, for that container. */
  readonly label: string;
  readonly der: Buffer;
  /** The two header lines of an old encrypted key: `DEK-Info` with cipher and initial vector. */
  readonly encryption?: string;
}

/** Says where a block stands: `input chain, block 2 (CERTIFICATE)`. */
export function placeOf(block: Pick<Block, 'input' | 'number' | 'label'>): string {
  return `input ${block.input}, block ${block.number} (${block.label})`;
}

/** Writes a block as standard PEM: 64 characters a line, LF line ends, a final newline. */
export function encodePem(block: Pick<Block, 'label' | 'der' | 'encryption'>): string {
  const lines = block.der.toString('base64').match(/.{1,64}/g) ?? [];
  const headers = block.encryption === undefined ? [] : ['Proc-Type: 4,ENCRYPTED', `DEK-Info: ${block.encryption}`, ''];
  return [`-----BEGIN ${block.label}-----`, ...headers, ...lines, `-----END ${block.label}-----`, ''].join('\n');
}

/** Tells whether a PEM label announces a private key, in whatever format. */
export function isPrivateLabel(label: string): boolean {
  return label.endsWith('PRIVATE KEY') || label.endsWith('PRIVATE KEY BLOCK');
}
