import fc from 'fast-check';

/** Any code point but a surrogate. The unit `binary` of fast-check makes each process a table of all of them, which takes most of a second. */
export const anyCharacter = fc
  .nat(0x10f7ff)
  .map((number) => String.fromCodePoint(number < 0xd800 ? number : number + 0x800));
