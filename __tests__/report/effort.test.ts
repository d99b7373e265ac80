import { expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { describeBlindRepeats, Repeats } from '../../src/modes/stages/signing-notes.ts';
import { publish } from '../../src/report/publish.ts';
import { type Report, ReportBuilder } from '../../src/report/report.ts';
import { createRunner, type Runner } from '../../src/runner.ts';
import { Failure } from '../../src/signing/policy/failure.ts';
import { failedFiles } from './samples.ts';

const GONE = new ActionError('FILE_VANISHED', 'a.bin was removed after it was listed.');

const silent: Runner = {
  ...createRunner({}),
  line: () => {},
  openGroup: () => {},
  closeGroup: () => {},
  output: () => {},
  summary: () => {},
  annotate: () => {},
};

function annotationsOf(facts: Partial<Report>): readonly string[] {
  const texts: string[] = [];
  const runner: Runner = { ...silent, annotate: (_, title, text) => void texts.push(`${title}: ${text}`) };
  const report = new ReportBuilder();
  report.add(facts);
  publish(runner, report.build());
  return texts;
}

test.each([
  [1, 'after 1 try in 31.0 s.'],
  [8, 'after 8 tries in 31.0 s.'],
])('what a lost file took is told in tries, since one may end before its request: %i', (attempts, says) => {
  const outcomes = failedFiles(['a.bin'], GONE).map((one) => ({ ...one, attempts }));
  expect(annotationsOf({ outcomes })[0]).toContain(`Given up on a.bin ${says}`);
});

test.each(['VERIFY_KEY_WRONG', 'SIGNATURE_INVALID'] as const)(
  'files whose signatures fit no key are told with the failure of the run, as one error: %s',
  (code) => {
    const outcomes = failedFiles(['a.bin', 'b.bin'], new ActionError('SIGNATURE_INVALID', 'It is not valid.'));
    const failure = new Failure('config', code, 'No signature fits verify-key.', { endsRun: 'verify-key' });
    const annotations = annotationsOf({ outcomes, failure });
    expect(annotations).toEqual([
      expect.stringMatching(new RegExp(`^${code}: No signature[^]*\\nFiles: a\\.bin, b\\.bin`)),
    ]);
  },
);

test('a signature is called kept only where there is one', () => {
  const [file] = failedFiles(['a.bin'], GONE);
  if (file === undefined) throw new Error('There is no sample.');
  const lines: string[] = [];
  const context = { runner: { line: (text: string) => void lines.push(text) } };
  const signed = { ...file, status: 'signed', error: undefined, blindRepeats: 2 } as const;
  describeBlindRepeats(context, [signed, { ...file, blindRepeats: 1 }]);
  expect(lines).toEqual([
    expect.stringMatching(
      /^2 requests were repeated after .*: .* signed twice\. The signature of the last answer was kept\.$/,
    ),
    expect.stringMatching(
      /^1 request was repeated after .* came\. No repeat brought a signature, but the service may have signed these files\.$/,
    ),
  ]);
  expect(describeBlindRepeats(context, [file])).toEqual({});
});

test('a request that several files share counts as one repeat, and repeats without a failure of a signature are no warning', () => {
  const lines: string[] = [];
  const context = { runner: { line: (text: string) => void lines.push(text), annotate: () => {} } };
  const repeats = new Repeats();
  const onEvent = repeats.watching(() => {});
  const failure = new Failure('service', 'THROTTLED', 'The service answered 429.', { request: {} });
  for (const job of [1, 2, 3]) onEvent({ type: 'retry', job, failure, delayMs: 1 });
  onEvent({ type: 'retry', job: 1, failure: failure.with({ request: {} }), delayMs: 1 });
  expect(repeats.tell(context, { requests: 3, files: 3, outcomes: [] })).toEqual({});
  expect(lines).toEqual(['3 requests for 3 files, repeated after 2 × THROTTLED']);
});

test('a file that was not tried counts no time', () => {
  const outcomes = failedFiles(['a.bin'], GONE).map((one) => ({ ...one, attempts: 0 }));
  expect(annotationsOf({ outcomes })[0]).not.toContain('Given up');
});

test('the effort of a run is given in requests, also when files were lost for the same reason', () => {
  const failure = new ActionError('UNAUTHORIZED', 'The service refused our signature (401).');
  const [text = ''] = annotationsOf({
    outcomes: failedFiles(['a.bin'], failure),
    failure,
    requests: 1,
    durationMs: 200,
  });
  expect(text).toContain('\nGiven up after 1 request in 200 ms.');
  expect(text).toContain('Files: a.bin');
});

test('a failure after all files were signed, such as that of an upload, counts no requests', () => {
  const failure = new ActionError('ARTIFACT_FAILED', 'The artifact signatures could not be uploaded.');
  const outcomes = failedFiles(['a.bin'], GONE).map((one) => ({ ...one, status: 'signed' as const, error: undefined }));
  expect(annotationsOf({ outcomes, failure, requests: 2, durationMs: 200 })[0]).not.toContain('Given up');
});

test('mode is the last output: a disk that is full before all outputs are written leaves it unset', () => {
  const written: string[] = [];
  const runner: Runner = {
    ...silent,
    output(name) {
      if (written.push(name) === 5) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    },
  };
  const report = new ReportBuilder();
  report.add({ mode: 'sign' });
  expect(publish(runner, report.build())?.code).toBe('OUTPUT_FULL');
  expect(written).not.toContain('mode');
});
