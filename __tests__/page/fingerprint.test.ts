import { expect, test } from 'vitest';
import { compareFingerprint } from '../../src/page/judging/fingerprint.ts';

const FINGERPRINT = '4b29'.repeat(16);

test.each([
  FINGERPRINT,
  FINGERPRINT.toUpperCase(),
  FINGERPRINT.replace(/..(?=.)/g, '$&:'),
  FINGERPRINT.replace(/.{4}/g, '$& '),
  `SHA256:${FINGERPRINT}`,
  `SHA2-256(stdin)= ${FINGERPRINT}\n`,
  `${FINGERPRINT}  -`,
  `- Fingerprint (SHA-256): \`${FINGERPRINT}\``,
])('%j is the same fingerprint', (pasted) => {
  expect(compareFingerprint(pasted, FINGERPRINT)).toEqual({ state: 'same' });
});

test.each([
  [`5${FINGERPRINT.slice(1)}`, { state: 'other' }],
  [`${FINGERPRINT.slice(0, -1)}a`, { state: 'other' }],
  [FINGERPRINT.slice(1), { state: 'incomplete', digits: 63 }],
  [FINGERPRINT + FINGERPRINT, { state: 'incomplete', digits: 128 }],
  [`${FINGERPRINT} *public-key.pem`, { state: 'no-fingerprint' }],
  [`${FINGERPRINT} =`, { state: 'no-fingerprint' }],
  ['SHA256:', { state: 'no-fingerprint' }],
  [' ', { state: 'empty' }],
])('%j is told apart from the fingerprint', (pasted, comparison) => {
  expect(compareFingerprint(pasted, FINGERPRINT)).toEqual(comparison);
});
