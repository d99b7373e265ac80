/** Result of comparing a pasted fingerprint with that of the key. */
export type Comparison =
  | { readonly state: 'empty' }
  /** The text has hexadecimal digits, but not 64. */
  | { readonly state: 'incomplete'; readonly digits: number }
  | { readonly state: 'no-fingerprint' }
  | { readonly state: 'same' }
  | { readonly state: 'other' };

const DIGITS = 64;

/**
 * Compares a pasted text with the fingerprint of the key.
 *
 * All 64 digits are required, because the first digits can be forged. Blanks, colons, case, and the text that
 * `openssl`, a summary or `VERIFY.md` puts before the digits are ignored.
 */
export function compareFingerprint(pasted: string, fingerprint: string): Comparison {
  const digits = pasted
    .toLowerCase()
    .replace(/^.*=/s, '')
    .replace(/sha-?256|fingerprint/g, '')
    .replace(/[\s:`'"().*-]|\p{Default_Ignorable_Code_Point}/gu, '');
  if (digits === '') return { state: pasted.trim() === '' ? 'empty' : 'no-fingerprint' };
  if (!/^[0-9a-f]+$/.test(digits)) return { state: 'no-fingerprint' };
  if (digits.length !== DIGITS) return { state: 'incomplete', digits: digits.length };
  return { state: digits === fingerprint ? 'same' : 'other' };
}
