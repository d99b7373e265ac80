import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { failed, passed, warned } from '../../src/preflight/finding.ts';
import { isGreen, type Report } from '../../src/report/report.ts';
import { type Surroundings, verifyCommand } from '../../src/report/summary/next-steps.ts';
import { renderSummary } from '../../src/report/summary/summary.ts';
import type { AlgorithmName } from '../../src/verifying/algorithm.ts';
import { summaryToHtml, summaryToText } from '../../tools/summary/render.ts';
import { imbalanceOf, tagsOf } from './html.ts';
import * as samples from './samples.ts';

const { FORK, PULL_REQUEST, PUSH } = samples;

const textOf = (report: Report, around: Surroundings): string => summaryToText(renderSummary(report, around));

test.each(samples.ALL)(
  '%s: one heading says the result, one what to do, and every tag is closed',
  (_, report, around) => {
    const html = summaryToHtml(renderSummary(report, around));
    expect(imbalanceOf(html)).toBeUndefined();
    expect(html.startsWith('<h2>')).toBe(true);
    expect(tagsOf(html).filter((tag) => /^h[12]$/.test(tag))).toEqual(['h2']);
    const headings = [...html.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, text]) => text);
    const rest = headings.filter((text) => text !== 'What this run proved' && text !== 'Time for each file');
    expect(rest.at(-1)).toBe('What to do next');
    expect(rest.filter((text) => text === 'What to do next')).toHaveLength(1);
    // Numbers come last in a red run.
    if (headings.includes('Time for each file')) expect(headings.at(-1) === 'What to do next').toBe(isGreen(report));
  },
);

/** Expects texts to stand in a text in this order. */
function expectOrder(text: string, ...parts: string[]): void {
  const places = parts.map((part) => text.indexOf(part));
  expect(places, text).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
}

