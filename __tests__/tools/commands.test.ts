import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFileCommand } from '../../tools/runner/file-commands.ts';
import {
  COMMAND_NAMES,
  parseBracketCommand,
  parseColonCommand,
  parseCommand,
} from '../../tools/runner/log/commands.ts';
import { LineReader } from '../../tools/runner/log/lines.ts';
import { Masks } from '../../tools/runner/log/masks.ts';

const escapeData = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const escapeProperty = (text: string) => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
const escapeBracket = (text: string) => escapeData(text).replaceAll(';', '%3B').replaceAll(']', '%5D');
/** A leading `=` of a value and outer blanks are lost in the runner's own splitting. */
const value = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/^[=\s\u0085]|[\s\u0085]$/.test(text));
const data = fc.string({ unit: 'grapheme' });
const name = fc.constantFrom(...COMMAND_NAMES);

test('what the toolkit writes in the colon notation is read back, whatever it holds', () => {
  fc.assert(
    fc.property(name, value, data, (command, title, text) => {
      const line = `  ::${command} title=${escapeProperty(title)},file=a::${escapeData(text)}`;
      const expected = { name: command, form: '::', properties: { title, file: 'a' }, data: text, line };
      expect(parseCommand(line)).toEqual(expected);
    }),
  );
});

test('the bracket notation is read back behind any text', () => {
  fc.assert(
    fc.property(name, value, data, data, (command, title, text, before) => {
      fc.pre(!before.includes('#') && !before.includes('::'));
      const line = `${before}##[${command} title=${escapeBracket(title)};file=a]${escapeBracket(text)}`;
      const expected = { name: command, form: '##[', properties: { title, file: 'a' }, data: text, line };
      expect(parseCommand(line)).toEqual(expected);
    }),
  );
});

test.each([
  ['text before the colons', 'x::error::y'],
  ['an unknown name', '::errors::y'],
  ['no second pair of colons', '::error:y'],
  ['a blank before the name', ':: error::y'],
  ['a byte order mark before the colons', '\ufeff::error::y'],
])('no command in the colon notation: %s', (_, line) => {
  expect(parseColonCommand(line)).toBeUndefined();
});

test.each([
  ['no end', '##[error y'],
  ['an unknown name', '##[errors]y'],
  ['only the first bracket counts', '##[x] ##[error]y'],
])('no command in the bracket notation: %s', (_, line) => {
  expect(parseBracketCommand(line)).toBeUndefined();
});

test.each([
  ['blanks of any kind come first', '\u0085\u3000\t ::error::y', {}, 'y'],
  ['names have no case', '::ERROR::y', {}, 'y'],
  ['keys have no case, and the last one wins', '::error Title=a,TITLE=b::y', { title: 'b' }, 'y'],
  ['runs of = are one', '::error a==b=c,=d=e,f=,g::y', { a: 'b=c', d: 'e' }, 'y'],
  ['data may hold more colons', '::error::::y::', {}, '::y::'],
  ['%25 is unescaped last', '::error::%250A%25', {}, '%0A%'],
  ['an unknown colon command leaves the bracket one', '::x::##[error]y', {}, 'y'],
])('a command: %s', (_, line, properties, text) => {
  expect(parseCommand(line)).toMatchObject({ name: 'error', properties, data: text });
});

test('lines are the same however the bytes arrive', () => {
  const text = fc.array(fc.constantFrom('\r', '\n', '\r\n', 'a', 'ü', '日', '😀', '\ufeff'), { maxLength: 40 });
  fc.assert(
    fc.property(text, fc.array(fc.nat(60)), (parts, cuts) => {
      const bytes = Buffer.from(`x${parts.join('')}`);
      const lines: string[] = [];
      const reader = new LineReader((line) => lines.push(line));
      const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
      for (const [index, edge] of edges.entries()) reader.write(bytes.subarray(edges[index - 1] ?? 0, edge));
      reader.end();
      expect(lines).toEqual(
        bytes
          .toString()
          .replace(/(?:\r\n|\r|\n)$/, '')
          .split(/\r\n|\r|\n/),
      );
    }),
  );
});

test('a value between delimiters is read back as it was, line ends included', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(value, data), { maxLength: 4 }), (pairs) => {
      const named = pairs.map(([, text], index) => [`name${index}`, text] as const);
      const file = named.map(([key, text]) => `${key}<<delimiter=1\n${text}\ndelimiter=1\n`).join('');
      fc.pre(!pairs.some(([, text]) => text.includes('delimiter')));
      expect(parseFileCommand(file)).toEqual(named);
    }),
  );
});

test('CRLF ends a line of a file command on Windows, and LF alone elsewhere', () => {
  const text = 'a=1\r\nb<<E\r\none\r\ntwo\r\nE\r\n';
  expect(parseFileCommand(text, 'win32')).toEqual([
    ['a', '1'],
    ['b', 'one\r\ntwo'],
  ]);
  expect(parseFileCommand(text, 'linux')).toEqual([
    ['a', '1\r'],
    ['b', 'one\r\ntwo\r'],
  ]);
  expect(parseFileCommand('b<<E\none\r\n\nE\n', 'win32')).toEqual([['b', 'one\r\n']]);
});

test('no masked value survives, alone, in base64, or in JSON', () => {
  const secret = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('*'));
  fc.assert(
    fc.property(secret, data, data, (hidden, before, after) => {
      const masks = new Masks();
      masks.add(hidden);
      for (const form of [hidden, Buffer.from(hidden).toString('base64'), JSON.stringify(hidden).slice(1, -1)]) {
        expect(masks.mask(before + form + after)).not.toContain(form);
      }
    }),
  );
});
