import { announcedLength } from '../der/der.ts';

/** Content of an input's text after removing its encodings. */
export interface Shape {
  /** The PEM text with LF line ends, or the bytes of one DER object, or neither when it is unreadable. */
  readonly pem?: string;
  readonly der?: Buffer;
  /** The text of every layer, outermost first; all are searched for secrets. */
  readonly layers: readonly string[];
  /** Repairs as texts for the user, in the order in which they were made. */
  readonly tidied: readonly string[];
}

// Plain text plus two layers of base64, because a person and a tool may both have encoded the secret.
const MAX_LAYERS = 3;

/** Removes the encodings of pasted text: byte order marks, UTF-16, quotes, lost line ends, base64; never throws. */
export function unwrap(text: string): Shape {
  const layers: string[] = [];
  const tidied = new Set<string>();
  let current = text;
  for (let layer = 0; layer < MAX_LAYERS; layer += 1) {
    layers.push(current);
    current = stripWrapping(current, tidied);
    if (current.includes('-----BEGIN')) return { pem: restoreLines(current, tidied), layers, tidied: [...tidied] };
    const bytes = decodeBase64(current.replace(/\\{1,4}[rn]/g, ''));
    if (bytes === undefined) break;
    tidied.add('base64 decoded');
    if (isDer(bytes)) return { der: bytes, layers, tidied: [...tidied, 'DER read'] };
    // Latin-1 keeps every byte; UTF-16 becomes text with NULs, which the next layer removes.
    current = bytes.toString('latin1');
  }
  return { layers, tidied: [] };
}

function stripWrapping(text: string, tidied: Set<string>): string {
  let current = text;
  if (current.includes('\0')) {
    current = current.replaceAll('\0', '');
    tidied.add('UTF-16 converted');
  }
  // Byte order marks of UTF-8 and UTF-16: as a character, read as Latin-1, and replaced because they are not UTF-8.
  const unmarked = current.replace(/^(?:\ufeff|\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff|\ufffd\ufffd)/, '');
  if (unmarked !== current) tidied.add('byte order mark removed');
  const trimmed = unmarked.trim();
  const quote = trimmed.length > 1 ? trimmed.charAt(0) : '';
  if ((quote !== '"' && quote !== "'") || !trimmed.endsWith(quote)) return trimmed;
  tidied.add('quotes removed');
  return trimmed.slice(1, -1).trim();
}

function restoreLines(text: string, tidied: Set<string>): string {
  let current = text;
  if (/\\[rn]/.test(current)) {
    current = current.replace(/\\{1,4}[rn]/g, '\n');
    tidied.add('escaped line ends (\\n) restored');
  }
  current = current.replace(/\\{1,4}\//g, '/');
  if (/\r(?!\n)/.test(current)) tidied.add('CR line ends converted');
  else if (current.includes('\r')) tidied.add('CRLF line ends converted');
  return current.replace(/\r\n?/g, '\n');
}

function isDer(bytes: Buffer): boolean {
  // Text may start with the same byte (a "0"), but has no control characters and rarely the length that DER announces.
  const isBinary = /[\x01-\x08\x0e-\x1f\x7f-\xff]/.test(bytes.toString('latin1'));
  return bytes[0] === 0x30 && (isBinary || announcedLength(bytes) === bytes.length);
}

/** Decodes standard base64, with white space or without padding, as pasted; `undefined` for anything else. */
export function decodeBase64(text: string): Buffer | undefined {
  const digits = text.replace(/[\s\u200b]/g, '').replace(/={1,2}$/, '');
  if (digits.length === 0 || digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) return undefined;
  return Buffer.from(digits, 'base64');
}
