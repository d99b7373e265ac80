import { KIT_MARK, type KitRelease } from '../release.ts';
import { renderPowerShell } from './powershell.ts';
import { asCode, isPrintable } from './quoting.ts';
import { fileFor, renderKey, renderShell, renderStampCheck } from './shell.ts';

/** Renders `VERIFY.md`: how to check this release without a browser. */
export function renderGuide(release: KitRelease): string {
  const { data } = release;
  const name = [data.project, data.ref].filter(Boolean).join(' ');
  const parts = [
    KIT_MARK,
    `# Check ${name ? plain(name) : 'a release'}`,
    ...(data.rehearsal
      ? ['**This is a rehearsal.** The key was made for one run and thrown away: a signature with it proves nothing.']
      : []),
    facts(release),
    '## In a browser',
    `Open ${asCode(release.pageName)} beside this file and drop the files on it. It needs no network and installs nothing.`,
    '## The key',
    'This text came with the files, so it cannot vouch for the key: whoever could change the files could change it too. ' +
      'Get the fingerprint another way, such as the publisher’s own web site, your contract or an earlier release, and compare all of it with the number that these commands print.',
    renderKey(release),
    `The commands below run in the directory of the files, with ${asCode(fileFor(release, 'public-key.pem'))} and the signatures beside the files. They stop at the first file that fails a check.`,
    '## Linux, WSL, Git Bash',
    renderShell(release, 'linux'),
    partOf(release),
    '## macOS',
    data.algorithm === 'ed25519'
      ? 'The LibreSSL of macOS cannot check Ed25519. Use the page, or OpenSSL 3 from Homebrew with the commands above.'
      : renderShell(release, 'mac'),
    ...powerShells(release),
    ...stampOf(release),
    '## What this shows',
    'The signature covers the bytes of a file, and the list covers its name. Together they say that the holder of the key signed exactly these files. They do not say what a file does.',
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function facts({ data, key, checksums }: KitRelease): string {
  const unusual = data.files.filter(([path]) => !isPrintable(path)).length;
  const rows = [
    ['Key', key.name],
    ['Fingerprint (SHA-256)', asCode(key.spkiSha256)],
    ['Algorithm', asCode(data.algorithm)],
    ['Signatures', `text in ${data.encoding}, each in a file of the same name with ${asCode(data.suffix)} added`],
    ['Commit', data.commit ? asCode(data.commit) : ''],
    ['Signed', data.createdAt],
    ['Files', `${data.files.length}${checksums === undefined ? '' : `, listed in ${asCode(checksums)}`}`],
  ];
  const list = rows.filter(([, value]) => value).map(([name, value]) => `- ${name}: ${value}`);
  if (unusual === 0 || checksums !== undefined) return list.join('\n');
  return `${list.join('\n')}\n\n${unusual} of the files have names with invisible characters and are left out below; the page checks them too.`;
}

function stampOf(release: KitRelease): string[] {
  const { checksums, timestamp } = release;
  if (checksums === undefined || timestamp === undefined) return [];
  const authorityFile = fileFor(release, 'authority.pem');
  return [
    '## The time',
    `${asCode(timestamp)} is a time stamp (RFC 3161) of ${asCode(checksums)}: it proves that the list existed at that time. Get the root certificate of the authority from its own web site, as ${asCode(authorityFile)}. OpenSSL 3 prints \`Verification: OK\`.`,
    renderStampCheck({ checksums, timestamp }, authorityFile),
  ];
}

function partOf({ checksums }: KitRelease): string {
  if (checksums === undefined) return '';
  return 'To check some of the files only, add `--ignore-missing` after `-c`: missing files are then not checked and not reported.';
}

function powerShells(release: KitRelease): string[] {
  const [seven, five] = [renderPowerShell(release, '7'), renderPowerShell(release, '5.1')];
  if (seven === undefined || five === undefined) {
    return [
      '## PowerShell',
      'Neither version of PowerShell can check Ed25519. Use the page, or the commands for Git Bash: Git for Windows brings OpenSSL 3.',
    ];
  }
  return ['## PowerShell 7', seven, '## Windows PowerShell 5.1', five];
}

/** Escapes foreign text for a line of Markdown. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').replace(/[\\`*_{}[\]()<>#+!|~&-]/g, '\\$&');
}
