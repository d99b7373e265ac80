/**
 * Characters that are invisible or change the direction of text, and blanks that a reader cannot count. A name must not
 * look like another one or rearrange the words around it.
 */
const INVISIBLE =
  /^ +| +$| {2,}|[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB\u00A0\u1680\u2000-\u200A\u202F\u205F\u2800\u3000]/gu;

/** Makes a foreign name safe to read; invisible characters are shown like ⟨U+202E⟩. */
export function showName(name: string): string {
  return name.replace(INVISIBLE, (characters) => characters.replace(/./gsu, showCode));
}

function showCode(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `\u27E8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27E9`;
}

/** Normalises a path for comparison, because systems disagree about composed and decomposed letters. */
export function foldPath(path: string): string {
  return path.normalize('NFC');
}

/** Returns the last segment of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Groups hexadecimal digits by four. */
export function groupDigits(hex: string): string {
  return (hex.match(/.{1,4}/g) ?? []).join(' ');
}
