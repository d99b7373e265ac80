import { execFileSync } from 'node:child_process';
import { constants, createHash, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { marked } from 'marked';
import { describe, expect, test } from 'vitest';
import { renderGuide } from '../../src/kit/guide/guide.ts';
import { ALL_WELL } from '../../src/kit/guide/shell.ts';
import { KIT_MARK } from '../../src/kit/release.ts';
import type { ListedFile } from '../../src/page/data.ts';
import { algorithmOf } from '../../src/verifying/algorithm.ts';
import { runAlone } from '../docs/shell.ts';
import { signers } from '../verifying/signers.ts';
import { type Case, casesWith, codeUnder, kitOf } from './guides.ts';

const NAMES = [
  'app.bin',
  'dist/it\u2019s a "name" with $(blanks).txt',
  "quote'd.txt",
  '-dash',
  '```',
  'end\u202Emark',
  'empty',
];

function signText(bytes: Buffer, { signer, algorithm, encoding, layout }: Case): string {
  const known = algorithmOf(algorithm);
  const key = signers[signer].privateKey;
  if (known.scheme === 'ed25519') return sign(null, bytes, key).toString(encoding);
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const options = { dsaEncoding: layout ?? 'der', ...(known.scheme === 'rsa-pss' ? pss : {}) };
  return sign(known.hash, bytes, { key, ...options }).toString(encoding);
}

/** Writes a release and its guide; returns the directory and the guide. */
function makeRelease(
  how: Case,
  names: readonly string[] = NAMES,
): { readonly directory: string; readonly guide: string } {
  const directory = mkdtempSync(join(tmpdir(), 'guide-'));
  const put = (path: string, bytes: Buffer): string => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes);
    writeFileSync(join(directory, `${path}.sign`), signText(bytes, how));
    return createHash('sha256').update(bytes).digest('hex');
  };
  const files = names.map((path): ListedFile => {
    const bytes = Buffer.from(path === 'empty' ? '' : `content of ${path}`);
    return [path, bytes.length, put(path, bytes)];
  });
  const lines = files.map(([path, , sha256]) => `${sha256}  ${path}\n`).join('');
  if (how.checksums) put(how.checksums, Buffer.from(lines));
  return { directory, guide: renderGuide(kitOf(how, files)) };
}

/** What is run of a guide: macOS' commands too where they are not Linux' with another program for the sums. */
function headingsOf({ algorithm, encoding }: Case, guide: string): string[] {
  if (algorithm === 'ed25519') return [LINUX];
  if (encoding === 'hex') return [LINUX, 'macOS'];
  const [linux, mac] = [LINUX, 'macOS'].map((heading) => codeUnder(guide, heading, 'sh'));
  expect(mac).toBe(linux?.replace('sha256sum -c', 'shasum -a 256 -c'));
  return [LINUX];
}

const KEY = 'The key';
const LINUX = 'Linux, WSL, Git Bash';

describe.each([undefined, 'SHA256SUMS'])('with the checksums %s', (checksums) => {
  const cases = casesWith(checksums);
  // The list is one more signed file: a few of the cases show that.
  test.each(checksums ? cases.filter((_, at) => at % 5 === 0) : cases)(
    '$signer, $algorithm, $encoding, $layout: the commands accept the files, and stop at a changed one',
    async (how) => {
      const { directory, guide } = makeRelease(how, ["quote'd.txt"]);
      const headings = headingsOf(how, guide);
      const keep = await runAlone(codeUnder(guide, KEY, 'sh'), directory);
      expect(keep.output).toContain(signers[how.signer].key.spkiSha256);
      for (const heading of headings) {
        const commands = codeUnder(guide, heading, 'sh');
        const good = await runAlone(commands, directory);
        expect(good.output).toContain(checksums ? 'SHA256SUMS: valid signature' : "quote'd.txt: valid signature");
        expect(good.output).toContain("quote'd.txt: OK");
        expect(good.output.trimEnd().endsWith(ALL_WELL)).toBe(true);
        expect(good.status).toBe(0);
      }
      writeFileSync(join(directory, "quote'd.txt"), 'changed');
      for (const heading of headings) {
        const bad = await runAlone(codeUnder(guide, heading, 'sh'), directory);
        expect(bad.output).toMatch(checksums ? /quote'd\.txt: FAILED/ : /quote'd\.txt: NOT VALID/);
        expect(bad.output).not.toContain(ALL_WELL);
        expect(bad.status).not.toBe(0);
      }
      rmSync(directory, { recursive: true });
    },
  );
});

