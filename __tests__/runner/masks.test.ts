import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeHtml, percentEncode } from '../../src/files/names.ts';
import { Masks } from '../../src/runner/masks.ts';
import { workMs } from '../helpers/time.ts';

const SECRET = 's3cr*t!(\'~)/+=-lóng enough\n"quoted"';

function masksOf(...secrets: readonly string[]): Masks {
  const masks = new Masks();
  for (const secret of secrets) masks.add(secret);
  return masks;
}

const bytes = Buffer.from(SECRET);
const json = JSON.stringify(SECRET).slice(1, -1);

describe('a secret is replaced in every form', () => {
  test.each([
    ['as it is', SECRET],
    ['base64', bytes.toString('base64')],
    ['base64url', bytes.toString('base64url')],
    ['hex in lower case', bytes.toString('hex')],
    ['hex in upper case', bytes.toString('hex').toUpperCase()],
    ['percent-encoded as JavaScript does', encodeURIComponent(SECRET)],
    ['percent-encoded as the request signature does', percentEncode(SECRET)],
    ['percent-encoded in lower case', percentEncode(SECRET).replace(/%../g, (code) => code.toLowerCase())],
    ['form-encoded', percentEncode(SECRET).replaceAll('%20', '+')],
    ['in JSON', json],
    ['in JSON of ASCII alone', json.replaceAll('ó', '\\u00f3')],
    ['in the job summary', escapeHtml(SECRET)],
  ])('%s', (_, form) => {
    expect(masksOf(SECRET).scrub(`before ${form} after`)).toMatch(/^before \*\*\*=* after$/);
  });

  test.each([0, 1, 2])('in base64 behind %i other bytes, but for bits that belong to its neighbours', (before) => {
    const text = Buffer.concat([Buffer.alloc(before, 'a'), bytes, Buffer.from('zz')]).toString('base64');
    expect(masksOf(SECRET).scrub(text)).toMatch(/^[A-Za-z0-9+/]{0,3}\*{3}[A-Za-z0-9+/]{0,4}=*$/);
  });

  test('a short secret is replaced as it is, but not where its hex would hide innocent text', () => {
    expect(masksOf('abc').scrub('abc 616263')).toBe('*** 616263');
  });
});

