import { describe, expect, test } from 'vitest';
import { encodePem, markersOf, mayHoldKey, type PemBlock, placeOf, readPem } from '../../src/identity/text/pem.ts';

const wrap = (label: string, body: string): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const SOUND = wrap('CERTIFICATE', 'QUJD');

/** What a block came to: its content as text, or why it is broken. */
function tell(block: PemBlock): string {
  if ('reason' in block) return `${block.label}: ${block.reason}`;
  return [block.label, block.der.toString('latin1'), block.encryption, ...block.tidied].filter(Boolean).join(' | ');
}
const read = (text: string): string[] => readPem(text).blocks.map(tell);

test('blocks come in their order, with their labels and bytes', () => {
  expect(read(SOUND + wrap('EC PRIVATE KEY', 'REVG\nR0hJ'))).toEqual(['CERTIFICATE | ABC', 'EC PRIVATE KEY | DEFGHI']);
  expect(read('no block at all')).toEqual([]);
});

test.each([
  ['', false],
  [SOUND, false],
  [` \n${SOUND}\n \n${SOUND}\t\n`, false],
  [`before\n${SOUND}`, true],
  [`${SOUND}between${SOUND}`, true],
  [`${SOUND}after`, true],
  ['nothing else', true],
  ['-----BEGIN A-----\nQUJD', false],
  [`-----BEGIN A-----\nQUJD\n${SOUND}`, false],
])('text outside blocks is told from blanks: %j', (text, outside) => {
  expect(readPem(text).textOutside).toBe(outside);
});

