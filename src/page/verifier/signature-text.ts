import { hexToBytes } from './bytes.ts';

/** Largest size of a signature file, in bytes. */
export const MAX_SIGNATURE_FILE_BYTES = 16 * 1024;

/** The two text forms of signatures. */
export type SignatureEncoding = 'base64' | 'hex';

/** Decodes the text of a signature file: UTF-8, or UTF-16 with a byte order mark, as Windows PowerShell writes it with `>`. */
export function decodeSignatureFile(bytes: Uint8Array): string {
  const mark = (bytes[0] ?? 0) * 0x100 + (bytes[1] ?? 0);
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

/**
 * Decodes the text of a signature; returns every possible reading, the one in the expected encoding first.
 *
 * Hexadecimal digits are base64 digits too, so a text can have two readings; the size of a signature tells them apart.
 * A byte order mark and white space are allowed anywhere, because mail programs and editors add them; everything else
 * must be canonical.
 */
export function readSignatureText(text: string, expected: SignatureEncoding): readonly Uint8Array[] {
  const digits = text.replace(/[\s\uFEFF]/g, '');
  const order = expected === 'hex' ? [readHex, readBase64] : [readBase64, readHex];
  return order.flatMap((read) => read(digits) ?? []);
}

function readHex(digits: string): Uint8Array | undefined {
  return /^([0-9A-Fa-f]{2})+$/.test(digits) ? hexToBytes(digits) : undefined;
}

function readBase64(digits: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(digits) || digits.length % 4 !== 0) return undefined;
  const binary = atob(digits);
  // Refuses unused bits that are not zero, which would be a second spelling of the same bytes.
  if (btoa(binary) !== digits) return undefined;
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
