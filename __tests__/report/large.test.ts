import { describe, expect, test } from 'vitest';
import { CODES } from '../../src/codes.ts';
import { ActionError } from '../../src/errors.ts';
import type { FileOutcome } from '../../src/files/release-file.ts';
import { type Finding, failed, warned } from '../../src/preflight/finding.ts';
import { renderManifest } from '../../src/report/manifest.ts';
import { publish } from '../../src/report/publish.ts';
import type { Report } from '../../src/report/report.ts';
import { createRunner, type Runner } from '../../src/runner.ts';
import { summaryToHtml } from '../../tools/summary/render.ts';
import { imbalanceOf } from './html.ts';
import { failedForSeveralReasons, green, preflight, signedFiles } from './samples.ts';
import { problemsOf } from './schema.ts';

const MIB = 1024 * 1024;
const FILES = 100_000;
/** What grows most when it is made safe, what would end a table, and what shows as nothing. */
const HOSTILE = `</table></details><!-- #@:\u{e0041}\n##[error]|${'#'.repeat(3900)}`;

interface Published {
  readonly summary: string;
  readonly annotations: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly lines: number;
}

function publishAll(report: Report): Published {
  const noted = { summary: '', annotations: [] as string[], outputs: {} as Record<string, string>, lines: 0 };
  const runner: Runner = {
    ...createRunner({}),
    line: () => void noted.lines++,
    openGroup: () => {},
    closeGroup: () => {},
    annotate: (_, title, text) => void noted.annotations.push(`${title}${text}`),
    output: (name, value) => {
      noted.outputs[name] = value;
    },
    artifactUrl: () =>
      `https://github.com/${'o'.repeat(39)}/${'r'.repeat(100)}/actions/runs/${'1'.repeat(12)}/artifacts/1`,
    summary: (markdown) => {
      noted.summary += markdown;
    },
  };
  publish(runner, report);
  return noted;
}

/** Expects what the runner and GitHub take, and a summary that is still whole as HTML. */
function expectWithinLimits({ summary, annotations, outputs, lines }: Published): void {
  expect(Buffer.byteLength(summary)).toBeLessThan(MIB);
  expect(annotations.length).toBeLessThanOrEqual(10);
  for (const text of annotations) expect(text.length).toBeLessThanOrEqual(4096);
  expect(Buffer.byteLength(JSON.stringify(outputs))).toBeLessThan(64 * 1024);
  expect(lines).toBeLessThan(20_000);
  expect(imbalanceOf(summaryToHtml(summary))).toBeUndefined();
  expect(summary.slice(0, 5)).toBe('## ❌ ');
}

/** Which texts are not in a summary that is too long to be printed. */
function missing({ summary }: Published, parts: readonly string[]): readonly string[] {
  return parts.filter((part) => !summary.includes(part));
}

/** Most files fail, for as many reasons as asked; every tenth is not tried. */
function outcomes(causes: number, text: string): FileOutcome[] {
  const errors = Array.from(
    { length: causes },
    (_, at) => new ActionError(CODES[at] ?? 'INTERNAL', `Cause ${at} said ${text}`, { hint: `Do ${at}: ${text}` }),
  );
  return signedFiles(FILES).map((one, at) => {
    // The first ones are those that are shown.
    const path = `${at}/${at < 20 * causes ? HOSTILE : HOSTILE.slice(0, 150)}`;
    const file = { path, size: one.file.size };
    if (at % 10 === 9) return { file, status: 'not-tried', attempts: 0, elapsedMs: 0 };
    return at % 3 === 0 ? { ...one, file } : { ...one, file, status: 'failed', error: errors[at % causes] };
  });
}

const WIDE = {
  manifest: `/${HOSTILE}`,
  checksums: `/${HOSTILE}`,
  notes: Array.from({ length: 5000 }, () => HOSTILE.repeat(3)),
  service: HOSTILE,
  certificate: {
    subject: HOSTILE,
    issuer: HOSTILE,
    serial: '1A2B3C',
    notBefore: '2026-06-30T12:00:00.000Z',
    notAfter: HOSTILE,
    sha256: HOSTILE,
    publicKeySha256: HOSTILE,
  },
  artifact: { name: HOSTILE, id: 1, digest: 'a'.repeat(64), bytes: 1 },
};

const OPTIONS = { createdAt: new Date(0), scrub: (text: string) => text };

describe(`${FILES} files`, () => {
  test('that fail for a few reasons: all is said, and within the limits', () => {
    const report = { ...failedForSeveralReasons(), outcomes: outcomes(7, 'no.'), failure: undefined };
    const published = publishAll(report);
    expectWithinLimits(published);
    expect(published.annotations).toHaveLength(5);
    expect(published.summary.split('\n')[0]).toContain('60,000 of 100,000 files failed, 10,000 more not signed');
    const parts = [CODES[6] ?? '', 'What to do next', 'Slowest files', '100,000 results', 'the manifest lists all'];
    expect(missing(published, parts)).toEqual([]);
    expect(missing(published, ['too long for a summary'])).toHaveLength(1);
  });

  test('that fail for every reason there is, with texts as long as they can be', () => {
    const report = { ...failedForSeveralReasons(), ...WIDE, outcomes: outcomes(CODES.length, HOSTILE.repeat(5)) };
    const published = publishAll(report);
    expectWithinLimits(published);
    const parts = ['too long for a summary', 'What to do next', '100,000 results'];
    expect(missing(published, parts)).toEqual([]);
    expect(CODES.some((code) => published.summary.includes(`### ${code} (`))).toBe(true);
  });

  test('that are all signed have a short summary and no annotation', () => {
    const { summary, annotations, outputs } = publishAll(green(FILES));
    expect(summary.slice(0, 20)).toBe('## ✅ 100,040 files (');
    expect(Buffer.byteLength(summary)).toBeLessThan(64 * 1024);
    expect(annotations).toEqual([]);
    expect(outputs).toMatchObject({ 'file-count': '100040', 'signed-count': '100000' });
  });

  test('have a manifest that is written in pieces and follows the schema', () => {
    const pieces = [...renderManifest({ ...failedForSeveralReasons(), outcomes: outcomes(7, 'no.') }, OPTIONS)];
    expect(pieces.length).toBeGreaterThan(FILES);
    const manifest = JSON.parse(pieces.join(''));
    expect(manifest.files).toHaveLength(FILES);
    expect(problemsOf({ ...manifest, files: manifest.files.slice(0, 1000) })).toEqual([]);
  });
});

test('thousands of findings with long texts stay within the limits', () => {
  const text = `${HOSTILE}\n`.repeat(20);
  const findings: Finding[] = Array.from({ length: 1000 }, (_, at) =>
    at % 2 ? warned(HOSTILE, text, text) : failed(HOSTILE, new ActionError('CHECK_FAILED', text, { hint: text })),
  );
  const report = { ...preflight(), ...WIDE, artifact: undefined, findings };
  const { lines: _, ...published } = publishAll(report);
  // The log has all of it.
  expectWithinLimits({ ...published, lines: 0 });
});
