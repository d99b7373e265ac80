import { expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { percentEncode } from '../../src/files/names.ts';
import { renderManifest } from '../../src/report/manifest.ts';
import { Masks } from '../../src/runner/masks.ts';
import { failedFiles, green, preflight } from './samples.ts';

const SECRET = 'gr\u00fc\u00dfe/aus+dem "keller"!';
const bytes = Buffer.from(SECRET);
const FORMS = {
  raw: SECRET,
  base64: bytes.toString('base64'),
  base64url: bytes.toString('base64url'),
  'hex in lower case': bytes.toString('hex'),
  'hex in upper case': bytes.toString('hex').toUpperCase(),
  encodeURIComponent: encodeURIComponent(SECRET),
  'percent-encoded as the request signature does': percentEncode(SECRET),
  'JSON-escaped': JSON.stringify(SECRET).slice(1, -1),
};

test.each(Object.entries(FORMS))('no text in a manifest holds a secret, %s', (_, form) => {
  const masks = new Masks();
  masks.add(SECRET);
  const options = { createdAt: new Date(0), scrub: (text: string) => masks.scrub(text) };
  const failure = new ActionError('INTERNAL', `It failed: ${form}.`);
  const { certificate: own } = green();
  const certificate = own && { ...own, subject: `CN=${form}`, issuer: `CN=${form}` };
  const reports = [
    { ...green(), outcomes: failedFiles(['a'], failure), failure, service: form, certificate },
    { ...preflight(), findings: [{ check: 'x', level: 'failure', what: form, todo: form, ms: 0 } as const] },
  ];
  for (const report of reports) {
    const text = [...renderManifest(report, options)].join('');
    expect(text).toContain('***');
    for (const each of Object.values(FORMS)) {
      expect(text).not.toContain(each);
      expect(text).not.toContain(JSON.stringify(each).slice(1, -1));
    }
  }
});