test.each(['ec-p256', 'ed25519'] as const)(
  '%s: names of all kinds, several files, and an empty one',
  async (signer) => {
    const algorithm = signer === 'ed25519' ? 'ed25519' : 'ecdsa-sha256';
    const layout = signer === 'ed25519' ? undefined : 'ieee-p1363';
    const { directory, guide } = makeRelease({ signer, algorithm, encoding: 'hex', layout, checksums: undefined });
    await runAlone(codeUnder(guide, KEY, 'sh'), directory);
    for (const heading of signer === 'ed25519' ? [LINUX] : [LINUX, 'macOS']) {
      const { status, output } = await runAlone(codeUnder(guide, heading, 'sh'), directory);
      expect(output.match(/: valid signature$/gm)).toHaveLength(signer === 'ed25519' ? 5 : 6);
      expect(output.match(/: OK$/gm)).toHaveLength(6);
      expect(status).toBe(0);
    }
  },
);

test('a list that was changed does not count, whatever its sums say', async () => {
  const how = {
    signer: 'ec-p256',
    algorithm: 'ecdsa-sha256',
    encoding: 'base64',
    layout: 'der',
    checksums: 'SHA256SUMS',
  } as const;
  const { directory, guide } = makeRelease(how);
  await runAlone(codeUnder(guide, KEY, 'sh'), directory);
  writeFileSync(join(directory, 'app.bin'), 'another');
  execFileSync('sh', ['-c', 'sha256sum app.bin > SHA256SUMS'], { cwd: directory });
  const { status, output } = await runAlone(codeUnder(guide, LINUX, 'sh'), directory);
  expect(output).toContain('SHA256SUMS: NOT VALID');
  expect(output).not.toContain('OK');
  expect(status).not.toBe(0);
});

test('a guide begins with the mark of the kit and is one Markdown text, whatever the names are', () => {
  const how = {
    signer: 'rsa',
    algorithm: 'rsa-pss-sha256',
    encoding: 'hex',
    layout: undefined,
    checksums: undefined,
  } as const;
  const { guide } = makeRelease(how);
  expect(guide.startsWith(`${KIT_MARK}\n`)).toBe(true);
  const headings = marked.lexer(guide).flatMap((token) => (token.type === 'heading' ? [token.text as string] : []));
  expect(headings).toEqual([
    'Check octo/road\\-roller v2.4.0',
    'In a browser',
    KEY,
    LINUX,
    'macOS',
    'PowerShell 7',
    'Windows PowerShell 5.1',
    'What this shows',
  ]);
  expect(guide).toContain('1 of the files have names with invisible characters');
  expect(guide).not.toContain('\u202E');
});

test('every character that PowerShell takes for a quote is doubled, and the guide says that PowerShell cannot check Ed25519', () => {
  const how = {
    signer: 'ec-p521',
    algorithm: 'ecdsa-sha512',
    encoding: 'hex',
    layout: 'der',
    checksums: undefined,
  } as const;
  const { guide } = makeRelease(how);
  for (const heading of ['PowerShell 7', 'Windows PowerShell 5.1']) {
    const commands = codeUnder(guide, heading, 'powershell');
    expect(commands).toContain(`Test-Signature 'dist/it\u2019\u2019s a "name" with $(blanks).txt'`);
    expect(commands).toContain("Test-Signature 'quote''d.txt'");
  }
  const edwards = makeRelease({ ...how, signer: 'ed25519', algorithm: 'ed25519', layout: undefined });
  expect(edwards.guide).toContain('Neither version of PowerShell can check Ed25519.');
});
