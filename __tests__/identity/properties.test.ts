import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { inspectIdentity } from '../../src/identity/identity.ts';
import { secretsOf } from '../../src/identity/secrets.ts';
import { readBlocks } from '../../src/identity/text/blocks.ts';
import type { IdentityText } from '../../src/identity/text/inputs.ts';
import { type Block, encodePem } from '../../src/identity/text/pem.ts';
import { anyCharacter } from '../helpers/characters.ts';
import { base64, makePki, PASSPHRASE, readIdentity, soundText } from './pki.ts';

const options = { now: new Date(Date.now() + 60_000), expiryWarningDays: 30 };
const pki = makePki();
const passphrase = ['-passout', `pass:${PASSPHRASE}`];
pki.openssl('pkcs8', '-topk8', '-in', 'client.key', ...passphrase, '-out', 'encrypted.key');
pki.openssl('pkcs12', '-export', '-in', 'client.pem', '-inkey', 'client.key', ...passphrase, '-out', 'client.p12');
const packed = pki.bytes('client.p12');
const sound = { ...soundText(pki), key: pki.text('encrypted.key'), keyPassphrase: PASSPHRASE };

const layouts = fc.constantFrom<(pem: string) => string>(
  (pem) => pem,
  (pem) => pem.replaceAll('\n', '\r\n'),
  (pem) => pem.replaceAll('\n', '\r'),
  (pem) => pem.replaceAll('\n', '\\n'),
  (pem) => pem.replaceAll('\n', '\\r\\n'),
  (pem) => pem.replaceAll('\n', ' '),
  (pem) => pem.replaceAll('\n', ' \t\n\t '),
  (pem) => pem.replace(/^([A-Za-z0-9+/=]+)\n(?=[A-Za-z0-9])/gm, '$1'),
);
const wrappings = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => `\ufeff${text}`,
  (text) => `"${text}"`,
  (text) => `  ${text}\n\n`,
  (text) => Buffer.from(`\ufeff${text}`, 'utf16le').toString('latin1'),
);
const encodings = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => base64(text),
  (text) => base64(text).replace(/.{76}/g, '$&\r\n'),
  (text) => base64(Buffer.from(text, 'utf16le')),
);
const mangles = fc
  .tuple(layouts, wrappings, encodings, wrappings)
  .map((steps) => (text: string) => steps.reduce((current, step) => step(current), text));

// A DER object of any content: one octet string in a sequence.
const der = fc.uint8Array({ minLength: 1, maxLength: 120 }).map((content) => {
  const inner = Buffer.concat([Buffer.from([0x04, content.length]), content]);
  return Buffer.concat([Buffer.from([0x30, inner.length]), inner]);
});
const labels = fc.constantFrom('CERTIFICATE', 'PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY');