describe('a damaged block says why, and spoils no other', () => {
  test.each([
    [
      `-----BEGIN KEY-----\nQUJD\n${SOUND}`,
      ['KEY: its END line is missing, so the block is cut off', 'CERTIFICATE | ABC'],
    ],
    [
      `${SOUND}-----BEGIN KEY-----\nQUJD`,
      ['CERTIFICATE | ABC', 'KEY: its END line is missing, so the block is cut off'],
    ],
    [`QUJD\n-----END KEY-----\n${SOUND}`, ['KEY: its BEGIN line is missing or damaged', 'CERTIFICATE | ABC']],
    [`${SOUND}-----END KEY-----`, ['CERTIFICATE | ABC', 'KEY: its BEGIN line is missing or damaged']],
    ['-----BEGIN A-----\nQUJD\n-----END B-----', ['A: it is closed by an END line of the kind B']],
    [wrap('A', ''), ['A: it is empty']],
    [wrap('A', ' \n\t'), ['A: it is empty']],
    [wrap('A', 'QUJDR'), ['A: its base64 is damaged: characters are missing, or there is padding in the middle']],
    [wrap('A', 'QU==QUJD'), ['A: its base64 is damaged: characters are missing, or there is padding in the middle']],
    [wrap('A', '!UJD\nQUJD'), ['A: line 1 below BEGIN holds a character that is not base64']],
    [wrap('A', 'QUJD\nQUJD\nQ*JD'), ['A: line 3 below BEGIN holds a character that is not base64']],
    [wrap('A', 'QUJD\n***'), ['A: line 2 below BEGIN holds ***, which GitHub writes instead of a secret in a log']],
    ['-----BEGIN A-----Q*JD-----END A-----', ['A: line 1 below BEGIN holds a character that is not base64']],
  ])('%j', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});

describe('the two header lines of an encrypted key in the old format', () => {
  const IV = '0123456789abcdefABCDEF0123456789';
  test.each([
    `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,${IV}\n\nQUJD`,
    `Proc-Type:4, ENCRYPTED DEK-Info:AES-256-CBC, ${IV} QUJD`,
    `  Proc-Type: 4,ENCRYPTED  \n  DEK-Info:  AES-256-CBC,${IV}\n \nQUJD`,
  ])('name its cipher and initial vector: %j', (body) => {
    expect(read(wrap('KEY', body))[0]).toMatch(new RegExp(`^KEY \\| ABC \\| AES-256-CBC,${IV}`));
  });

  test.each([
    ['without a vector', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC\n\nQUJD', 1],
    ['with a vector that is too short', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,0123456\n\nQUJD', 1],
    ['without the cipher', 'Proc-Type: 4,ENCRYPTED\n\nQUJD', 1],
    ['behind the data', `QUJD\nProc-Type: 4,ENCRYPTED\nDEK-Info: A,${IV}\n`, 2],
    ['of another kind', `Proc-Type: 4,MIC-ONLY\nDEK-Info: A,${IV}\n\nQUJD`, 1],
  ])('%s are no headers', (_, body, line) => {
    expect(read(wrap('KEY', body))).toEqual([`KEY: line ${line} below BEGIN holds a character that is not base64`]);
  });

  test('count as lines, and must be followed by data', () => {
    const headers = `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,${IV}\n\n`;
    expect(read(wrap('KEY', `${headers}QUJD\nQ*JD`))).toEqual([
      'KEY: line 5 below BEGIN holds a character that is not base64',
    ]);
    expect(read(wrap('KEY', headers))).toEqual(['KEY: it is empty']);
  });
});

describe('text that was repaired', () => {
  const line = (length: number): string => 'A'.repeat(length);
  test.each([
    ['lines of 64', `${line(64)}\n${line(64)}`, undefined],
    ['one line of 64', line(64), undefined],
    ['one line of 68', line(68), 'one long line split'],
    ['long lines', `${line(76)}\n${line(76)}`, undefined],
    ['an indented line', `${line(64)}\n ${line(64)}`, 'indentation removed'],
    ['indentation by a tab', `\t${line(64)}\n${line(64)}`, 'indentation removed'],
    ['blank lines and blanks behind a line', `${line(64)}  \n   \n${line(64)}`, undefined],
  ])('%s', (_, body, note) => {
    const [block] = readPem(wrap('A', body)).blocks;
    expect(block).toHaveProperty('tidied', note === undefined ? [] : [note]);
  });

  test('blanks before the END line are no indentation', () => {
    const [block] = readPem(`-----BEGIN A-----\n${line(64)}\n${line(64)}\n \t-----END A-----`).blocks;
    expect(block).toHaveProperty('tidied', []);
  });
});

test('BEGIN and END lines are found where line ends are lost, and nothing else is taken for one', () => {
  const text = 'x-----BEGIN A1 B-----QUJD-----END A1 B-----y';
  expect([...markersOf(text)]).toEqual([
    { kind: 'BEGIN', label: 'A1 B', start: 1, end: 21 },
    { kind: 'END', label: 'A1 B', start: 25, end: 43 },
  ]);
  expect([...markersOf('-----BEGIN  A -----')].map(({ label }) => label)).toEqual(['A']);
  const none = ['----BEGIN A-----', '-----BEGIN a-----', '-----BEGIN-----', '-----START A-----', '-----BEGIN A----'];
  for (const other of [...none, `-----BEGIN ${'A'.repeat(65)}-----`]) expect([...markersOf(other)]).toEqual([]);
  expect([...markersOf(`-----BEGIN ${'A'.repeat(64)}-----`)]).toHaveLength(1);
});

test.each([
  ['PRIVATE KEY', true],
  ['ENCRYPTED PRIVATE KEY', true],
  ['PGP PRIVATE KEY BLOCK', true],
  ['PKCS12', true],
  ['PUBLIC KEY', false],
  ['CERTIFICATE', false],
])('whether %s may hold a key: %s', (label, expected) => expect(mayHoldKey(label)).toBe(expected));

test('a block is written as standard PEM, with the headers of an old encrypted key', () => {
  const der = Buffer.alloc(96, 'x');
  const lines = `${der.toString('base64', 0, 48)}\n${der.toString('base64', 48)}`;
  expect(encodePem({ label: 'CERTIFICATE', der })).toBe(wrap('CERTIFICATE', lines));
  const headers = 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n';
  expect(encodePem({ label: 'EC PRIVATE KEY', der, encryption: 'AES-128-CBC,00FF' })).toBe(
    wrap('EC PRIVATE KEY', headers + lines),
  );
  expect(encodePem({ label: 'CERTIFICATE', der: Buffer.alloc(0) })).toBe(
    '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
  );
});

test('a block is named by its input, its place and its label', () => {
  expect(placeOf({ input: 'chain', number: 2, label: 'CERTIFICATE' })).toBe('input chain, block 2 (CERTIFICATE)');
});
