import { constants, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { Language, Parser } from 'web-tree-sitter';
import { renderGuide } from '../../src/kit/guide/guide.ts';
import { curves, signers } from '../verifying/signers.ts';
import { type Case, casesWith, codeUnder, kitOf } from './guides.ts';

/**
 * PowerShell is not available to these tests. Its grammar, the table of what each version has, and the numbers that the
 * commands compute are what can be checked without one.
 */
const grammar = createRequire(import.meta.url).resolve('tree-sitter-powershell/tree-sitter-powershell.wasm');
let parser: Parser | undefined;

beforeAll(async () => {
  await Parser.init();
  parser = new Parser().setLanguage(await Language.load(new Uint8Array(readFileSync(grammar))));
});

function isPowerShell(text: string): boolean {
  return parser?.parse(text)?.rootNode.hasError === false;
}

const VERSIONS = { 'PowerShell 7': 'core', 'Windows PowerShell 5.1': 'framework' } as const;

/** What .NET has since .NET 5 on (PowerShell 7.1), and the .NET Framework since 4.6.1 on (Windows 10), by Microsoft's reference. */
const MEMBERS: Readonly<Record<string, 'both' | 'core' | 'framework'>> = {
  '[Array]::Copy': 'both',
  '[Convert]::FromBase64String': 'both',
  '[Convert]::FromHexString': 'core',
  '[Convert]::ToByte': 'both',
  '[IO.File]::OpenRead': 'both',
  '[IO.File]::ReadAllLines': 'both',
  '[IO.File]::ReadAllText': 'both',
  '[Math]::Max': 'both',
  '[Security.Cryptography.CngKeyBlobFormat]::EccPublicBlob': 'framework',
  '[Security.Cryptography.CngKey]::Import': 'framework',
  '[Security.Cryptography.DSASignatureFormat]::IeeeP1363FixedFieldConcatenation': 'core',
  '[Security.Cryptography.DSASignatureFormat]::Rfc3279DerSequence': 'core',
  '[Security.Cryptography.ECDsa]::Create': 'core',
  '[Security.Cryptography.HashAlgorithmName]::SHA256': 'both',
  '[Security.Cryptography.HashAlgorithmName]::SHA384': 'both',
  '[Security.Cryptography.HashAlgorithmName]::SHA512': 'both',
  '[Security.Cryptography.RSASignaturePadding]::Pkcs1': 'both',
  '[Security.Cryptography.RSASignaturePadding]::Pss': 'both',
  '[Security.Cryptography.RSA]::Create': 'core',
  'New-Object Security.Cryptography.ECDsaCng': 'framework',
  'New-Object Security.Cryptography.RSACng': 'framework',
  'New-Object Security.Cryptography.RSAParameters': 'both',
  'New-Object byte[]': 'both',
  '.Dispose(': 'both',
  '.ImportParameters(': 'both',
  '.ImportSubjectPublicKeyInfo(': 'core',
  '.Substring(': 'both',
  '.Trim(': 'both',
  '.VerifyData(': 'both',
};

/** Names that mean much in either quotes, and a line that would end either. */
const NAMES = [
  'app.bin',
  "quote'd.txt",
  'it\u2019s "a" $(name).txt',
  '`back`tick;{.txt',
  '$env:PATH',
  '@(1).txt',
  '#.txt',
];
const cases = [undefined, 'SHA256SUMS'].flatMap(casesWith).filter(({ algorithm }) => algorithm !== 'ed25519');

function commandsOf(how: Case, heading: string): string {
  const files = NAMES.map((path) => [path, 1, 'ab'.repeat(32)] as const);
  return codeUnder(renderGuide(kitOf(how, files)), heading, 'powershell');
}

describe.each(Object.entries(VERSIONS))('%s', (heading, platform) => {
  test('the commands are PowerShell, in one block, and name only what this version has', () => {
    expect(cases.length).toBeGreaterThan(40);
    for (const how of cases) {
      const commands = commandsOf(how, heading);
      expect(isPowerShell(commands), commands).toBe(true);
      expect(commands.startsWith('& {\n') && commands.endsWith('\n}')).toBe(true);
      const code = commands.replace(/'(?:[^'\u2019]|''|\u2019\u2019)*'/g, "''");
      const used = code.match(/\[[\w.]+\]::\w+|New-Object [\w.[\]]+|(?<=[)\w])\.\w+\(/g) ?? [];
      const foreign = used.filter((name) => !['both', platform].includes(MEMBERS[name] ?? 'unknown'));
      expect(foreign, commands).toEqual([]);
    }
  });

  test('the grammar sees a missing bracket and a quote that ends early', () => {
    for (const how of cases.slice(0, 4)) {
      const commands = commandsOf(how, heading);
      expect(isPowerShell(commands.slice(0, -1))).toBe(false);
      expect(isPowerShell(commands.replace("= 'Stop'", "= 'Stop"))).toBe(false);
    }
  });
});

const CURVES = {
  'ec-p256': { bytes: 32, crv: 'P-256', magic: 'ECS1' },
  'ec-p384': { bytes: 48, crv: 'P-384', magic: 'ECS3' },
  'ec-p521': { bytes: 66, crv: 'P-521', magic: 'ECS5' },
} as const;

