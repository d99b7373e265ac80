import { constants, createHash, generateKeyPairSync, privateEncrypt, publicDecrypt, sign } from 'node:crypto';
import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import { type OpenFile, openFile } from '../../src/files/reading/open-file.ts';
import { chooseAlgorithm } from '../../src/verifying/algorithm.ts';
import { checkStored, explainInvalid, isValid, noneFits, type Verification } from '../../src/verifying/check.ts';
import { createVerifier } from '../../src/verifying/verifier.ts';
import { makeDirectory } from '../files/trees.ts';
import { oddSigner, type Signer, type SignerName, signerOf, signers } from './signers.ts';

const CONTENT = Buffer.from('the bytes of a release');

function opened(content: Uint8Array = CONTENT): OpenFile & { readonly location: string } {
  const location = join(makeDirectory(), 'app.zip');
  writeFileSync(location, content);
  const file = openFile({ path: 'app.zip', location, size: statSync(location).size });
  onTestFinished(() => file.close());
  return { ...file, location };
}

function verification(name: SignerName, encoding: Verification['encoding'] = 'base64'): Verification {
  const { key } = signers[name];
  return { verifier: createVerifier(key, chooseAlgorithm(key, 'auto')), encoding };
}

const SIGNATURE = sign('sha256', CONTENT, signers['ec-p256'].privateKey);
const TEXT = SIGNATURE.toString('base64');

