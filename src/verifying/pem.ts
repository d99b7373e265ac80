import { ActionError } from '../errors.ts';

/** One PEM block: its label, such as `PUBLIC KEY`, and the DER bytes between its lines. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

const BEGIN = '-----BEGIN ';
const DASHES = '-----';
/** How the base64 of any text that starts with `-----BEGIN` starts. */
const BASE64_OF_BEGIN = 'LS0tLS1CRUdJT';

/** Tells whether a text is meant as PEM rather than as a path. */
export function looksLikePem(text: string): boolean {
  return text.includes('-----BEGIN');
}

/** Tells whether a text holds a private key of any PEM-like kind, plain or as base64 of one; such a text must be masked. */
export function containsPrivateKey(text: string): boolean {
  const trimmed = text.trimStart();
  const plain = trimmed.startsWith(BASE64_OF_BEGIN) ? Buffer.from(trimmed, 'base64').toString('latin1') : text;
  return /-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/.test(plain);
}

/**
 * Reads all PEM blocks of the input `verify-key` in order, in time linear in its length.
 *
 * Text around blocks, a byte order mark, any line ends and `\n` written as two characters are fine.
 * Throws `VERIFY_KEY_UNREADABLE` when a block is cut off or its content is not base64.
 */
export function readPemBlocks(text: string): PemBlock[] {
  const unescaped = text.replaceAll(/\\r\\n|\\n|\\r/g, '\n');
  const blocks: PemBlock[] = [];
  let position = unescaped.indexOf(BEGIN);
  while (position !== -1) {
    const labelStart = position + BEGIN.length;
    const labelEnd = unescaped.indexOf(DASHES, labelStart);
    const label = labelEnd === -1 ? '' : unescaped.slice(labelStart, labelEnd);
    // A label that is not one is not shown: it may be a piece of the content.
    if (!/^[A-Z0-9 #]{1,40}$/.test(label)) throw unreadable(`block ${blocks.length + 1} has a damaged BEGIN line`);
    const end = `${DASHES}END ${label}${DASHES}`;
    const bodyEnd = unescaped.indexOf(end, labelEnd + DASHES.length);
    if (bodyEnd === -1) throw unreadable(`block ${blocks.length + 1} (${label}) has no END line`);
    const body = unescaped.slice(labelEnd + DASHES.length, bodyEnd).replaceAll(/\s/g, '');
    blocks.push({ label, der: decodeBody(body, `block ${blocks.length + 1} (${label})`) });
    position = unescaped.indexOf(BEGIN, bodyEnd + end.length);
  }
  return blocks;
}

function decodeBody(body: string, name: string): Buffer {
  const der = Buffer.from(body, 'base64');
  // Buffer skips what is not base64, so only what encodes back to the same text was base64.
  if (der.length === 0 || der.toString('base64') !== body) throw unreadable(`the content of ${name} is not base64`);
  return der;
}

function unreadable(what: string): ActionError {
  return new ActionError('VERIFY_KEY_UNREADABLE', `input verify-key cannot be read: ${what}`, {
    hint: 'Paste the whole PEM text, from its BEGIN line to its END line; it was probably cut off or changed on the way.',
  });
}