/** The bytes that the commands assign to a variable. */
function bytesOf(commands: string, variable: string): Buffer {
  const [, text = ''] =
    new RegExp(`\\$${variable} = \\[Convert\\]::FromBase64String\\('([^']+)'\\)`).exec(commands) ?? [];
  return Buffer.from(text, 'base64');
}

test.each(curves)('%s: Windows PowerShell gets the point of the key, as Windows imports it', (curve) => {
  const { bytes, crv, magic } = CURVES[curve];
  for (const how of cases.filter(({ signer }) => signer === curve)) {
    const blob = bytesOf(commandsOf(how, 'Windows PowerShell 5.1'), 'blob');
    expect([blob.subarray(0, 4).toString(), blob.readUInt32LE(4), blob.length]).toEqual([magic, bytes, 8 + 2 * bytes]);
    const [x, y] = [blob.subarray(8, 8 + bytes), blob.subarray(8 + bytes)].map((each) => each.toString('base64url'));
    const point = createPublicKey({ key: { kty: 'EC', crv, x: x ?? '', y: y ?? '' }, format: 'jwk' });
    expect(point.equals(signers[curve].key.keyObject)).toBe(true);
  }
});

test.each(Object.keys(VERSIONS))('%s gets the numbers of an RSA key, of one for PSS alone too', (heading) => {
  for (const how of cases.filter(({ signer }) => signer.startsWith('rsa'))) {
    const commands = commandsOf(how, heading);
    const [n, e] = ['numbers.Modulus', 'numbers.Exponent'].map((name) => bytesOf(commands, name).toString('base64url'));
    const key = createPublicKey({ key: { kty: 'RSA', n: n ?? '', e: e ?? '' }, format: 'jwk' });
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    const signature = sign('sha256', Buffer.from('content'), { key: signers[how.signer].privateKey, ...pss });
    expect(verify('sha256', Buffer.from('content'), { key, ...pss }, signature)).toBe(true);
  }
});

/** The function as JavaScript: each construct that it uses has the same meaning there. */
function transcribe(commands: string): (der: Uint8Array, size: number) => Uint8Array {
  const [body = ''] = /function ConvertFrom-Der[\s\S]*?\n\}/.exec(commands) ?? [];
  const code = body
    .replace('ConvertFrom-Der([byte[]]$Der, [int]$Size)', 'convert($Der, $Size)')
    .replace(/= if (\(.*?\)) \{ (\d) \} else \{ (\d) \}/, '= $1 ? $2 : $3')
    .replace(/New-Object byte\[\] (\(.*?\))/, 'new Uint8Array$1')
    .replace(/foreach \((\$\w+) in (.*)\) \{/, 'for ($1 of [$2]) {')
    .replaceAll('[int]', '')
    .replaceAll('[Math]::Max', 'Math.max')
    .replaceAll('[Array]::Copy', 'copy')
    .replace(
      / -(eq|ne|gt|or|and) /g,
      (_, name: string) => ({ eq: '===', ne: '!==', gt: '>', or: '||', and: '&&' })[name] ?? name,
    )
    .replace(/^ {2}, (\$\w+)$/m, 'return $1');
  const copy = (from: Uint8Array, at: number, to: Uint8Array, where: number, length: number): void => {
    // As in .NET: nothing is cut off without a word.
    if (Math.min(at, where, length) < 0 || at + length > from.length || where + length > to.length)
      throw new RangeError();
    to.set(from.subarray(at, at + length), where);
  };
  return runInNewContext(`let $at, $numbers, $end, $length, $skip; ${code}; convert`, { copy, Uint8Array, Math });
}

/** A positive INTEGER of DER, from a number of fixed size. */
function integerOf(number: Buffer): Buffer {
  const start = Math.min(
    number.findIndex((byte, at) => byte !== 0 || at === number.length - 1),
    number.length - 1,
  );
  const digits = number.subarray(start);
  const content = (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits;
  return Buffer.concat([Buffer.of(0x02, content.length), content]);
}

test.each(curves)('%s: Windows PowerShell takes both numbers out of DER, whatever their size', (curve) => {
  const how = cases.find(({ signer, layout }) => signer === curve && layout === 'der');
  if (how === undefined) throw new Error('no case');
  const convert = transcribe(commandsOf(how, 'Windows PowerShell 5.1'));
  const size = CURVES[curve].bytes;
  const signature = sign('sha256', Buffer.from('content'), signers[curve].privateKey);
  const key = { key: signers[curve].key.keyObject, dsaEncoding: 'ieee-p1363' } as const;
  expect(verify('sha256', Buffer.from('content'), key, convert(signature, size))).toBe(true);
  for (let at = 0; at < 1000; at++) {
    // The first bytes of some numbers are zero, and the order of P-521 leaves its first byte 0 or 1.
    const numbers = [at % 4, (at >> 2) % 4].map((zeros) => {
      const number = randomBytes(size);
      if (size === 66) number[0] = (number[0] ?? 0) & 1;
      return number.fill(0, 0, zeros);
    });
    const content = Buffer.concat(numbers.map(integerOf));
    const head = content.length < 0x80 ? [0x30, content.length] : [0x30, 0x81, content.length];
    expect(Buffer.from(convert(Buffer.concat([Buffer.from(head), content]), size))).toEqual(Buffer.concat(numbers));
  }
});
