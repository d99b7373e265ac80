import { expect, test } from 'vitest';
import { decodeSignatureFile, readSignatureText } from '../../src/page/verifier/signature-text.ts';

const BYTES = Buffer.from('0f'.repeat(70), 'hex');
const [BASE64, HEX] = [BYTES.toString('base64'), BYTES.toString('hex')];
const MARK = '\uFEFF';

/** The bytes that a program writes of a text. */
const ENCODINGS: Readonly<Record<string, (text: string) => Buffer>> = {
  'UTF-8': (text) => Buffer.from(text),
  'UTF-8 with a mark': (text) => Buffer.from(MARK + text),
  'UTF-16 of Windows PowerShell': (text) => Buffer.from(MARK + text, 'utf16le'),
  'UTF-16, big end first': (text) => Buffer.from(MARK + text, 'utf16le').swap16(),
};

function wrap(text: string, end: string): string {
  return text.replace(/.{64}/g, `$&${end}`);
}

const TEXTS: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  'with a line end': (text) => `${text}\n`,
  'with CRLF': (text) => `${text}\r\n`,
  'in lines': (text) => `${wrap(text, '\n')}\n`,
  'in lines with CRLF': (text) => `${wrap(text, '\r\n')}\r\n`,
  'in lines with CR': (text) => wrap(text, '\r'),
  'with blanks around it': (text) => ` \t${text} `,
};

function read(file: Uint8Array, encoding: 'base64' | 'hex'): string[] {
  return readSignatureText(decodeSignatureFile(file), encoding).map((bytes) => Buffer.from(bytes).toString('hex'));
}

test.each(
  Object.entries(ENCODINGS).flatMap(([name, encode]) =>
    Object.entries(TEXTS).map(([form, write]) => ({ name, form, encode, write })),
  ),
)('$name, $form: the signature is read', ({ encode, write }) => {
  expect(read(encode(write(BASE64)), 'base64')).toContain(HEX);
  expect(read(encode(write(HEX)), 'hex')[0]).toBe(HEX);
  expect(read(encode(write(HEX.toUpperCase())), 'base64')).toContain(HEX);
});

test.each([
  ['UTF-16 without a mark', Buffer.from(BASE64, 'utf16le')],
  ['UTF-16 that is cut in two', Buffer.from(MARK + BASE64, 'utf16le').subarray(0, -1)],
  ['UTF-32', Buffer.from(Uint32Array.from([0xfeff, ...Buffer.from(BASE64)]).buffer)],
  ['a text in armour', Buffer.from(`-----BEGIN SIGNATURE-----\n${BASE64}\n-----END SIGNATURE-----\n`)],
  ['base64 for addresses', Buffer.from('_-'.repeat(40))],
  ['base64 with bits to spare', Buffer.from(`${BASE64.slice(0, -3)}5==`)],
  ['the bytes themselves', BYTES],
  ['nothing', Buffer.alloc(0)],
  ['a mark alone', Buffer.from(MARK, 'utf16le')],
])('%s is no text of a signature', (_, file) => {
  expect(read(file, 'base64')).toEqual([]);
});