describe('a text of somebody else is read as a person would read it', () => {
  const entities = (text: string, encode: (code: number) => string): string =>
    text.replace(/[^a-z0-9]/gi, (character) => encode(character.codePointAt(0) ?? 0));
  const units = (text: string): string =>
    text.replace(/[^a-z]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`);
  const base64 = bytes.toString('base64');
  test.each([
    ['decimal entities', entities(SECRET, (code) => `&#${code};`)],
    ['decimal entities without semicolons, some of them', entities(SECRET, (code) => `&#0${code}`)],
    ['hexadecimal entities', entities(SECRET, (code) => `&#x${code.toString(16)};`)],
    [
      'named entities',
      SECRET.replace(/'/g, '&apos;').replace(/\//g, '&sol;').replace(/=/g, '&equals;').replace(/"/g, '&QUOT;'),
    ],
    ['entities within entities', entities(SECRET, (code) => `&amp;#${code};`)],
    ['JSON with escaped slashes', json.replaceAll('/', '\\/')],
    ['JSON within JSON', JSON.stringify(json).slice(1, -1)],
    ['JSON of escapes alone', units(SECRET)],
    ['JSON of escapes alone within JSON', units(SECRET).replaceAll('\\', '\\\\')],
    ['JSON in HTML', entities(json, (code) => `&#${code};`)],
    ['percent-encoded, every byte', [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')],
    ['percent-encoded, other characters than usual', SECRET.replace('s', '%73').replace('~', '%7e')],
    ['base64 in lines', base64.replace(/.{10}/g, '$&\r\n')],
    ['base64 in escaped lines', base64.replace(/.{10}/g, '$&\\n')],
    ['base64 with escaped slashes', base64.replaceAll('/', '\\/').replaceAll('+', '\\u002b')],
    ['hex in pairs', (bytes.toString('hex').match(/../g) ?? []).join(':')],
    ['hex in capital pairs', (bytes.toString('hex').toUpperCase().match(/../g) ?? []).join(' ')],
    ['UTF-16 in base64, as PowerShell writes it', Buffer.from(SECRET, 'utf16le').toString('base64').replace(/=+$/, '')],
    ['UTF-16 in hex', Buffer.from(SECRET, 'utf16le').toString('hex')],
    ['JSON of code points', entities(SECRET, (code) => `\\u{${code.toString(16)}}`)],
    ['a list of bytes', [...bytes].join(', ')],
    ['a list of bytes without blanks', [...bytes].join(',')],
    ['a list of signed bytes', [...new Int8Array(bytes)].join(' ')],
    ['a list of hexadecimal bytes', [...bytes].map((byte) => `0x${byte.toString(16)}`).join(', ')],
    ['a list of bytes over several lines', [...bytes].join(',\n  ')],
    ['octal escapes', [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')],
    ['octal escapes beyond ASCII', bytes.toString('latin1').replace('\u00c3\u00b3', '\\303\\263')],
    ['hexadecimal escapes of bytes', [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')],
    ['UTF-8 read as Latin-1', bytes.toString('latin1')],
    ['UTF-8 read as Latin-1 in JSON', JSON.stringify(bytes.toString('latin1')).slice(1, -1)],
  ])('%s', (_, form) => {
    const masks = masksOf(SECRET);
    expect(masks.scrubForeign(`before ${form} after`)).toMatch(/^before \*\*\*[=;]* after$/);
    for (let cut = 8; cut < 8 + form.length; cut++)
      expect(masks.scrubForeign(`before ${form} after`, cut)).toBe('before ***');
  });

  const plain = 'correct  Horse battery-stÄple 1234';
  test.each([
    ['another case', plain.toUpperCase()],
    ['other blanks', plain.replaceAll(/[ -]+/g, ' ')],
    ['another composition', plain.normalize('NFD')],
    ['characters without width in between', Array.from(plain).join('\u200b')],
    ['pieces', plain.replaceAll(' ', '", "')],
    ['UTF-8 read as the code page of Windows', new TextDecoder('windows-1252').decode(Buffer.from(plain))],
    ['UTF-8 in another case, as bytes', [...Buffer.from(plain.toUpperCase())].join(' ')],
    ['UTF-16 as bytes', [...Buffer.from(plain, 'utf16le').subarray(0, -1)].join(' ')],
    ['hex with dashes', (Buffer.from(plain).toString('hex').match(/../g) ?? []).join('-')],
  ])('%s', (_, form) => {
    expect(masksOf(plain).scrubForeign(`before: ${form}, after`)).toBe('before: ***, after');
  });

  const token = 'hvs.CAESIJ2xQw9-Token_0123456789abcdefghijklmnop';
  const inBase64 = Buffer.from(token).toString('base64');
  test.each([
    ['its beginning, as services quote a token that they refuse', token.slice(0, 24)],
    ['all but its beginning', token.slice(4)],
    ['something in the middle, in another case', token.slice(10, 30).toUpperCase()],
    ['two halves in the wrong order', `${token.slice(24)} ${token.slice(0, 24)}`],
    ['base64 without its beginning', inBase64.slice(9)],
    ['base64 without its end', inBase64.slice(0, -20)],
  ])('a part of a secret: %s', (_, form) => {
    const found = masksOf(token).scrubForeign(`refused: ${form}; why`);
    expect(found).toMatch(/^refused: \w{0,7}\*\*\*(?: \*\*\*)?[\w=]{0,8}; why$/);
  });

  test.each([
    ['tags', (text: string) => `${text.slice(0, 20)}<br>${text.slice(20)}`],
    ['tags with attributes around every part', (text: string) => text.replace(/.{5}/g, '<b class="x">$&</b>')],
    ['colours of a console', (text: string) => text.replace(/.{5}/g, '\u001b[1;31m$&\u001b[0m')],
    ['escaped tags', (text: string) => text.replace(/.{5}/g, '$&&lt;wbr&gt;')],
  ])('with %s between its characters', (_, spell) => {
    const found = masksOf(token).scrubForeign(`refused: ${spell(token)}; why`);
    expect(found).toContain('***');
    for (let at = 0; at + 5 <= token.length; at++) expect(found).not.toContain(token.slice(at, at + 5));
  });

  test('a part of a secret with few letters and digits', () => {
    const secret = '+/=-;:.,!?(1)[2]{3}<4>^~_|"a%b&c*d#e';
    expect(masksOf(secret).scrubForeign(`refused: ${secret.slice(3, 23)} why`)).toBe('refused: *** why');
    expect(masksOf(`-----BEGIN X-----\n${secret}`).scrubForeign('-----BEGIN X-----')).toBe('-----BEGIN X-----');
  });

  test('one line of a secret that has several', () => {
    const masks = masksOf('-----BEGIN X-----\nfirst line of it\r\nsecond line of it\nshort');
    const text = 'a first line of it b second line of it c short -----BEGIN X-----';
    expect(masks.scrub(text)).toBe('a *** b *** c short -----BEGIN X-----');
  });

  test('a secret without the blanks around it', () => {
    expect(masksOf('  padded-secret ').scrub('is padded-secret known')).toBe('is *** known');
  });

  test('and a text without a secret stays unchanged', () => {
    const text = 'C:\\new\\table 100 % &amp; \\u0041 %zz &#9999999; &unknown; a:b:c';
    expect(masksOf(SECRET).scrubForeign(text)).toBe(text);
    expect(masksOf(SECRET).scrubForeign(text, 10)).toBe(text.slice(0, 10));
    const bytesOfOthers = `[1, 22, 255, 3, 4, 5, 6, 7, 8, 900] \\101 Ã¤ 10.0.0.255 2026-11-27 ${[...Buffer.from('another one')].join()}`;
    expect(masksOf(SECRET).scrubForeign(bytesOfOthers)).toBe(bytesOfOthers);
  });
});

test('a secret is found in a text by any of its forms, a short one by none', () => {
  const masks = masksOf(SECRET, 'abc');
  expect([SECRET, bytes.toString('base64'), `x${bytes.toString('hex')}y`].map((text) => masks.isIn(text))).toEqual([
    true,
    true,
    true,
  ]);
  const lines = bytes.toString('base64').replace(/.{10}/g, '$&\n');
  expect([lines, `so: ${json.replaceAll('/', '&#47;')}`].map((text) => masks.isIn(text))).toEqual([true, true]);
  expect([`[${[...bytes].join()}]`, bytes.toString('latin1')].map((text) => masks.isIn(text))).toEqual([true, true]);
  expect(
    ['abc and nothing else', '', bytes.toString('base64').slice(8, 24), 'a b:c'].map((text) => masks.isIn(text)),
  ).toEqual([false, false, false, false]);
});

/** The shortest secret that also has encoded forms: too short for any part of it to be found alone. */
const SHORTEST = 'abc#efgh';

describe('the forms that the runner has to mask', () => {
  const hex = Buffer.from(SHORTEST).toString('hex');

  test('are the secret, its percent-encoding, hex and base64', () => {
    const forms = new Masks().add(SHORTEST);
    expect(forms.slice(0, 2)).toEqual([SHORTEST, 'abc%23efgh']);
    expect(forms).toEqual(expect.arrayContaining([hex, hex.toUpperCase(), 'YWJjI2VmZ2g']));
    expect(new Set(forms).size).toBe(forms.length);
    expect(new Masks().add('abc#efghij')).toContain('YWJjI2VmZ2hpag');
    expect(new Masks().add('>>>???>>')).toEqual(expect.arrayContaining(['Pj4+Pz8/Pj4', 'Pj4-Pz8_Pj4']));
  });

  test('are only the text and its percent-encoding for a shorter secret, and none for blanks or a known secret', () => {
    const masks = new Masks();
    expect(masks.add('abc#efg')).toEqual(['abc#efg', 'abc%23efg']);
    expect(masks.add('abc#efg')).toEqual([]);
    expect(masks.add('  ')).toEqual([]);
    expect(masks.scrub(`a  b ${Buffer.from('abc#efg', 'utf16le').toString('hex')}`)).toMatch(/^a {2}b [0-9a-f]+$/);
  });

  test('are also those of each line with eight characters and more, without its indentation', () => {
    const forms = new Masks().add(`-----BEGIN X-----\r\n\r\n  ${SHORTEST}\nsevench\nends in dashes-----`);
    expect(forms).toEqual(expect.arrayContaining([SHORTEST, hex, 'ends in dashes-----']));
    for (const absent of ['', 'sevench', '-----BEGIN X-----']) expect(forms).not.toContain(absent);
  });
});

test.each([
  ['base64 in lines', 'YWJj\r\nI2Vm\r\nZ2g'],
  ['base64 in escaped lines', 'YWJj\\nI2Vm\\nZ2g'],
  ['base64 in lines that are escaped twice', 'YWJj\\\\nI2Vm\\\\nZ2g'],
  ['hex in pairs', '61:62:63:23:65:66:67:68'],
  ['hex in pairs over two lines', '61:62:63:23\n65:66:67:68'],
])('the shortest secret with encoded forms is found in %s', (_, form) => {
  expect(masksOf(SHORTEST).scrubForeign(`is "${form}" known`)).toBe('is "***" known');
  expect(masksOf(SHORTEST).isIn(`"${form}"`)).toBe(true);
});

test('a secret is looked for up to the last character, and a text that only begins like one holds none', () => {
  const masks = masksOf(SHORTEST, 'abcdefgh-first-secret', 'abcdefgh-second-secret');
  for (const text of [SHORTEST, `x${SHORTEST}`, 'abcdefgh-first-secret', 'abcdefgh-second-secret'])
    expect(masks.isIn(text), text).toBe(true);
  for (const text of [SHORTEST.slice(0, -1), 'abcdefgh-', 'abcdefgh-nothing'])
    expect(masks.isIn(text), text).toBe(false);
});

test('base64 behind another byte hides every character that holds only bits of the secret', () => {
  const text = Buffer.from(`x${SHORTEST}zzz`).toString('base64');
  expect(masksOf(SHORTEST).scrub(text)).toBe(`${text.slice(0, 2)}***${Buffer.from('zzz').toString('base64')}`);
});

test('a secret is also known without its backslashes, unless little stays of it', () => {
  expect(masksOf('abcd\\efgh').scrub('abcdefgh')).toBe('***');
  expect(masksOf('ab\\cd\\efg').scrub('abcdefg')).toBe('abcdefg');
});

test('an output keeps what a short secret may be by chance', () => {
  expect(masksOf('abc', SHORTEST).scrubValue(`abc, ${SHORTEST}, 61626323`)).toBe('abc, ***, 61626323');
});

test('a secret that begins at the cut is not told of', () => {
  expect(masksOf(SECRET).scrubForeign(`abc${SECRET}`, 3)).toBe('abc');
  expect(masksOf(SECRET).scrubForeign(`abc${SECRET}`, 4)).toBe('abc***');
});

test.each<[string, string, (secret: string) => string]>([
  ['UTF-8 read as Latin-1', '\u65e5\u672c\u8a9e\u306e\u9375', (text) => Buffer.from(text).toString('latin1')],
  [
    'UTF-8 read as the code page of Windows',
    '\u65e5\u672c\u8a9e\u306e\u9375',
    (text) => new TextDecoder('windows-1252').decode(Buffer.from(text)),
  ],
  [
    'JSON in which other characters are escaped than usual',
    'tab\there\rand\nthere',
    (text) => JSON.stringify(text).slice(1, -1).replaceAll('a', '\\u0061'),
  ],
  ['octal escapes in JSON', 'a&amp;b\u00f3c#d', (text) => text.replace('\u00f3', '\\\\303\\\\263')],
  ['an entity of the last code point', 'last \u{10ffff} of all', (text) => text.replace('\u{10ffff}', '&#1114111;')],
  [
    'JSON that is escaped again and again',
    'Tr0ub4dor&3x',
    (text) => text.replace(/\D/g, (unit) => `${'\\'.repeat(8)}u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  ],
])('a secret is found in %s: %j', (_, secret, write) => {
  expect(masksOf(secret).scrubForeign(`is ${write(secret)} known`)).toBe('is *** known');
});

describe('of several secrets nothing stays', () => {
  test.each([
    ['one begins like another', ['hunter', 'hunter-4711-long'], 'a hunter-4711-long b hunter c', 'a *** b *** c'],
    ['one ends where another begins', ['abcdefgh', 'efghijkl'], 'x abcdefghijkl y', 'x *** y'],
    ['one lies in another', ['-4711-', 'hunter-4711-long'], 'x hunter-4711-long y', 'x *** y'],
    ['one repeats within itself', ['aba'], 'x ababa y', 'x *** y'],
  ])('%s', (_, secrets, text, expected) => {
    expect(masksOf(...secrets).scrub(text)).toBe(expected);
    expect(masksOf(...secrets.toReversed()).scrub(text)).toBe(expected);
  });
});

describe('of a secret of few letters with backslashes and signs nothing stays', () => {
  const secret = 'a9"$9/b\\a9\\\\"\'c';
  test.each<[string, (text: string) => string]>([
    ['HTML', escapeHtml],
    ['JSON whose slashes are escaped too', (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/')],
    ['JSON within JSON', (text) => JSON.stringify(JSON.stringify(text).slice(1, -1)).slice(1, -1)],
    ['a string of Python', (text) => text.replace(/[\\']/g, '\\$&')],
    ['a string of a shell', (text) => text.replace(/[\\"$`]/g, '\\$&')],
    ['HTML within JSON', (text) => JSON.stringify(escapeHtml(text)).slice(1, -1)],
  ])('in %s', (_, write) => {
    expect(masksOf(secret).scrubForeign(`is ${write(secret)} known`)).toBe('is *** known');
    expect(masksOf(secret).isIn(`is ${write(secret)} known`)).toBe(true);
  });
});

describe('a cut', () => {
  test('does not leave the beginning of a secret', () => {
    const text = `${'x'.repeat(10)}${SECRET} and more`;
    for (let at = 11; at < 10 + SECRET.length; at++)
      expect(masksOf(SECRET).scrubForeign(text, at)).toBe(`${'x'.repeat(10)}***`);
  });

  test('counts characters of the original, so that secrets before it bring none of another secret into view', () => {
    const masks = masksOf('first-secret', 'second-secret');
    const text = `${'first-secret '.repeat(20)}second-secret`;
    for (let at = 0; at <= text.length; at++) expect(masks.scrubForeign(text, at)).not.toMatch(/second|s$|se/);
  });

  test('without a secret nearby is made where it was asked for', () => {
    expect(masksOf(SECRET).scrubForeign('abcdef', 3)).toBe('abc');
    expect(masksOf(SECRET).scrubForeign('abcdef', 300)).toBe('abcdef');
  });
});

test.each([
  '\\',
  '\\1',
  '\\10',
  '\\u00',
  '\\x',
  '&',
  '&#',
  '&#x',
  '&amp',
  '%',
  '%4',
  '0x',
  '0x4 ',
  '-',
  '1 ',
  '1,, ',
  '\u00c2',
  '\u00e2\u0080',
  'a\u0301',
  '\\"',
  '\\\\n',
  '\\101 ',
  '%2525',
  '-1,-',
  '1;;;;;;;',
  '<a',
  '\u001b[1;',
  '\u00e2\u201a\u00ac',
])('%j, again and again, is read in a time that grows no faster than its length', (unit) => {
  const text = unit.repeat(60_000 / unit.length);
  const ms = workMs(() => masksOf(SECRET).scrubForeign(text));
  expect(ms).toBeLessThan(1000);
});

test('a secret is hidden however often a text repeats it', () => {
  const secret = 'abcdefghijklmnopqrst';
  expect(masksOf(secret).scrubForeign(`${secret}. `.repeat(40_000))).toBe('***. '.repeat(40_000));
});

test('whatever the secret, the text around it and the cut, no form of it is found afterwards', () => {
  const secrets = fc
    .string({ unit: 'grapheme', minLength: 12, maxLength: 40 })
    .filter((text) => text.trim().length >= 12);
  const forms = [
    (text: string) => text,
    (text: string) => Buffer.from(text).toString('hex'),
    (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, ''),
    (text: string) => percentEncode(text),
    (text: string) => JSON.stringify(text).slice(1, -1),
  ];
  fc.assert(
    fc.property(secrets, fc.constantFrom(...forms), fc.nat(60), fc.nat(120), (secret, encode, before, cut) => {
      const form = encode(secret);
      const scrubbed = masksOf(secret).scrubForeign(`${'.'.repeat(before)}${form}${'.'.repeat(20)}`, cut);
      expect(scrubbed).not.toContain(form);
      if (cut > before) expect(scrubbed.slice(before, before + 3)).toBe('***');
    }),
  );
});
