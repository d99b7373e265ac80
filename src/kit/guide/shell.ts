import { foldName } from '../../files/names.ts';
import { renderChecksums } from '../../files/writing/checksums.ts';
import type { AlgorithmName } from '../../verifying/algorithm.ts';
import type { KitRelease } from '../release.ts';
import { blockOf, isPrintable, quoteForShell } from './quoting.ts';

/** Commands that differ between Linux and macOS. */
interface ShellTools {
  /** Checks a list of SHA-256 from standard input. */
  readonly checkSums: string;
  /** Decodes hexadecimal text of `$1` to `$signature`. */
  readonly decodeHex: string;
}

const LINUX: ShellTools = {
  checkSums: 'sha256sum -c',
  decodeHex: `tr -d '\\r\\n' < "$1" | tr a-f A-F | basenc --base16 -d > "$signature"`,
};
/** `xxd` would not truncate the file without the redirection, and leave the end of a longer signature. */
const MAC: ShellTools = { checkSums: 'shasum -a 256 -c', decodeHex: 'xxd -r -p < "$1" > "$signature"' };

/** Last line of a successful check. */
export const ALL_WELL = 'Every file is signed with this key, and as the list says.';

/** Renders the commands that save the key and print its fingerprint. */
export function renderKey(release: KitRelease): string {
  const pem = release.key.keyObject.export({ format: 'pem', type: 'spki' }).toString();
  const file = fileFor(release, 'public-key.pem');
  return blockOf('sh', [
    `cat > ${file} <<'END'`,
    pem.trim(),
    'END',
    `openssl pkey -pubin -in ${file} -outform DER | openssl dgst -sha256`,
  ]);
}

/** Returns a name for a file that the reader creates next to the release, without overwriting a file of the release. */
export function fileFor({ data, checksums = '', timestamp = '' }: KitRelease, name: string): string {
  const paths = [...data.files.map(([path]) => path), ...data.companions, checksums, timestamp];
  const taken = new Set(paths.map((path) => foldName(path.replace(/\/.*/s, ''))));
  let free = name;
  for (let number = 2; taken.has(foldName(free)) || taken.has(foldName(free + data.suffix)); number++)
    free = name.replace('.', `-${number}.`);
  return free;
}

/** Renders the commands for a shell with OpenSSL 3, or with the LibreSSL of macOS. */
export function renderShell(release: KitRelease, system: 'linux' | 'mac'): string {
  const tools = system === 'linux' ? LINUX : MAC;
  // Runs in a subshell, so that the reader's shell stays open when a check fails.
  return blockOf('sh', [
    '(',
    ...defineCheck(release, tools),
    '',
    ...checkAll(release, tools),
    `echo ${quoteForShell(ALL_WELL)}`,
    ')',
  ]);
}

/** Renders the command that checks the time stamp over the checksums. */
export function renderStampCheck(
  { checksums, timestamp }: { readonly checksums: string; readonly timestamp: string },
  authorityFile: string,
): string {
  const [list, stamp] = [operand(checksums), operand(timestamp)];
  return blockOf('sh', [`openssl ts -verify -data ${list} -in ${stamp} -CAfile ${authorityFile}`]);
}

function defineCheck(release: KitRelease, tools: ShellTools): string[] {
  const { data, layout } = release;
  const decode =
    data.encoding === 'hex' ? tools.decodeHex : `tr -d '\\r\\n' < "$1" | openssl base64 -d -A > "$signature"`;
  return [
    'set -e',
    'signature=$(mktemp)',
    '',
    '# check FILE: fails unless FILE has a valid signature beside it.',
    'check() {',
    `  set -- "$1${data.suffix}" "$1"`,
    `  ${decode}`,
    ...(layout === 'ieee-p1363' ? toDer() : []),
    `  ${verifyCommand(data.algorithm, fileFor(release, 'public-key.pem'))} >/dev/null || { echo "$2: NOT VALID"; return 1; }`,
    '  echo "$2: valid signature"',
    '}',
  ];
}

/** Renders the conversion to DER, the only form of ECDSA signatures that OpenSSL accepts. */
function toDer(): string[] {
  return [
    `  hex=$(od -An -v -tx1 < "$signature" | tr -d ' \\n')`,
    `  half=$((\${#hex} / 2))`,
    `  r=$(printf %s "$hex" | cut -c "1-$half")`,
    `  s=$(printf %s "$hex" | cut -c "$((half + 1))-")`,
    `  printf 'asn1=SEQUENCE:rs\\n[rs]\\nr=INTEGER:0x%s\\ns=INTEGER:0x%s\\n' "$r" "$s" > "$signature.cnf"`,
    `  openssl asn1parse -genconf "$signature.cnf" -noout -out "$signature"`,
  ];
}

function verifyCommand(algorithm: AlgorithmName, keyFile: string): string {
  if (algorithm === 'ed25519')
    return `openssl pkeyutl -verify -pubin -inkey ${keyFile} -rawin -in "$2" -sigfile "$signature"`;
  const bits = algorithm.slice(-3);
  const pss = `-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:${Number(bits) / 8} `;
  return `openssl dgst -sha${bits} ${algorithm.startsWith('rsa-pss') ? pss : ''}-verify ${keyFile} -signature "$signature" "$2"`;
}

function checkAll({ data, checksums }: KitRelease, { checkSums }: ShellTools): string[] {
  if (checksums !== undefined) {
    return [
      '# The list is signed, and the list names every file.',
      `check ${operand(checksums)}`,
      `${checkSums} ${operand(checksums)}`,
    ];
  }
  const files = data.files.filter(([path]) => isPrintable(path));
  const sums = renderChecksums(files.map(([path, , sha256]) => ({ path, sha256 })));
  return [
    ...files.map(([path, size]) =>
      size === 0 && data.algorithm === 'ed25519'
        ? `# OpenSSL checks no Ed25519 signature of an empty file: ${quoteForShell(path)} is only looked up in the list.`
        : `check ${operand(path)}`,
    ),
    `${checkSums} <<'END'`,
    ...sums.trimEnd().split('\n'),
    'END',
  ];
}

/** Quotes a path so that no program takes it for an option. */
function operand(path: string): string {
  return quoteForShell(path.startsWith('-') ? `./${path}` : path);
}
