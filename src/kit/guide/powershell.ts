import { childrenOf, readElement } from '../../identity/der/der.ts';
import type { AlgorithmName } from '../../verifying/algorithm.ts';
import type { VerifyKey } from '../../verifying/key.ts';
import type { KitRelease } from '../release.ts';
import { blockOf, isPrintable, quoteForPowerShell } from './quoting.ts';
import { ALL_WELL } from './shell.ts';

/** PowerShell 7 uses .NET; 5.1, which is part of Windows, uses the .NET Framework. */
type PowerShell = '7' | '5.1';

/** Renders the commands for a PowerShell version; `undefined` for Ed25519, which neither version can verify. */
export function renderPowerShell(release: KitRelease, version: PowerShell): string | undefined {
  const { algorithm } = release.data;
  if (algorithm === 'ed25519') return undefined;
  // Wrapped in a script block, so that the first error ends it even when the lines are pasted.
  return blockOf('powershell', [
    '& {',
    "$ErrorActionPreference = 'Stop'",
    ...makeKey(release, version),
    ...(version === '5.1' && release.layout === 'der' ? [...FROM_DER] : []),
    '',
    '# Stops unless the file has a valid signature beside it.',
    'function Test-Signature([string]$Path) {',
    '  $file = Convert-Path -LiteralPath $Path',
    `  $text = [IO.File]::ReadAllText($file + ${quoteForPowerShell(release.data.suffix)}).Trim()`,
    `  ${decodeText(release, version)}`,
    '  $stream = [IO.File]::OpenRead($file)',
    `  try { ${verifyStream(release, version)} } finally { $stream.Dispose() }`,
    '  if (-not $valid) { throw "$($Path): NOT VALID" }',
    '  "$($Path): valid signature"',
    '}',
    '',
    '# Stops unless the file has the SHA-256 of the list.',
    'function Test-Sum([string]$Path, [string]$Sum) {',
    '  if ((Get-FileHash -LiteralPath $Path -Algorithm SHA256).Hash -ne $Sum) { throw "$($Path): CHANGED" }',
    '  "$($Path): as in the list"',
    '}',
    '',
    ...checkAll(release),
    quoteForPowerShell(ALL_WELL),
    '}',
  ]);
}

/** Strips leading zeros from both numbers and pads them to the same size. */
const FROM_DER = [
  '',
  '# The .NET Framework takes the two numbers of a signature without DER around them.',
  'function ConvertFrom-Der([byte[]]$Der, [int]$Size) {',
  '  $at = if ($Der[1] -eq 0x81) { 3 } else { 2 }',
  '  $numbers = New-Object byte[] (2 * $Size)',
  '  foreach ($end in $Size, (2 * $Size)) {',
  '    $length = [int]$Der[$at + 1]',
  '    $skip = [Math]::Max(0, $length - $Size)',
  "    if ($skip -gt 1 -or ($skip -eq 1 -and $Der[$at + 2] -ne 0)) { throw 'no signature' }",
  '    [Array]::Copy($Der, $at + 2 + $skip, $numbers, $end - $length + $skip, $length - $skip)',
  '    $at += 2 + $length',
  '  }',
  '  , $numbers',
  '}',
];

function makeKey({ key, data }: KitRelease, version: PowerShell): string[] {
  if (key.kind.startsWith('rsa')) {
    const { modulus, exponent } = rsaNumbers(key);
    const create =
      version === '7' ? '[Security.Cryptography.RSA]::Create()' : 'New-Object Security.Cryptography.RSACng';
    return [
      '$numbers = New-Object Security.Cryptography.RSAParameters',
      `$numbers.Modulus = [Convert]::FromBase64String('${modulus.toString('base64')}')`,
      `$numbers.Exponent = [Convert]::FromBase64String('${exponent.toString('base64')}')`,
      `$key = ${create}`,
      '$key.ImportParameters($numbers)',
    ];
  }
  if (version === '7') {
    return [
      '$key = [Security.Cryptography.ECDsa]::Create()',
      '$read = 0',
      `$key.ImportSubjectPublicKeyInfo([Convert]::FromBase64String('${data.key}'), [ref]$read)`,
    ];
  }
  return [
    `$blob = [Convert]::FromBase64String('${cngBlob(key).toString('base64')}')`,
    '$cng = [Security.Cryptography.CngKey]::Import($blob, [Security.Cryptography.CngKeyBlobFormat]::EccPublicBlob)',
    '$key = New-Object Security.Cryptography.ECDsaCng $cng',
  ];
}