describe('a reader finds', () => {
  test('of a release: the result, numbers, times, where everything is and how to check it', () => {
    expectOrder(
      textOf(samples.green(), PUSH),
      '✅ 1,244 files (531 MB) signed (1,204 new, 40 kept), each checked, in 8.4 s.',
      'octocat/hello-world · v1.2.3 · 5f1d0a7c3b',
      'Valid signatures: 1,244 of 1,244',
      'CN=release-signing, until 2027-06-30',
      'https://sign.example.com, 1,216 requests',
      'Of 1,204 files: median 38 ms, p95 374 ms, slowest 2.5 s.',
      '50 – 100 ms  330  ████',
      'Slowest files',
      'the signatures are in the artifact signatures.',
      'SHA256SUMS',
      'manifest.json',
      'openssl base64 -d -A -in FILE.sign |',
      '1,244 results',
      'and 1,194 other files; the manifest lists all.',
    );
    expect(renderSummary(samples.green(), PUSH)).toContain(`<a href="${PUSH.artifactUrl}">`);
  });

  test('of many fast files: no chart', () => {
    const quick = samples.signedFiles(500, 'verified').map((one) => ({ ...one, elapsedMs: one.elapsedMs / 100 }));
    const text = textOf({ ...samples.verified(), outcomes: quick }, PUSH);
    expect(text).toContain('✅ All 500 files');
    expect(text).not.toContain('Time for each file');
  });

  test('of a few files: neither chart nor slowest files', () => {
    const text = textOf(samples.green(10), PUSH);
    expect(text).not.toContain('Time for each file');
    expect(text).toContain('✅ 50 files');
  });

  test('of a failure: its causes first, the run before its files, and what a further run would keep', () => {
    const report = samples.failedForSeveralReasons();
    expectOrder(
      textOf(report, PUSH),
      '❌ Signing failed: 26 of 998 files failed, 160 more not signed. Nothing was uploaded.',
      'SERVICE_DOWN',
      'UNAVAILABLE (24 files)',
      'What to do: The service, or what it depends on',
      'and 14 others; the manifest lists all',
      'FILE_TOO_LARGE_FOR_SERVER (2 files)',
      'The clock of the service is 41 s ahead',
      'The manifest lists every file. To keep it, give this step id: sign, and upload',
      'The next run keeps 812 valid signatures if it finds the same workspace',
      'mode: preflight lists everything',
      'Not signed',
    );
    expect(textOf({ ...report, verification: undefined }, PUSH)).toContain('The next run signs all files again');
  });

  test('of a failure: no command that a release would be checked with, and how many signatures are valid', () => {
    const text = textOf(samples.failedForSeveralReasons(), PUSH);
    expect(text).toContain('Valid signatures: 812 of 998');
    expect(text).not.toContain('openssl');
    const none = {
      ...samples.unverified(),
      outcomes: samples.failedFiles(['a', 'b'], new ActionError('INTERNAL', 'a')),
    };
    expect(textOf(none, PUSH)).toContain('Valid signatures: 0 of 2');
  });

  test('of a failure: each code leads to its row, and nothing is a link that the runner does not know', () => {
    const report = samples.failedForSeveralReasons();
    const markdown = renderSummary(report, PUSH);
    for (const code of ['SERVICE_DOWN', 'UNAVAILABLE']) {
      expect(markdown).toContain(`<a href="${PUSH.docs}/faults.md#${code.toLowerCase()}">${code}</a>`);
    }
    expect(markdown).toContain(`<a href="${PUSH.docs}/faults.md">`);
    expect(renderSummary(samples.preflight(), PUSH)).toContain(`${PUSH.docs}/faults.md#tls_client_rejected">`);
    expect(renderSummary(report, samples.UNKNOWN)).not.toContain('<a ');
    expect(textOf(report, samples.UNKNOWN)).toContain('docs/faults.md, in the repository of the action,');
  });

  test('of several problems: a list', () => {
    const html = summaryToHtml(renderSummary(samples.neverBegan(), PUSH));
    expect(html.match(/<li>.*<\/li>/g)?.slice(0, 2)).toEqual([
      '<li>Input server-url is empty.</li>',
      expect.stringContaining('retention'),
    ]);
  });

  test('of many files: names in the order in which people count', () => {
    const names = Array.from({ length: 12 }, (_, at) => `part-${at + 1}`);
    const error = new ActionError('INTERNAL', 'It broke.');
    const text = textOf({ ...samples.unverified(), outcomes: samples.failedFiles(names, error) }, PUSH);
    expectOrder(text, 'part-2', 'part-3', 'part-9', 'part-10', 'and 2 others');
  });

  test('of a verification that failed: signatures without a file are not counted as files', () => {
    const text = textOf(samples.unverified(), PUSH);
    expect(text).toContain('❌ Verification failed: 3 of 123 files failed, 1 signature without a file.');
    expectOrder(
      text,
      'SIGNATURE_MISSING (2 files)',
      'SIGNATURE_INVALID',
      'SIGNATURE_ORPHANED',
      'Do not publish or use',
    );
  });

  test('of a preflight with findings: failures first, each with its code', () => {
    const text = textOf(samples.preflight(), PULL_REQUEST);
    expectOrder(
      text,
      'A release cannot be signed now',
      'TLS_CLIENT_REJECTED',
      'It asks for certificates of: CN=Another CA',
      '⚠️\u{a0}warning',
      '▸ 2 checks not made',
      '▸ 2 checks passed',
      'Work from the top',
    );
    expect(text).not.toContain('What this run proved');
  });

  test('of one large file: its speed in bytes only', () => {
    const [one] = samples.signedFiles(1);
    const outcomes = one ? [{ ...one, file: { path: 'disk.img', size: 3e9 }, elapsedMs: 30_000 }] : [];
    const text = textOf({ ...samples.green(), outcomes, durationMs: 30_000 }, PUSH);
    expect(text).toContain('100 MB/s');
    expect(text).not.toContain('files/s');
  });

  test('of one shard: that it is only a part of the release', () => {
    const text = textOf({ ...samples.green(), shard: { index: 2, count: 5 } }, PUSH);
    expectOrder(text, 'Shard: 2 of 5', 'This is shard 2 of 5. Publish when the signatures of all shards');
  });

  test('of a run without verify-key: that nothing was checked, and no command', () => {
    const text = textOf({ ...samples.green(), verification: undefined }, PUSH);
    expect(text).toContain('give verify-key');
    expect(text).not.toContain('openssl');
  });
});

