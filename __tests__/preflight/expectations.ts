import { expect } from 'vitest';
import type { Finding } from '../../src/preflight/finding.ts';
import type { Preflight } from './in-process.ts';

/** Returns the failures and warnings of a preflight, as `check: CODE: sentence What to do.`. */
export function troubles({ findings }: Preflight): readonly string[] {
  return findings.filter(({ level, notChecked }) => level !== 'ok' && !notChecked).map(asLine);
}

/** Returns what one check found. */
export function finding({ findings }: Preflight, check: string): string {
  return findings
    .filter((found) => found.check === check)
    .map((found) => `${found.level}: ${asLine(found)}`)
    .join('\n');
}

/** Expects a red run whose only trouble is this one, said in log, annotations, summary and manifest. */
export function expectOneFailure(run: Preflight, code: string, pattern: RegExp): void {
  const failures = run.findings.filter(({ level }) => level === 'failure');
  expect(failures.map(asLine)).toEqual([expect.stringMatching(pattern)]);
  expect(failures[0]?.code).toBe(code);
  expect(run.green).toBe(false);
  expect(run.annotations.filter(({ level }) => level === 'error').map(({ title }) => title)).toEqual([code]);
  expect(run.lines.join('\n')).toContain(code);
  expect(run.summary).toContain('❌&nbsp;failure');
}

function asLine({ check, code, what, todo }: Finding): string {
  return [`${check}:`, code && `${code}:`, what, todo].filter(Boolean).join(' ');
}