function decodeText({ data, layout, key }: KitRelease, version: PowerShell): string {
  const hex =
    version === '7'
      ? '[Convert]::FromHexString($text)'
      : "[byte[]]($text -split '(..)' -ne '' | ForEach-Object { [Convert]::ToByte($_, 16) })";
  const bytes = data.encoding === 'hex' ? hex : '[Convert]::FromBase64String($text)';
  if (version === '7' || layout !== 'der') return `$signature = ${bytes}`;
  return `$signature = ConvertFrom-Der (${bytes}) ${CURVE_BYTES[key.kind] ?? 0}`;
}

function verifyStream({ data, layout }: KitRelease, version: PowerShell): string {
  const { algorithm } = data;
  const hash = `[Security.Cryptography.HashAlgorithmName]::SHA${algorithm.slice(-3)}`;
  return `$valid = $key.VerifyData($stream, $signature, ${hash}${lastArgument(algorithm, version, layout)})`;
}

function lastArgument(algorithm: AlgorithmName, version: PowerShell, layout: KitRelease['layout']): string {
  // .NET supports PSS only with a salt as long as the digest.
  if (algorithm.startsWith('rsa-pss')) return ', [Security.Cryptography.RSASignaturePadding]::Pss';
  if (algorithm.startsWith('rsa')) return ', [Security.Cryptography.RSASignaturePadding]::Pkcs1';
  if (version === '5.1') return '';
  const format = layout === 'der' ? 'Rfc3279DerSequence' : 'IeeeP1363FixedFieldConcatenation';
  return `, [Security.Cryptography.DSASignatureFormat]::${format}`;
}

function checkAll({ data, checksums }: KitRelease): string[] {
  if (checksums !== undefined) {
    const list = quoteForPowerShell(checksums);
    return [
      '# The list is signed, and the list names every file.',
      `Test-Signature ${list}`,
      `foreach ($line in [IO.File]::ReadAllLines((Convert-Path -LiteralPath ${list}))) {`,
      '  Test-Sum $line.Substring(66) $line.Substring(0, 64)',
      '}',
    ];
  }
  return data.files
    .filter(([path]) => isPrintable(path))
    .flatMap(([path, , sha256]) => {
      const name = quoteForPowerShell(path);
      return [`Test-Signature ${name}`, `Test-Sum ${name} '${sha256}'`];
    });
}

/** Size of a coordinate in bytes, by kind of key. */
const CURVE_BYTES: Readonly<Record<string, number>> = { 'ec-p256': 32, 'ec-p384': 48, 'ec-p521': 66 };
/** Magic of a `BCRYPT_ECCPUBLIC_BLOB`, by kind of key. */
const CURVE_MAGIC: Readonly<Record<string, string>> = { 'ec-p256': 'ECS1', 'ec-p384': 'ECS3', 'ec-p521': 'ECS5' };

/** Encodes an ECDSA key for import in Windows: a magic word, the size of a coordinate, and both coordinates. */
function cngBlob({ kind, keyObject }: VerifyKey): Buffer {
  const { x = '', y = '' } = keyObject.export({ format: 'jwk' });
  const size = Buffer.alloc(4);
  size.writeUInt32LE(CURVE_BYTES[kind] ?? 0);
  return Buffer.concat([
    Buffer.from(CURVE_MAGIC[kind] ?? ''),
    size,
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ]);
}

/** Reads the numbers of an RSA key from DER, because JWK does not exist for RSA-PSS keys. */
function rsaNumbers({ keyObject }: VerifyKey): { readonly modulus: Buffer; readonly exponent: Buffer } {
  const [, bits] = childrenOf(readElement(keyObject.export({ format: 'der', type: 'spki' })));
  const [modulus, exponent] = childrenOf(readElement(bits?.content.subarray(1) ?? Buffer.alloc(0)));
  const unsigned = (number: Buffer | undefined): Buffer =>
    number?.[0] === 0 ? number.subarray(1) : (number ?? Buffer.alloc(0));
  return { modulus: unsigned(modulus?.content), exponent: unsigned(exponent?.content) };
}
