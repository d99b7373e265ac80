import { describe, expect, test } from 'vitest';
import { type Blocks, MAX_INPUT_LENGTH, readBlocks } from '../../src/identity/text/blocks.ts';

const wrap = (label: string, der: Uint8Array, headers = ''): string =>
  `-----BEGIN ${label}-----\n${headers}${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`;
/** The smallest DER object that is not empty. */
const DER = Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x05);
const CERTIFICATE = wrap('CERTIFICATE', DER);

const read = (text: string): Blocks => readBlocks('chain', text);
const labels = (text: string): string[] => read(text).blocks.map(({ number, label }) => `${number} ${label}`);
const problems = (text: string): string[] => read(text).problems.map(({ code, message }) => `${code}: ${message}`);
const hintFor = (text: string): string | undefined => read(text).problems[0]?.hint;

describe('sound blocks', () => {
  test('keep input, place, label and bytes', () => {
    const { blocks, ...rest } = read(CERTIFICATE + wrap('X509 CERTIFICATE', DER));
    expect(blocks).toEqual([
      { input: 'chain', number: 1, label: 'CERTIFICATE', der: Buffer.from(DER) },
      { input: 'chain', number: 2, label: 'CERTIFICATE', der: Buffer.from(DER) },
    ]);
    expect(rest).toEqual({ problems: [], brokenLabels: [], tidied: [] });
  });

  test('are numbered with the broken ones counted too, whose labels are kept', () => {
    const { blocks, problems: found, brokenLabels } = read(wrap('RSA PRIVATE KEY', Uint8Array.of()) + CERTIFICATE);
    expect(blocks.map(({ number }) => number)).toEqual([2]);
    expect(found.map(({ message }) => message)).toEqual(['input chain, block 1 (RSA PRIVATE KEY): it is empty']);
    expect(brokenLabels).toEqual(['RSA PRIVATE KEY']);
  });

  test('bear the headers of an old encrypted key, whose data must be whole cipher blocks', () => {
    const headers = 'Proc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,0123456789ABCDEF\n\n';
    const [block] = read(wrap('EC PRIVATE KEY', Buffer.alloc(16, 1), headers)).blocks;
    expect(block).toMatchObject({ label: 'EC PRIVATE KEY', encryption: 'DES-EDE3-CBC,0123456789ABCDEF' });
    expect(problems(wrap('EC PRIVATE KEY', Buffer.alloc(15, 1), headers))).toEqual([
      'IDENTITY_BLOCK_BROKEN: input chain, block 1 (EC PRIVATE KEY): its encrypted data is cut off',
    ]);
  });

  test.each(['TRUSTED CERTIFICATE', 'OPENSSH PRIVATE KEY', 'PGP PRIVATE KEY BLOCK'])(
    '%s passes whatever it holds: it is refused by its label',
    (label) => {
      expect(labels(wrap(label, Buffer.from('no DER')))).toEqual([`1 ${label}`]);
    },
  );
});

describe('a block that is not one whole DER object is broken', () => {
  test.each([
    ['cut off', DER.subarray(0, 4), 'it is cut off or damaged: it announces 5 bytes and holds 4'],
    ['too long', [...DER, 0], 'it is damaged, or something was appended to it: it announces 5 bytes and holds 6'],
    ['not DER', [0x1f, 0x01, 0x01], 'its content is damaged or cut off: it is not DER'],
    ['a single byte', [0x30], 'its content is damaged or cut off: it is not DER'],
    ['without the end it promises', [0x30, 0x80, 0x02, 0x01, 0x05], 'its content is damaged or cut off: it is not DER'],
  ])('%s', (_, bytes, fault) => {
    const text = wrap('CERTIFICATE', Uint8Array.from(bytes));
    expect(problems(text)).toEqual([`IDENTITY_BLOCK_BROKEN: input chain, block 1 (CERTIFICATE): ${fault}`]);
    expect(hintFor(text)).toMatch(/whole file again.*gh secret set/);
  });

  test('but a block of indefinite length that has an end is sound', () => {
    expect(labels(wrap('CERTIFICATE', Uint8Array.of(0x30, 0x80, 0x02, 0x01, 0x05, 0, 0)))).toEqual(['1 CERTIFICATE']);
  });

  test('also where the input is DER itself', () => {
    const base64 = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');
    expect(read(base64(...DER))).toEqual({
      blocks: [{ input: 'chain', number: 1, label: 'DER', der: Buffer.from(DER) }],
      problems: [],
      brokenLabels: [],
      tidied: ['base64 decoded', 'DER read'],
    });
    const cut = read(base64(0x30, 0x05, 0x02, 0x01));
    expect(cut.blocks).toEqual([]);
    expect(cut.problems[0]?.message).toMatch(/block 1 \(DER\): it is cut off or damaged: it announces 7 bytes/);
    expect(cut.brokenLabels).toEqual(['DER']);
  });
});

