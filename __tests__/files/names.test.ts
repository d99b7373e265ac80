import fc from 'fast-check';
import { marked } from 'marked';
import { describe, expect, test } from 'vitest';
import {
  compareBytewise,
  escapeHtml,
  foldName,
  otherSpellings,
  percentEncode,
  REFUSED_BY_WINDOWS,
  show,
  sortByPath,
} from '../../src/files/names.ts';
import { parseCommand } from '../../tools/runner/log/commands.ts';
import { LineReader } from '../../tools/runner/log/lines.ts';
import { anyCharacter } from '../helpers/characters.ts';

const HOSTILE = [
  ['::', ':', '##[', '##', '#', '[', ']', '\n', '\r', '\t', '\u0085', '\u2028', '\u2029', '\v', '\f', '\0'],
  ['\u001b[2J'],
  ['error', 'stop-commands', 'add-mask', 'set-env name=x', '::error::', '##[error]', '::error file=a,line=1::x'],
  ['\u200b', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u202e', '\u2066', '\u061c', '\u3164', '\u{e0041}'],
  ['\u0640', '\u0591', '\u0488', '\u{1d165}'],
  ['\u{e0001}'],
  ['<', '>', '&', '"', "'", '`', '*', '_', '~', '|', '\\', '!', '(', ')', '{', '}', '$', '=', '-', '+', '.'],
  ['@', '1.'],
  ['</table><h1>✅ signed', '<b>', '<!--', '-->', '&lt;', '&#60;', '[a](b)', '![a](b)', 'www.x.org'],
  ['https://x.org'],
  ['a@b.org', '@octocat', '#123', 'GH-1', 'x/y#1', ':tada:', '---', '===', '# h', '> q', '- l', '    code'],
  ['```', '~~~'],
  ['\ud800', '\udc00', '\ufffd', ' ', '  ', '\\n', '\\x0a', '\\u{200b}', 'a', 'é', '日本', '😀', '%0A', '%3A'],
].flat();

/** Text of pieces that mean something to some reader, and anything else. */
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: anyCharacter })), { maxLength: 8 })
  .map((pieces) => pieces.join(''));

const FAMOUS = ['a\n::error::x', 'b##[stop-commands]t', 'c\rd', '</table><h1>✅ signed'];

/** What GitHub's runner makes of a text that is printed. */
function commandsIn(text: string): readonly string[] {
  const found: string[] = [];
  const reader = new LineReader((line) => {
    // While a token holds, every name may be a command.
    const command = parseCommand(line, () => true);
    if (command) found.push(command.line);
  });
  reader.write(Buffer.from(`${text}\n`));
  reader.end();
  return found;
}

function linesIn(text: string): number {
  let count = 0;
  const reader = new LineReader(() => count++);
  reader.write(Buffer.from(`${text}\n`));
  reader.end();
  return count;
}