describe('in a pull request a reader finds what was proved, and what was not', () => {
  test.each<[string, Report, Surroundings, readonly string[]]>([
    [
      'a rehearsal',
      samples.rehearsed(),
      FORK,
      [
        'the patterns match 7 files',
        'the upload works',
        'Not proved: that the credentials are right',
        'GitHub gives no secrets',
        'To sign for real',
      ],
    ],
    [
      'a rehearsal without upload',
      { ...samples.rehearsed(), artifact: undefined },
      FORK,
      ['the patterns match 7 files, and each can be read.', 'nor that the upload works.'],
    ],
    [
      'a rehearsal of nothing',
      { ...samples.rehearsed(), outcomes: [] },
      FORK,
      ['Proved: nothing, since no file was matched.'],
    ],
    ['a preflight', samples.soundPreflight(), PULL_REQUEST, ['signed a canary', 'Not proved: that the patterns match']],
    [
      'a preflight without verify-key',
      { ...samples.soundPreflight(), verification: undefined },
      PULL_REQUEST,
      ['signed a canary.', 'Nor that the signatures are valid'],
    ],
    [
      'a verification',
      samples.verified(),
      PULL_REQUEST,
      ['valid for its bytes', 'whoever wrote the pull request chose them'],
    ],
    ['nothing at all', samples.skipped(), FORK, ['⏭️ Skipped', 'Proved: nothing.', 'if-no-credentials: rehearse']],
    ['a signing', samples.green(3), PULL_REQUEST, ['this code is not merged yet']],
  ])('by %s', (_, report, around, parts) => {
    expectOrder(textOf(report, around), ...parts);
  });

  test('but a failure proves nothing', () => {
    const failure = new ActionError('INTERNAL', 'It broke.');
    expect(textOf({ ...samples.rehearsed(), failure }, FORK)).not.toContain('proved');
  });
});

const HOSTILE = [
  '</table><h1>✅ signed</h1>',
  '</details></code>',
  '# heading',
  '| a | b |',
  '![image](https://example.com/x.png)',
  '[link](javascript:alert(1))',
  '<script>alert(1)</script>',
  '<!--',
  '```',
  'x\n## ✅ all signed\n\n| a |\n|---|',
  '@octocat #1 :tada:',
  '<a href="https://example.com">',
  '&lt;b&gt;',
];

test.each(HOSTILE)('a text that others chose makes no markup, wherever it shows: %j', (text) => {
  const error = new ActionError('SERVER_ERROR', `The service said ${text}`, { hint: text });
  const named = samples.signedFiles(30).map((one) => ({ ...one, file: { ...one.file, path: text + one.file.path } }));
  const report: Report = {
    ...samples.failedForSeveralReasons(),
    outcomes: [...named, ...samples.failedFiles([text], error)],
    notes: [text],
    service: text,
    certificate: {
      subject: text,
      issuer: text,
      serial: '1A2B3C',
      notBefore: '2026-06-30T12:00:00.000Z',
      notAfter: text,
      sha256: text,
      publicKeySha256: text,
    },
    manifest: text,
    checksums: text,
  };
  const artifact = { name: text, id: 1, digest: text, bytes: 1 };
  const around = { ...PUSH, artifactUrl: text };
  const inert: Report = { ...samples.green(), manifest: 'm', checksums: 'c' };
  const pairs: [Report, Report][] = [
    [report, { ...report, ...without(text, report) }],
    [
      { ...inert, manifest: text, checksums: text, artifact, outcomes: named },
      { ...inert, artifact: { ...artifact, name: 'a' }, outcomes: samples.signedFiles(30) },
    ],
    [
      { ...samples.preflight(), findings: [passed(text, text), warned(text, text, text), failed(text, error)] },
      {
        ...samples.preflight(),
        findings: [
          passed('a', 'a'),
          warned('a', 'a', 'a'),
          failed('a', new ActionError('INTERNAL', 'a', { hint: 'a' })),
        ],
      },
    ],
  ];
  for (const [bad, good] of pairs) {
    const [html, expected] = [bad, good].map((one) => summaryToHtml(renderSummary(one, around)));
    expect(imbalanceOf(html ?? '')).toBeUndefined();
    // A line end within a text of ours becomes a break or begins an item of a list, which is all that a text may do.
    const visible = (tags: string[]): string[] => tags.filter((tag) => !/^(?:br|\/?ul|\/?li|\/?p)$/.test(tag));
    expect(visible(tagsOf(html ?? ''))).toEqual(visible(tagsOf(expected ?? '')));
  }
});

