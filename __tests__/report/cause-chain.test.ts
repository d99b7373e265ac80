import { expect, test, vi } from 'vitest';
import { ActionError, unexpected } from '../../src/errors.ts';
import { publish } from '../../src/report/publish.ts';
import { ReportBuilder } from '../../src/report/report.ts';
import { createRunner } from '../../src/runner.ts';

const SECRET = 'secret-4711\nsecond-line';

/** The lines of debugging that the real runner prints for a failure. */
function debugLines(failure: ActionError, debug = '1'): readonly string[] {
  let printed = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    const runner = createRunner({ GITHUB_ACTIONS: 'true', RUNNER_DEBUG: debug });
    runner.mask([SECRET, 'second-line']);
    const report = new ReportBuilder();
    report.add({ failure });
    publish({ ...runner, output: () => {} }, report.build());
  } finally {
    write.mockRestore();
  }
  // Windows ends lines in CRLF.
  return printed.split(/\r?\n/).filter((line) => line.startsWith('::debug::'));
}

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
const down = new ActionError('SERVICE_DOWN', 'The service did not recover in time.', {
  cause: new ActionError('CONNECT_REFUSED', 'Nobody listens there.', { cause: new AggregateError([refused], 'all') }),
});

test('a run with debug logging logs each cause in the chain of a failure', () => {
  expect(debugLines(down)).toEqual([
    '::debug::SERVICE_DOWN: The service did not recover in time.',
    '::debug::  behind it: CONNECT_REFUSED: Nobody listens there.',
    '::debug::  behind it: AggregateError: all',
    '::debug::  behind it: ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:9',
  ]);
});

test('any other run does not, and a failure without a cause is not logged twice', () => {
  expect(debugLines(down, '0')).toEqual([]);
  expect(debugLines(new ActionError('DEADLINE', 'Signing did not end in time.'))).toEqual([]);
});

test('a defect is logged with its place in the code, without a secret in its message', () => {
  const lines = debugLines(unexpected(new TypeError(`cannot read ${SECRET}\n    at ${SECRET}`)));
  expect(lines.some((line) => /::debug:: {4}at .*cause-chain\.test\.ts:\d+/.test(line))).toBe(true);
  expect(lines.join('\n')).toContain('TypeError: cannot read ***');
  expect(lines.join('\n')).not.toContain('second-line');
});

test('text that a parser quotes is not printed, because a part of a secret has no mask', () => {
  const parse = (): unknown => JSON.parse('secret-47');
  expect(parse).toThrow(SyntaxError);
  try {
    parse();
  } catch (cause) {
    const lines = debugLines(new ActionError('RESP_NOT_JSON', 'No JSON.', { cause }));
    expect(lines).toEqual(['::debug::RESP_NOT_JSON: No JSON.', '::debug::  behind it: SyntaxError']);
  }
});

test('a circular chain of causes ends, and a cause that is not an error shows only its type', () => {
  const first = new Error('first');
  first.cause = new Error('second', { cause: first });
  expect(debugLines(new ActionError('CHECK_FAILED', 'No.', { cause: first }))).toHaveLength(3);
  const lines = debugLines(new ActionError('CHECK_FAILED', 'No.', { cause: 'a thrown secret' }));
  expect(lines[1]).toBe('::debug::  behind it: a thrown string');
});
