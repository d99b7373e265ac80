/**
 * Rewrites a program so that it means the same and holds only ASCII.
 *
 * In strings, templates, regular expressions and names an escape stands for the character; in comments it is harmless.
 * Throws where that is not so: in a raw template, whose text keeps the backslash.
 */
export function escapeBeyondAscii(program: string): string {
  const raw = /String\.raw\s*`[^`]*[^\0-\x7F`][^`]*`/.exec(program);
  if (raw) throw new Error(`A raw template cannot hold an escape: ${raw[0].slice(0, 80)}`);
  return program.replace(/[^\0-\x7F]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
