/**
 * Decodes base64 of the standard alphabet; `undefined` for anything else.
 *
 * White space and missing padding are tolerated, because secrets are pasted; what is decoded is checked by its own structure.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const digits = text.replace(/[\s\u200b]/g, '').replace(/={1,2}$/, '');
  if (digits.length === 0 || digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) return undefined;
  return Buffer.from(digits, 'base64');
}
