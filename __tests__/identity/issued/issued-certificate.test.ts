import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { assemble } from '../../../src/identity/issued/issued-certificate.ts';
import { workMs } from '../../helpers/time.ts';

test.each(['-----BEGIN CERTIFICATE-----', '-----BEGIN CERTIFICATE-----\nA', '-----END CERTIFICATE-----', '-----'])(
  'an answer that repeats %j is refused in a time that grows no faster than its length',
  (text) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const trust = { anchors: [], anchorsPem: '' };
    const read = (): unknown =>
      assemble(text.repeat(1_000_000 / text.length), {
        privateKey,
        trust,
        origin: 'https://ca.example',
        now: Date.now,
      });
    const ms = workMs(() => expect(read).toThrow('The certificate from the authority https://ca.example'));
    expect(ms).toBeLessThan(1000);
  },
);