describe('a stored signature', () => {
  test.each(['base64', 'hex'] as const)(
    'in %s is valid for its file, whose digest comes with the answer',
    async (encoding) => {
      const sha256 = createHash('sha256').update(CONTENT).digest('hex');
      const checked = await checkStored(opened(), SIGNATURE.toString(encoding), verification('ec-p256', encoding));
      expect(checked).toEqual({ sha256, valid: true });
    },
  );

  test('is checked over every byte of a large file, which is read in steps', async () => {
    const large = Buffer.alloc(3 * 2 ** 20, 'release');
    const text = sign('sha256', large, signers['ec-p256'].privateKey).toString('base64');
    const sha256 = createHash('sha256').update(large).digest('hex');
    expect(await checkStored(opened(large), text, verification('ec-p256'))).toEqual({ sha256, valid: true });
    const { valid } = await checkStored(
      opened(Buffer.from(large).fill(1, large.length - 1)),
      text,
      verification('ec-p256'),
    );
    expect(valid).toBe(false);
  });

  test('is not valid for other bytes', async () => {
    const { valid, sha256 } = await checkStored(opened(Buffer.from('other')), TEXT, verification('ec-p256'));
    expect([valid, sha256]).toEqual([false, createHash('sha256').update('other').digest('hex')]);
  });

  test('gets no result for a file that changed meanwhile', async () => {
    const file = opened();
    appendFileSync(file.location, 'more');
    await expect(checkStored(file, TEXT, verification('ec-p256'))).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  test('must be strictly encoded', async () => {
    const checking = checkStored(opened(), `${TEXT}\n`, verification('ec-p256'));
    await expect(checking).rejects.toMatchObject({ code: 'RESP_BAD_SIGNATURE' });
  });
});

test('a new signature is checked against a pass over what was sent, and against bytes in memory', async () => {
  const { verifier } = verification('ec-p256');
  for (const [content, valid] of [
    [CONTENT, true],
    [Buffer.from('other'), false],
  ] as const) {
    const pass = verifier.start(content.length);
    pass.update(content);
    expect(await isValid(TEXT, pass, 'base64')).toBe(valid);
    expect(await isValid(TEXT, verifier.whole(content), 'base64')).toBe(valid);
  }
});

const LARGER = signerOf(generateKeyPairSync('rsa', { modulusLength: 3072 }));

describe('a signature that does not fit is explained', () => {
  async function hintFor(text: string, hasOther = false): Promise<string | undefined> {
    const about = verification('ec-p256');
    const { error, hasOtherCause } = await explainInvalid('dist/a\nb', opened(), { ...about, text });
    const { code, message, hint } = error;
    expect(hasOtherCause).toBe(hasOther);
    expect(code).toBe('SIGNATURE_INVALID');
    expect(message).toBe('The signature of dist/a\\nb is not valid for its bytes (ecdsa-sha256).');
    return hint;
  }

  test('by the algorithm that it was made with', async () => {
    const made = sign('sha512', CONTENT, signers['ec-p256'].privateKey).toString('base64');
    expect(await hintFor(made, true)).toBe(
      'The signature is valid as ecdsa-sha512: set signature-algorithm: ecdsa-sha512.',
    );
  });

  test('by another algorithm than that of valid ones of the same run', async () => {
    const text = sign('sha512', CONTENT, signers['ec-p256'].privateKey).toString('base64');
    const about = { ...verification('ec-p256'), text, areOthersValid: true };
    const { error, hasOtherCause } = await explainInvalid('app.zip', opened(), about);
    expect(hasOtherCause).toBe(true);
    expect(error.hint).toBe(
      'The signature is valid as ecdsa-sha512, and other signatures of this run as ecdsa-sha256: one of several servers of the service signs by another algorithm. Ask its operators.',
    );
  });

  test('by the JSON that the signature is in', async () => {
    for (const json of ['{"mediaType":"application/vnd.dev.sigstore.bundle"}', '\n{\r\n  "signatures": []\n}'])
      expect(await hintFor(Buffer.from(json).toString('base64'), true)).toMatch(
        /^The answer holds JSON with a signature in it/,
      );
    expect(await hintFor(Buffer.from('see {"signatures": []}').toString('base64'), true)).toMatch(
      /^The answer holds 22 bytes/,
    );
    const chance = Buffer.concat([Buffer.from('{"'), Buffer.alloc(62, 0xfe)]).toString('base64');
    const ofKey = { ...verification('ed25519'), text: chance };
    expect((await explainInvalid('app.zip', opened(), ofKey)).error.hint).toMatch(/^The signature fits neither/);
  });

  const HEX = SIGNATURE.toString('hex');
  test.each([
    ['base64', TEXT],
    ['base64', `"${TEXT}"`],
    ['base64', encodeURIComponent(TEXT)],
    ['base64', Buffer.alloc(72, 0xfb).toString('base64')],
    ['hex', HEX],
    ['hex', `0x${HEX.toUpperCase()}`],
    ['PEM', `-----BEGIN SIGNATURE-----\n${TEXT}\n-----END SIGNATURE-----\n`],
    ['a list of numbers', `[${[...SIGNATURE].join(', ')}]`],
  ])('by the text (%s) that is encoded again: %s', async (form, inner) => {
    for (const encoding of ['base64', 'hex'] as const) {
      const about = { ...verification('ec-p256', encoding), text: Buffer.from(inner).toString(encoding) };
      const { error, hasOtherCause } = await explainInvalid('app.zip', opened(), { ...about, advice: { hint: 'A.' } });
      expect(hasOtherCause).toBe(true);
      expect(error.hint).toContain(
        `The signature is encoded twice: decoded once, the answer is still text (${form}). The service, or a gateway`,
      );
    }
  });

  test('by the other encoding that its text fits', async () => {
    expect(await hintFor('abcd'.repeat(32))).toMatch(/set signature-encoding to hex/);
  });

  test('otherwise by other bytes or another key', async () => {
    const foreign = sign('sha384', CONTENT, signers['ec-p384'].privateKey).toString('base64');
    expect(await hintFor(foreign)).toMatch(
      /^The signature fits neither the bytes of the file, .*: most likely the service signs with another key/,
    );
  });

  test('by the other bytes that it is valid for', async () => {
    const ofText = sign('sha256', Buffer.from(CONTENT.toString('base64')), signers['ec-p256'].privateKey);
    expect(await hintFor(ofText.toString('base64'), true)).toBe(
      'The signature is valid for the base64 text of the file: verify-key is the right key, and the service signs other bytes than those of the file. Ask the operators of the service to have it sign the bytes of the file.',
    );
  });

  test.each([
    ['rsa', 'sha256', ''],
    ['rsa', 'sha384', ', and set signature-algorithm: rsa-pss-sha384'],
    ['rsa-pss', 'sha256', ''],
  ] as const)('by the length of its salt, here by a key of %s with %s', async (kind, hash, set) => {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const { key, privateKey } = signers[kind];
    const made = sign(hash, CONTENT, { key: privateKey, padding, saltLength: 20 });
    const verifier = createVerifier(key, chooseAlgorithm(key, 'rsa-pss-sha256'));
    const about = { verifier, encoding: 'base64', text: made.toString('base64') } as const;
    expect((await explainInvalid('app.zip', opened(), about)).error.hint).toBe(
      `The signature is valid as rsa-pss-${hash} with a salt of 20 bytes: the service must use a salt as long as the digest, ${Number(hash.slice(3)) / 8} bytes${set}.`,
    );
  });

  test.each(['ec-p256', 'rsa', 'ed25519'] as const)(
    'by a form that no signature has, with a key of %s',
    async (name) => {
      const hintOf = async (bytes: Buffer): Promise<string | undefined> => {
        const about = { ...verification(name), text: bytes.toString('base64') };
        return (await explainInvalid('app.zip', opened(), about)).error.hint;
      };
      // Those of another kind, or of another size, are signatures of another key, and nobody cut them off.
      for (const [kind, { privateKey }] of Object.entries({ ...signers, larger: LARGER })) {
        const whole = sign(kind === 'ed25519' ? null : 'sha256', Buffer.from('other bytes'), privateKey);
        expect(await hintOf(whole), kind).toMatch(/^The signature fits neither the bytes of the file|^The padding of/);
        const half = whole.subarray(0, Math.floor(Math.min(whole.length, 256) / 2));
        expect(await hintOf(half), kind).toMatch(/^The answer holds \d+ bytes that are no signature of any key/);
      }
    },
  );

  test('by a container of CMS, whatever else is known', async () => {
    const cms = Buffer.concat([Buffer.from('3082020006092a864886f70d010702', 'hex'), Buffer.alloc(501, 7)]);
    const about = { ...verification('ec-p256'), text: cms.toString('base64'), advice: { hint: 'A cache.' } };
    expect((await explainInvalid('app.zip', opened(), about)).error.hint).toMatch(
      /^The answer holds a CMS \(PKCS#7\) container/,
    );
  });

  describe('by the padding of RSA, which shows whether the key is the right one:', () => {
    const pss = constants.RSA_PKCS1_PSS_PADDING;
    const longest = constants.RSA_PSS_SALTLEN_MAX_SIGN;
    const explained = async ({ key }: Signer, made: Buffer): Promise<unknown> => {
      const verifier = createVerifier(key, chooseAlgorithm(key, 'rsa-pss-sha256'));
      const about = { verifier, encoding: 'base64', text: made.toString('base64') } as const;
      const { error, hasOtherCause } = await explainInvalid('app.zip', opened(), about);
      return [error.hint?.split(/[,:]/, 1)[0], hasOtherCause];
    };
    const OURS = ['The padding of the signature is that of this key', true];
    const FOREIGN = ['The padding of the signature is not that of this key', false];

    test.each<[string, Signer, string, object]>([
      ['PKCS#1', signers.rsa, 'sha256', {}],
      ['PSS', signers.rsa, 'sha256', { padding: pss, saltLength: 32 }],
      ['PSS with the longest salt', signers.rsa, 'sha256', { padding: pss, saltLength: longest }],
      ['PSS and SHA-1', signers.rsa, 'sha1', { padding: pss, saltLength: 20 }],
      ['PSS and SHA-384', signers.rsa, 'sha384', { padding: pss, saltLength: 0 }],
      ['PSS and SHA-512', signers.rsa, 'sha512', { padding: pss, saltLength: 64 }],
      ['a key for PSS only', signers['rsa-pss'], 'sha256', { padding: pss, saltLength: 32 }],
      ['a key of 2049 bits', oddSigner(), 'sha256', { padding: pss, saltLength: 32 }],
    ])('%s', async (_, signer, hash, options) => {
      const made = sign(hash, Buffer.from('other bytes'), { key: signer.privateKey, ...options });
      expect(await explained(signer, made)).toEqual(OURS);
    });

    test('another key', async () => {
      const { privateKey: foreign } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      for (const signer of [signers.rsa, signers['rsa-pss']]) {
        expect(await explained(signer, sign('sha256', CONTENT, foreign))).toEqual(FOREIGN);
        // A number that is too large for the key.
        expect(await explained(signer, Buffer.alloc(256, 0xff))).toEqual(FOREIGN);
        expect(await explained(signer, sign('sha256', CONTENT, LARGER.privateKey))).toEqual(FOREIGN);
      }
    });

    test('bytes that are like padding in a part', async () => {
      const { key: publicKey, privateKey: key } = signers.rsa;
      const padding = constants.RSA_NO_PADDING;
      const whole = sign('sha256', CONTENT, { key, padding: pss, saltLength: 32 });
      const otherEnd = publicDecrypt({ key: publicKey.keyObject, padding }, whole).fill(0xbd, 255);
      const starts = ['0001ff00', '0002ffffffffffffffff'].map((start) => Buffer.from(start.padEnd(512, '5a'), 'hex'));
      for (const bytes of [otherEnd, Buffer.alloc(256).fill(0xbc, 255), ...starts]) {
        expect(await explained(signers.rsa, privateEncrypt({ key, padding }, bytes))).toEqual(FOREIGN);
      }
    });
  });

  test('by the advice of the caller, which need not say whose key it is when the padding does', async () => {
    const made = sign('sha256', Buffer.from('other bytes'), signers.rsa.privateKey);
    const about = { ...verification('rsa'), text: made.toString('base64'), advice: { hint: 'A cache.' } };
    expect(await explainInvalid('app.zip', opened(), about)).toMatchObject({
      error: { hint: 'A cache.' },
      hasOtherCause: true,
    });
  });

  test('by the advice of the caller, with the version of a key that may have been rotated', async () => {
    const text = sign('sha384', CONTENT, signers['ec-p384'].privateKey).toString('base64');
    const about = { ...verification('ec-p256'), text, keyVersion: 3, advice: { hint: 'Look at the key.' } };
    const { message, hint } = (await explainInvalid('app.zip', opened(), about)).error;
    expect([message, hint]).toEqual([
      'The signature of app.zip is not valid for its bytes (ecdsa-sha256). The service signed with version 3 of its key.',
      'Look at the key.',
    ]);
  });
});

describe('a key that no signature fits is named', () => {
  const about = { ...verification('ec-p256'), keyVersion: undefined };
  const { name, spkiSha256 } = about.verifier.key;
  const last = new ActionError('SIGNATURE_INVALID', 'It does not fit.', { hint: 'Look at the service.' });

  test('with its digest, and the hint of the last signature', () => {
    const error = noneFits(about, { error: last, hasOtherCause: false }, 'another');
    expect([error.code, error.hint, error.cause]).toEqual(['VERIFY_KEY_WRONG', last.hint, last]);
    expect(error.message).toBe(
      `No signature fits verify-key (${name}, SHA-256 ${spkiSha256}): three files got signatures that are not valid as ecdsa-sha256.`,
    );
  });

  test('but not as a wrong key, when that key made the last signature', () => {
    const error = noneFits(about, { error: last, hasOtherCause: true }, 'another');
    expect([error.code, error.hint]).toEqual(['SIGNATURE_INVALID', last.hint]);
  });

  test('as the key of the client certificate, when it is that key', () => {
    const { message, hint } = noneFits({ ...about, keyVersion: 2 }, { error: last, hasOtherCause: false }, spkiSha256);
    expect(message).toContain(`${spkiSha256}), which is the key of the client's own certificate: three files`);
    expect(message).toMatch(/ The service signed with version 2 of its key\.$/);
    expect(hint).toBe("verify-key must be the public key of the service's signing key, not that of cert.");
  });
});