/** The same report with harmless texts. */
function without(text: string, report: Report): Partial<Report> {
  const certificate = {
    subject: 'a',
    issuer: 'a',
    serial: '1A2B3C',
    notBefore: '2026-06-30T12:00:00.000Z',
    notAfter: 'a',
    sha256: 'a',
    publicKeySha256: 'a',
  };
  const error = new ActionError('SERVER_ERROR', 'a', { hint: 'a' });
  const outcomes = report.outcomes.map((one) => ({
    ...one,
    file: { ...one.file, path: one.file.path.replace(text, 'a') },
    ...(one.error ? { error } : {}),
  }));
  return { outcomes, notes: ['a'], service: 'a', certificate, manifest: 'a', checksums: 'a' };
}

test('an address that GitHub did not make is not shown as a link', () => {
  const around = { ...samples.UNKNOWN, artifactUrl: 'https://example.com/"onclick="alert(1)' };
  expect(renderSummary(samples.green(), around)).not.toContain('<a ');
});

type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
const ec = (namedCurve: string) => (): Keys => generateKeyPairSync('ec', { namedCurve });
const rsa = (): Keys => generateKeyPairSync('rsa', { modulusLength: 2048 });

describe('the command of the summary', () => {
  test.each<[AlgorithmName, 'base64' | 'hex', () => Keys]>([
    ['ecdsa-sha256', 'base64', ec('P-256')],
    ['ecdsa-sha256', 'hex', ec('P-256')],
    ['ecdsa-sha384', 'base64', ec('P-384')],
    ['ecdsa-sha512', 'base64', ec('P-521')],
    ['rsa-pkcs1-sha256', 'base64', rsa],
    ['rsa-pkcs1-sha512', 'hex', rsa],
    ['rsa-pss-sha256', 'base64', rsa],
    ['rsa-pss-sha384', 'base64', rsa],
    ['ed25519', 'base64', () => generateKeyPairSync('ed25519')],
  ])('accepts a sound file and refuses a changed one: %s in %s', (name, encoding, generate) => {
    const directory = mkdtempSync(join(tmpdir(), 'verify-command-'));
    try {
      const { publicKey, privateKey } = generate();
      const pem = String(publicKey.export({ type: 'spki', format: 'pem' }));
      const hash = name === 'ed25519' ? null : (name.split('-').at(-1) ?? '');
      const options = name.startsWith('rsa-pss') ? { padding: 6, saltLength: Number(name.slice(-3)) / 8 } : {};
      const signature = sign(hash, Buffer.from('content'), { key: privateKey, ...options });
      writeFileSync(join(directory, 'public-key.pem'), pem);
      writeFileSync(join(directory, 'FILE.sig'), signature.toString(encoding));
      const command = verifyCommand(samples.verificationOf(name, encoding, pem), '.sig');
      const run = (): string => execFileSync('bash', ['-c', command], { cwd: directory, stdio: 'pipe' }).toString();
      writeFileSync(join(directory, 'FILE'), 'content');
      expect(run()).toMatch(/Verified OK|Verified Successfully/);
      writeFileSync(join(directory, 'FILE'), 'Content');
      expect(run).toThrow();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
