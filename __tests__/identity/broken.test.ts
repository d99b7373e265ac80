import { describe, expect, it } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { base64, makePki, OPTIONS, problemExpecter, problemsOf, readIdentity, soundText } from './pki.ts';

const pki = makePki();
const sound = soundText(pki);
const expectProblem = problemExpecter(sound);

const cutLines = (pem: string, count: number): string => pem.split('\n').toSpliced(3, count).join('\n');

describe('empty inputs', { tags: ['fault-13'] }, () => {
  it.each(['cert', 'key', 'chain'] as const)('the error for an empty %s names the input', (input) => {
    for (const text of [undefined, '', ' \n ']) {
      expectProblem({ [input]: text }, new RegExp(`^CREDENTIALS_MISSING: input ${input} is empty`));
    }
  });

  it('three empty inputs are reported in one error', () => {
    const read = () => readIdentity({ cert: '', key: '', keyPassphrase: '', chain: '' }, OPTIONS);
    expect(read).toThrow(ActionError);
    expect(read).toThrow(/3 problems:\n- Input cert is empty.*\n- Input key is empty.*\n- Input chain is empty/);
    expect(read).toThrow(expect.objectContaining({ code: 'CREDENTIALS_MISSING' }));
  });
});

describe('unreadable text', () => {
  it.each([
    ['certs/client.pem', /looks like a path/],
    [
      '-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----',
      /line 1 below BEGIN holds \*\*\*, which GitHub writes/,
    ],
    ['*** secret ***', /copied from a log/],
    ['----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----', /IDENTITY_BLOCK_BROKEN|five hyphens/],
    ['——BEGIN PRIVATE KEY——', /five hyphens/],
    ['hello world', /neither PEM nor base64 of PEM, DER or PKCS#12 \(11 characters\)/],
  ])('%s', (key, pattern) => {
    expectProblem({ key }, pattern);
  });

  it('more than a mebibyte', () => {
    expectProblem({ chain: 'A'.repeat(1024 * 1024 + 1) }, /IDENTITY_TOO_LARGE: input chain has 1048577 characters/);
  });
});

describe('damaged blocks', () => {
  it.each(['cert', 'key', 'chain'] as const)(
    'the error for a truncated %s says that its END line is missing',
    (input) => {
      const pem = (sound[input] ?? '').trimEnd();
      const cut = pem.slice(0, pem.lastIndexOf('\n') - 10);
      expectProblem({ [input]: cut }, new RegExp(`input ${input}, block . \\(.*\\): its END line is missing`));
    },
  );

  it.each(['cert', 'key', 'chain'] as const)('a line missing from %s', (input) => {
    const cut = cutLines(sound[input] ?? '', 1);
    expectProblem(
      { [input]: cut },
      /block 1 \([A-Z ]+\): it is cut off or damaged: it announces \d+ bytes and holds \d+\./,
    );
  });

  it('a second block that is broken, in cert and chain', () => {
    for (const input of ['cert', 'chain'] as const) {
      const text = pki.text(input === 'cert' ? 'client.pem' : 'server-root.pem');
      const place = `IDENTITY_BLOCK_BROKEN: input ${input}, block 2 \\(CERTIFICATE\\): `;
      const second = pki.text('intermediate.pem');
      expectProblem({ [input]: text + second.replace('M', '!') }, new RegExp(`${place}line 1 below BEGIN`));
      expectProblem({ [input]: text + cutLines(second, 2) }, new RegExp(`${place}it is cut off`));
      const changed = second.replace(/^M.*$/m, (line) => line.replaceAll('A', 'B'));
      expect(problemsOf({ ...sound, [input]: text + changed }).join()).toMatch(new RegExp(place));
    }
  });

  it('an empty block, a wrong END line, no BEGIN line', () => {
    expectProblem(
      { chain: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----' },
      /block 1 \(CERTIFICATE\): it is empty/,
    );
    expectProblem(
      { chain: sound.chain?.replace('END CERT', 'END X509 CERT') },
      /closed by an END line of the kind X509/,
    );
    expectProblem(
      { chain: sound.chain?.replace('-----BEGIN', '----BEGIN') + pki.text('root.pem') },
      /its BEGIN line is/,
    );
  });

  it('the error for truncated DER gives its length and the length in its header', () => {
    expectProblem(
      { cert: base64(pki.der('x509', 'client.pem').subarray(0, 200)) },
      /announces \d+ bytes and holds 200/,
    );
    expectProblem({ key: base64(pki.der('pkey', 'client.key').subarray(0, 60)) }, /announces \d+ bytes and holds 60/);
  });
});

it('every problem of several inputs is in one error', () => {
  const text = { cert: pki.text('client.csr'), key: '', keyPassphrase: 'x', chain: 'nothing' };
  expect(() => readIdentity(text, OPTIONS)).toThrow(
    /has 3 problems:\n- Input cert, block 1.*\n- Input key is empty.*\n- Input chain is neither/,
  );
});
