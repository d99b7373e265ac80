import { describe, expect, it } from 'vitest';
import { inspectIdentity } from '../../src/identity/identity.ts';
import type { IdentityText } from '../../src/identity/text/inputs.ts';
import { base64, expectSameIdentity, makePki, OPTIONS, PASSPHRASE, soundText } from './pki.ts';

const pki = makePki();
const sound = soundText(pki);

/** Expects the changed text to give the sound identity all the same; returns the notice. */
const expectSame = (change: Partial<IdentityText>, certificateCount = 2): string =>
  expectSameIdentity(pki, { ...sound, ...change }, certificateCount);

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');

const mangles: Record<string, { mangle: (pem: string) => string; notice: string }> = {
  'as it is': { mangle: (pem) => pem, notice: '' },
  'without the final newline': { mangle: (pem) => pem.trimEnd(), notice: '' },
  'trailing blanks': { mangle: (pem) => pem.replaceAll('\n', '  \n'), notice: '' },
  CRLF: { mangle: (pem) => pem.replaceAll('\n', '\r\n'), notice: 'CRLF line ends' },
  'CR only': { mangle: (pem) => pem.replaceAll('\n', '\r'), notice: 'CR line ends' },
  'UTF-8 byte order mark': { mangle: (pem) => `\ufeff${pem}`, notice: 'byte order mark' },
  'byte order mark read as Latin-1': { mangle: (pem) => `\u00ef\u00bb\u00bf${pem}`, notice: 'byte order mark' },
  'text around': { mangle: (pem) => `Bag Attributes\n  friendlyName: x\n${pem}\nthe end\n`, notice: 'text outside' },
  '\\n escapes': { mangle: (pem) => pem.replaceAll('\n', '\\n'), notice: 'escaped line ends' },
  '\\r\\n escapes': { mangle: (pem) => pem.replaceAll('\n', '\\r\\n'), notice: 'escaped line ends' },
  'doubly escaped': { mangle: (pem) => pem.replaceAll('\n', '\\\\n'), notice: 'escaped line ends' },
  'a JSON string': { mangle: (pem) => JSON.stringify(pem).replaceAll('/', '\\/'), notice: 'quotes' },
  'single quotes': { mangle: (pem) => `'${pem}'`, notice: 'quotes' },
  'one line with blanks': { mangle: (pem) => pem.replaceAll('\n', ' '), notice: 'one long line' },
  'one line without blanks': { mangle: (pem) => pem.replaceAll('\n', ''), notice: 'one long line' },
  indented: { mangle: (pem) => pem.replaceAll(/^/gm, '    '), notice: 'indentation' },
  'indented with tabs, CRLF': { mangle: (pem) => pem.replaceAll('\n', '\r\n\t'), notice: 'indentation' },
  base64: { mangle: base64, notice: 'base64' },
  'base64 in lines': { mangle: (pem) => base64(pem).replace(/.{76}/g, '$&\n'), notice: 'base64' },
  'base64 in escaped lines': { mangle: (pem) => base64(pem).replace(/.{76}/g, '$&\\n'), notice: 'base64' },
  'base64 without padding': { mangle: (pem) => base64(`${pem}\n\n`).replace(/=+$/, ''), notice: 'base64' },
  'base64 of CRLF': { mangle: (pem) => base64(pem.replaceAll('\n', '\r\n')), notice: 'CRLF' },
  'base64 of escapes': { mangle: (pem) => base64(pem.replaceAll('\n', '\\n')), notice: 'escaped line ends' },
  'base64 of base64': { mangle: (pem) => base64(base64(pem)), notice: 'base64' },
  'UTF-16LE with NULs': { mangle: (pem) => utf16(pem).toString('latin1'), notice: 'UTF-16' },
  'UTF-16LE read as UTF-8': { mangle: (pem) => utf16(pem).toString('utf8'), notice: 'UTF-16' },
  'base64 of UTF-16LE': { mangle: (pem) => base64(utf16(pem)), notice: 'UTF-16' },
  'base64 of UTF-16BE': { mangle: (pem) => base64(utf16(pem).swap16()), notice: 'UTF-16' },
};

describe.each(Object.entries(mangles))('%s', { tags: ['fault-21', 'fault-22'] }, (_, { mangle, notice }) => {
  it.each(['cert', 'key', 'chain'] as const)('is accepted for %s, with a notice when something was tidied', (input) => {
    const text = expectSame({ [input]: mangle(sound[input] ?? '') });
    if (notice === '') expect(text).toBe('');
    else expect(text).toMatch(new RegExp(`${input}: .*${notice}`));
  });

  it('is accepted for an old encrypted key', () => {
    pki.openssl('ec', '-in', 'client.key', '-aes128', '-passout', `pass:${PASSPHRASE}`, '-out', 'old.key');
    // Without any white space the end of the initial vector is lost.
    const key = pki.text('old.key');
    const isLost = mangle('a\nb') === 'ab';
    if (!isLost) expectSame({ key: mangle(key), keyPassphrase: PASSPHRASE });
    else
      expect(inspectIdentity({ ...sound, key: mangle(key), keyPassphrase: PASSPHRASE }, OPTIONS).problems).toHaveLength(
        1,
      );
  });
});
