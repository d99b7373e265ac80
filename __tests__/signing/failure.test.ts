import { expect, test } from 'vitest';
import { Failure } from '../../src/signing/policy/failure.ts';

const cause = new Error('read ECONNRESET');
const lost = new Failure('service', 'CONNECTION_LOST', 'The connection was lost.', {
  hint: 'Ask the operators of the service.',
  cause,
  staleConnection: true,
  maxAttempts: 3,
});

test('a changed copy of a failure keeps every part that was not named, the cause included', () => {
  const copy = lost.with({ unanswered: true });
  expect(copy).toBeInstanceOf(Failure);
  expect([copy.kind, copy.code, copy.message, copy.hint]).toEqual([lost.kind, lost.code, lost.message, lost.hint]);
  expect(copy.cause).toBe(cause);
  expect(copy.facts).toEqual({ ...lost.facts, unanswered: true });
});

test('a changed copy of a failure has the new kind, code, sentence, hint and cause', () => {
  const other = new Error('alert 42');
  const copy = lost.with({
    kind: 'config',
    code: 'TLS_CLIENT_REJECTED',
    message: 'The server refused our client certificate.',
    hint: 'Check cert.',
    cause: other,
  });
  expect([copy.kind, copy.code, copy.message, copy.hint, copy.cause]).toEqual([
    'config',
    'TLS_CLIENT_REJECTED',
    'The server refused our client certificate.',
    'Check cert.',
    other,
  ]);
  expect(copy.facts.maxAttempts).toBe(3);
});

test('the original failure is not changed by a changed copy', () => {
  lost.with({ kind: 'file', unanswered: true });
  expect([lost.kind, lost.facts.unanswered]).toEqual(['service', undefined]);
});
