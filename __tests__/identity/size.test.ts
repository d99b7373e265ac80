import { expect, it } from 'vitest';
import { inspectIdentity } from '../../src/identity/identity.ts';
import { secretsOf } from '../../src/identity/secrets.ts';
import { workMs } from '../helpers/time.ts';
import { OPTIONS } from './pki.ts';

const MEBIBYTE = 1024 * 1024;

// Each is the start of something whose end a reader might look for again and again.
const parts = [
  '-',
  '-----BEGIN ',
  '-----BEGIN A-----',
  'A',
  '=',
  ' ',
  'a ',
  '\\',
  '\n',
  '\n ',
  '\0',
  '-----BEGIN A-----\nProc-Type: 4,',
];

it.each(parts)('a mebibyte of %j takes seconds at most', (part) => {
  const text = part.repeat(MEBIBYTE / part.length);
  const ms = workMs(() => {
    secretsOf({ cert: text, key: `${text}x`, keyPassphrase: `${text}x`, chain: `x${text}` });
    for (const variant of [text, `${text.slice(0, -20)}PRIVATE KEY`, `x${text.slice(1)}`]) {
      const input = { cert: variant, key: variant, keyPassphrase: variant, chain: variant };
      expect(inspectIdentity(input, OPTIONS).problems.length).toBeGreaterThan(0);
    }
  });
  expect(ms).toBeLessThan(4000);
});