test('repairs are reported once for all blocks', () => {
  const escaped = (CERTIFICATE + CERTIFICATE).replaceAll('\n', '\\n');
  expect(read(escaped).tidied).toEqual([expect.stringContaining('escaped line ends')]);
  const long = wrap('CERTIFICATE', Buffer.concat([Uint8Array.of(0x30, 60), Buffer.alloc(60, 1)]));
  expect(read(`note\n${long}${long}`).tidied).toEqual(['text outside the PEM blocks ignored', 'one long line split']);
});

describe('an input is read up to its limits', () => {
  test('a mebibyte of text is read, and one character more is an error', () => {
    const padded = (length: number): string => CERTIFICATE.padEnd(length, '\n');
    expect(labels(padded(MAX_INPUT_LENGTH))).toEqual(['1 CERTIFICATE']);
    expect(read(padded(MAX_INPUT_LENGTH + 1)).blocks).toEqual([]);
    expect(problems(padded(MAX_INPUT_LENGTH + 1))).toEqual([
      'IDENTITY_TOO_LARGE: input chain has 1048577 characters; at most 1048576 are read',
    ]);
    expect(hintFor(padded(MAX_INPUT_LENGTH + 1))).toMatch(/^Store only the certificates/);
  });

  test('a thousand blocks are read, and one more is an error', () => {
    expect(labels(CERTIFICATE.repeat(1000))).toHaveLength(1000);
    expect(problems(CERTIFICATE.repeat(1001))).toEqual([
      'IDENTITY_TOO_LARGE: input chain has 1001 PEM blocks; at most 1000 are read',
    ]);
  });
});

describe('text without any block', () => {
  test.each([undefined, '', ' \n\t'])('%j is an empty input', (text) => {
    expect(readBlocks('key', text).problems).toEqual([
      expect.objectContaining({
        code: 'CREDENTIALS_MISSING',
        message: 'input key is empty',
        hint: 'Check the name of the secret or variable, and that the job may read it.',
      }),
    ]);
  });

  test('is described by its length, and never shown', () => {
    expect(problems('no secret here')).toEqual([
      'IDENTITY_UNREADABLE: input chain is neither PEM nor base64 of PEM, DER or PKCS#12 (14 characters)',
    ]);
    expect(read('no secret here')).toMatchObject({ blocks: [], brokenLabels: [], tidied: [] });
  });

  const PATH = /looks like a path/;
  const WHOLE = /^Store the text of the PEM file/;
  test.each([
    ['----BEGIN PRIVATE KEY----', /exactly five hyphens/],
    ['*** masked', /copied from a log/],
    ['certs/client.pem', PATH],
    [' CLIENT.CRT \n', PATH],
    ['a.cer', PATH],
    ['a.key', PATH],
    ['a.p12', PATH],
    ['a.pfx', PATH],
    ['a.der', PATH],
    [`${'a'.repeat(295)}.pem`, PATH],
    [`${'a'.repeat(296)}.pem`, WHOLE],
    ['a.pem.txt', WHOLE],
    ['apem', WHOLE],
    ['hello', WHOLE],
    ['/u3+7QAAAAI', /^This is a Java keystore/],
    ['\n  zs7OzgAAAAI', /^This is a Java keystore/],
    ['a /u3+7QAAAAI', WHOLE],
    ['PuTTY-User-Key-File-3: ssh-rsa', /^This is a key of PuTTY/],
    ['\n  PuTTY-User-Key-File-2: ssh-rsa', /^This is a key of PuTTY/],
    ['a PuTTY-User-Key-File-2', WHOLE],
    ['{"crv":"P-256",\n"kty":"EC"}', /^This is a JSON Web Key/],
    ['\n  {"kty":"EC"}', /^This is a JSON Web Key/],
    ['a {"kty":"EC"}', WHOLE],
  ])('%j gets the hint that fits', (text, hint) => {
    expect(hintFor(text)).toMatch(hint);
  });
});