describe('the PEM reader', () => {
  it('normalise(mangle(x)) = x for any blocks', () => {
    const blocks = fc.array(fc.record({ label: labels, der }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(blocks, mangles, (original, mangle) => {
        const pem = original.map(encodePem).join('');
        const read = readBlocks('cert', mangle(pem));
        expect(read.problems).toEqual([]);
        expect(read.blocks.map((block: Block) => encodePem(block)).join('')).toBe(pem);
      }),
      { numRuns: 500 },
    );
  });

  it('an identity is the same however its inputs were mangled', () => {
    const expected = readIdentity(sound, options);
    fc.assert(
      fc.property(mangles, mangles, mangles, (cert, key, chain) => {
        const text = {
          ...sound,
          cert: cert(sound.cert ?? ''),
          key: key(sound.key ?? ''),
          chain: chain(sound.chain ?? ''),
        };
        const read = readIdentity(text, options);
        expect([read.certificatesPem, read.keyPem, read.anchorsPem]).toEqual([
          expected.certificatesPem,
          expected.keyPem,
          expected.anchorsPem,
        ]);
      }),
      { numRuns: 60 },
    );
  });
});

/** Everything that could be shown about an inspection. */
function shownBy(text: IdentityText): string {
  const { problems, notices, warnings } = inspectIdentity(text, options);
  for (const problem of problems) expect(problem).toBeInstanceOf(ActionError);
  const causes = problems.map(({ cause }) => (cause instanceof Error ? `${cause.message} ${cause.stack}` : ''));
  const sentences = problems.map(({ message, hint, stack }) => `${message} ${hint} ${stack}`);
  return [...sentences, ...causes, ...notices, ...warnings].join('\n');
}

/** Throws only `ActionError`, and finds either a problem or an identity. */
function expectTotal(text: IdentityText): void {
  secretsOf(text);
  const { identity, problems } = inspectIdentity(text, options);
  expect(identity === undefined).toBe(problems.length > 0);
  if (problems.length > 0) expect(() => readIdentity(text, options)).toThrow(ActionError);
}

const anyText = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => base64(Buffer.from(bytes))),
  der.map(base64),
  fc.tuple(labels, der).map(([label, bytes]) => encodePem({ label, der: bytes })),
  fc
    .array(
      fc.constantFrom('-----BEGIN ', 'CERTIFICATE', 'PRIVATE KEY', '-----', '-----END ', '\n', '\\n', 'MIIB', '=', ' '),
      {
        maxLength: 30,
      },
    )
    .map((parts) => parts.join('')),
);

describe('arbitrary text', () => {
  it('gives a problem or an identity, and never throws', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, anyText, (cert, key, chain, keyPassphrase) => {
        expectTotal({ cert, key, chain, keyPassphrase });
      }),
      { numRuns: 400 },
    );
  });

  it('also when sound material has a few bytes changed, removed or added', () => {
    const places = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom(0, 1, 2)), { minLength: 1, maxLength: 3 });
    const change = (bytes: Buffer, edits: readonly [number, number, number][]): Buffer => {
      const current = [...bytes];
      for (const [at, value, width] of edits) current.splice(at % current.length, width, value);
      return Buffer.from(current);
    };
    fc.assert(
      fc.property(places, fc.constantFrom('cert', 'key', 'chain', 'packed'), (edits, target) => {
        if (target === 'packed') expectTotal({ ...sound, cert: base64(change(packed, edits)), key: '' });
        else {
          const body = Buffer.from((sound[target as 'cert'] ?? '').replace(/-----.*?-----/g, ''), 'base64');
          expectTotal({ ...sound, [target]: base64(change(body, edits)) });
          expectTotal({
            ...sound,
            [target]: change(Buffer.from(sound[target as 'cert'] ?? ''), edits).toString('latin1'),
          });
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('what is shown', () => {
  it('never holds 16 characters in a row of the key or the passphrase', () => {
    const plain = pki.text('client.key');
    const runs = (text: string) => Array.from({ length: text.length - 15 }, (_, at) => text.slice(at, at + 16));
    const body = (pem: string) => pem.replace(/-----.*?-----|\s/g, '');
    const secret = [...runs(body(plain)), ...runs(body(sound.key ?? '')), ...runs(base64(packed)), ...runs(PASSPHRASE)];
    const secretTexts = fc.constantFrom(plain, sound.key, base64(packed), PASSPHRASE, sound.cert, '');
    const cuts = fc
      .tuple(mangles, fc.nat(3000), fc.nat(3000))
      .map(([mangle, from, to]) => (text: string | undefined) => {
        const mangled = mangle(text ?? '');
        return from % 3 === 0 ? mangled.slice(0, to) : mangled;
      });
    fc.assert(
      fc.property(secretTexts, secretTexts, secretTexts, cuts, (cert, key, chain, cut) => {
        const shown = shownBy({ cert: cut(cert), key: cut(key), chain: cut(chain), keyPassphrase: PASSPHRASE });
        expect(secret.filter((run) => shown.includes(run))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
