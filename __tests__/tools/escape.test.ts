import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { escapeBeyondAscii } from '../../tools/escape.ts';

describe('a program whose characters beyond ASCII became escapes', () => {
  test.each([
    ['a string', '"naïve — 漢字 😀"'],
    ['a template', '`× ½ 😀`'],
    ['a class of characters', '"a–b—c".replace(/[–—]/g, "-")'],
    ['a class of characters beyond the first plane', '"a😀b😁c".split(/[😀😁]/u).join()'],
    ['a name', '(() => { const größe = 3; return größe; })()'],
    ['a member', '({ größe: 3 }).größe'],
    ['a comment', '/* — */ 1 // …'],
  ])('means the same in %s', (_place, program) => {
    const escaped = escapeBeyondAscii(program);

    expect(escaped).toMatch(/^[\0-\x7F]+$/);
    expect(runInNewContext(escaped)).toEqual(runInNewContext(program));
  });

  test('is refused where an escape would be text', () => {
    expect(() => escapeBeyondAscii('const shown = String.raw`C:\\größe`;')).toThrow('raw template');
  });
});