describe('a name in the log', () => {
  test('makes no command and ends no line, wherever it stands', () => {
    const prefixes = fc.constantFrom('', '  ', '- ', '“', 'refused: ', '(', '\u3000', '[', 'Files: a, ');
    const property = fc.property(prefixes, hostile, fc.string(), (prefix, name, suffix) => {
      const line = `${prefix}${show(name)} ${show(suffix)}`;
      expect(commandsIn(line)).toEqual([]);
      expect(linesIn(line)).toBe(1);
    });
    fc.assert(property, { numRuns: 1000, examples: FAMOUS.map((name) => ['', name, '']) });
  });

  test('makes no command inside a line that is made safe as a whole', () => {
    const property = fc.property(hostile, hostile, hostile, (before, name, after) => {
      expect(commandsIn(show(before + show(name) + after))).toEqual([]);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  test('holds nothing that is invisible or moves text', () => {
    const property = fc.property(hostile, (name) => {
      const shown = show(name);
      expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(shown).not.toMatch(
        /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u115f\u1160\u3164\uffa0]/,
      );
      expect(shown).not.toMatch(/[\u{e0000}-\u{e0fff}]/u);
      expect(shown.isWellFormed()).toBe(true);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  test('stays as it is when made safe twice', () => {
    const property = fc.property(hostile, (name) => {
      expect(show(show(name))).toBe(show(name));
    });
    fc.assert(property, { numRuns: 1000 });
  });

  test('shows any two names differently, except a name that spells out an escape', () => {
    const plain = hostile.filter((name) => !/\\(?:[nrt]|x[0-9a-f]{2}|u\{)/.test(name));
    const property = fc.property(plain, plain, (a, b) => {
      fc.pre(a !== b);
      expect(show(a)).not.toBe(show(b));
    });
    fc.assert(property, { numRuns: 1000 });
    for (const [a, b] of [
      ['a\nb', 'a\rb'],
      ['a\u200bb', 'ab'],
      ['a\u200bb', 'a\u200cb'],
      ['e\u0301', 'é'],
      ['\u202ea', 'a'],
    ]) {
      expect(show(a ?? '')).not.toBe(show(b ?? ''));
    }
  });

  test.each(
    [
      ['dist/app-1.2.3_linux (x64).tar.gz', 'Übergröße.zip', 'Ελληνικά', 'Русский файл', '日本語のファイル', '한국어'],
      ['ไทย'],
      ['العربية.txt', 'עברית', 'हिन्दी', 'தமிழ்', 'a:b', 'a::b', '#1', '[1]', '##', 'x\\y', 'C:\\new\\temp'],
      ['👍🏽 ❤️ 1️.zip'],
    ].flat(),
  )('of any language stays as it is: %s', (name) => {
    const expected = name.replace('1\uFE0F', '1\\u{fe0f}');
    expect(show(name)).toBe(expected);
  });

  test.each([
    ['a\n::error::x', 'a\\n::error::x'],
    ['::error::x', '\\x3a:error::x'],
    ['b##[stop-commands]t', 'b##\\x5bstop-commands]t'],
    ['\u0640:\u0640:error::x', '\u0640\\x3a\u0640:error::x'],
    ['b#\u0640#\u0591[error]t', 'b#\u0640#\u0591\\x5berror]t'],
    ['c\rd', 'c\\rd'],
    ['\u001b[31mred', '\\x1b[31mred'],
    ['a\tb\u0007\0', 'a\\tb\\x07\\x00'],
    ['exe\u202egpj', 'exe\\u{202e}gpj'],
    ['\ud800', '\\u{d800}'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
  ])('is readable when it was not safe: %j', (name, shown) => expect(show(name)).toBe(shown));
});

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** The text of rendered HTML, as GitHub sees it when it looks for mentions: comments keep two texts apart. */
function textsOf(html: string): readonly string[] {
  return html
    .split(/<!--.*?-->|<[^>]*>/s)
    .map((text) =>
      text.replace(/&(?:#(\d+)|(\w+|#39));/g, (all, code, name) =>
        code ? String.fromCodePoint(Number(code)) : (ENTITIES[name] ?? all),
      ),
    );
}

const elementsOf = (html: string): readonly string[] => html.match(/<\/?[a-z][^>]*>/gi) ?? [];

describe('a name in the summary', () => {
  const render = (markdown: string): string => marked.parse(markdown, { gfm: true, async: false });

  test('is shown as plain text in a paragraph, a heading, a quote, a table and code', () => {
    const places = [
      ['', '', ['<p>', '</p>']],
      ['## ', '', ['<h2>', '</h2>']],
      ['> ', '', ['<blockquote>', '<p>', '</p>', '</blockquote>']],
      ['- <code>', '</code>', ['<ul>', '<li>', '<code>', '</code>', '</li>', '</ul>']],
    ] as const;
    const property = fc.property(hostile, fc.constantFrom(...places), (name, [before, after, elements]) => {
      fc.pre(show(name).trim() !== '');
      const html = render(`${before}${escapeHtml(name)}${after}`);
      expect(elementsOf(html)).toEqual(elements);
      expect(textsOf(html).join('').replace(/\n/g, '')).toBe(show(name));
    });
    fc.assert(property, { numRuns: 1000, examples: FAMOUS.map((name) => [name, places[0]]) });
  });

  test('keeps letters, digits and single blanks inside as they are, so that it can be searched for', () => {
    expect(escapeHtml('Größe 日本 2 (a), b/c')).toBe('Größe 日本 2 (a), b/c');
    expect(escapeHtml(' a  b ')).toBe('&#32;a &#32;b&#32;');
    expect(escapeHtml('<@a#1>')).toBe('&#60;&#64;<!-- -->a&#35;<!-- -->1&#62;');
  });

  test('in a table leaves the cells as they are', () => {
    const property = fc.property(hostile, hostile, (a, b) => {
      const html = render(`| A | B |\n|---|---|\n| <code>${escapeHtml(a)}</code> | x${escapeHtml(b)}x |\n\nafter`);
      expect(elementsOf(html).join('')).toBe(
        '<table><thead><tr><th></th><th></th></tr></thead><tbody><tr><td><code></code></td><td></td></tr></tbody></table><p></p>',
      );
      expect(textsOf(html).join('').replace(/\n/g, '')).toBe(`AB${show(a)}x${show(b)}xafter`);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  test('links nothing and mentions nobody, even when its text is looked at after rendering', () => {
    const property = fc.property(hostile, hostile, (a, b) => {
      for (const text of textsOf(render(`Signed ${escapeHtml(a)} and ${escapeHtml(b)}.`))) {
        expect(text).not.toMatch(/@\w/);
        expect(text).not.toMatch(/#\d/);
        expect(text).not.toMatch(/:[\w+-]+:/);
        expect(text).not.toMatch(/\w+:\/\//);
      }
    });
    fc.assert(property, {
      numRuns: 1000,
      examples: [
        ['@octocat', '#123'],
        ['x/y#1', ':tada: www.x.org'],
      ],
    });
  });
});

describe('the order of names', () => {
  const anyName = fc.oneof(fc.string({ unit: anyCharacter }), hostile).map((name) => name.toWellFormed());

  test('is that of their bytes', () => {
    const property = fc.property(anyName, anyName, (a, b) => {
      expect(Math.sign(compareBytewise(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    });
    fc.assert(property, {
      numRuns: 1000,
      examples: [
        ['\uffee', '😀'],
        ['a', 'a'],
        ['', 'a'],
      ],
    });
  });

  test('is the same for a whole list', () => {
    const property = fc.property(fc.array(anyName), (names) => {
      const sorted = sortByPath(names.map((path) => ({ path }))).map(({ path }) => path);
      expect(sorted).toEqual([...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    });
    fc.assert(property, { examples: [[['a', '\uffee', '😀', 'B']], [['b', 'a', 'B', 'a/b', 'a-b']]] });
  });
});

describe('names that a file system takes for one', () => {
  test.each([
    ['README.md', 'readme.MD'],
    ['caf\u00e9', 'CAFE\u0301'],
    ['\u212a', 'k'],
    ['\u017fo', 'SO'],
    ['stra\u00dfe', 'STRASSE'],
  ])('%j and %j fold to the same name', (one, other) => expect(foldName(one)).toBe(foldName(other)));

  test.each([
    ['a', 'b'],
    ['a b', 'ab'],
    ['caf\u00e9', 'cafe'],
  ])('%j and %j fold to two names', (one, other) => expect(foldName(one)).not.toBe(foldName(other)));

  test.each([
    ['aB1', ['Ab1']],
    ['x\u00e9', ['X\u00c9', 'xe\u0301']],
    ['xe\u0301', ['XE\u0301', 'x\u00e9']],
    ['1.2', []],
  ])('%j is also found by %j', (name, spellings) => expect(otherSpellings(name)).toEqual(spellings));
});

test.each([
  ['AZaz09-_.~', 'AZaz09-_.~'],
  ["!'()*/", '%21%27%28%29%2A%2F'],
  ['\u00fc %', '%C3%BC%20%25'],
  ['\ud800', '%EF%BF%BD'],
])('percent-encoding of %j leaves unreserved characters alone', (text, encoded) =>
  expect(percentEncode(text)).toBe(encoded),
);

describe('a name on Windows', () => {
  const refused = [
    'a"',
    'a*',
    'a:b',
    'a<b',
    'a>b',
    'a?',
    'a|b',
    'a\\b',
    'a\u0001b',
    'a.',
    'a ',
    'CON',
    'nul',
    'prn.txt',
  ];
  const devices = ['aux .x', 'conin$', 'CONOUT$', 'com1', 'COM\u00b2', 'com3.log', 'lpt9', 'LPT\u00b9', 'com1  '];
  test.each([...refused, ...devices])('%j is refused', (name) => expect(REFUSED_BY_WINDOWS.test(name)).toBe(true));

  const allowed = [
    'a',
    '.a',
    ' a',
    'a b',
    'a.b',
    'icon',
    'con1',
    'connect',
    'com',
    'comx',
    'lptx',
    'com12',
    'nulx.txt',
  ];
  test.each(allowed)('%j is allowed', (name) => expect(REFUSED_BY_WINDOWS.test(name)).toBe(false));
});
