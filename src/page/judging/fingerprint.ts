/** What the comparison of a pasted fingerprint with that of the key found. */
export type Comparison =
  | { readonly state: 'empty' }
  /** So many hexadecimal digits, not 64. */
  | { readonly state: 'incomplete'; readonly digits: number }
  | { readonly state: 'no-fingerprint' }
  | { readonly state: 'same' }
  | { readonly state: 'other' };

const DIGITS = 64;

/**
 * Compares what a reader pasted with the fingerprint of the key.
 *
 * All 64 digits count: the first few of a fingerprint can be forged. Blanks, colons, capitals, and what `openssl`, a
 * summary or `VERIFY.md` puts before the digits, do not matter.
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
