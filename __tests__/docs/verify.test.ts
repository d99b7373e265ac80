import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { type AlgorithmName, SIGNATURE_ALGORITHMS } from '../../src/verifying/algorithm.ts';
import { startAuthority } from '../timestamp/authority.ts';
import { createPublisher, KEY_NAMES, p1363Of, usualKeyOf } from './delivery.ts';
import { readDocument, shellBlocksOf } from './document.ts';
import { runAlone } from './shell.ts';

const DOCUMENT = readDocument('docs/verify.md');
const [DECODE_BASE64 = '', DECODE_HEX = ''] = shellBlocksOf(DOCUMENT, 'Decode the signature');
const run = promisify(execFile);
const publisher = await createPublisher();

afterAll(() => publisher[Symbol.asyncDispose]());

async function expectValid(directory: string, ...blocks: readonly string[]): Promise<void> {
  const { status, output } = await runAlone(blocks.join('\n'), directory);
  expect(output).toMatch(/Verified OK|Signature Verified Successfully/);
  expect(status).toBe(0);
}

async function expectInvalid(directory: string, ...blocks: readonly string[]): Promise<void> {
  const { status, output } = await runAlone(blocks.join('\n'), directory);
  expect(output).not.toMatch(/Verified OK|Verified Successfully/);
  expect(status).not.toBe(0);
}

const checkOf = (algorithm: AlgorithmName): string => shellBlocksOf(DOCUMENT, algorithm).join('\n');

describe('the command for one file', () => {
  test.each(SIGNATURE_ALGORITHMS)('%s accepts the file, and refuses it changed', async (algorithm) => {
    const directory = await publisher.deliver({ algorithm });
    const check = checkOf(algorithm);
    await expectValid(directory, DECODE_BASE64, check);
    await appendFile(join(directory, 'app.bin'), '!');
    await expectInvalid(directory, DECODE_BASE64, check);
  });

  test.each(SIGNATURE_ALGORITHMS)('%s refuses what another key signed', async (algorithm) => {
    const key = usualKeyOf(algorithm);
    const directory = await publisher.deliver({ algorithm });
    await cp(join(publisher.root, `other-${key}.pub`), join(directory, 'public-key.pem'));
    await expectInvalid(directory, DECODE_BASE64, checkOf(algorithm));
  });

  test.each([
    ['rsa-pss-sha256', '20'],
    ['rsa-pss-sha384', '32'],
    ['rsa-pss-sha512', '0'],
  ] as const)('%s refuses a salt of %s bytes', async (algorithm, salt) => {
    await expectInvalid(await publisher.deliver({ algorithm, pssSaltBytes: salt }), DECODE_BASE64, checkOf(algorithm));
  });

  test('an RSA signature passes the command of its own algorithm only', async () => {
    const names = SIGNATURE_ALGORITHMS.filter((name) => name.startsWith('rsa'));
    const directory = await publisher.deliver({ algorithm: 'rsa-pss-sha256' });
    for (const name of names.filter((one) => one !== 'rsa-pss-sha256')) {
      await expectInvalid(directory, DECODE_BASE64, checkOf(name));
    }
  });
});

describe('what comes before it', () => {
  test('the fingerprint is what the action calls verifyKeySha256', async () => {
    const directory = await publisher.deliver({ algorithm: 'ecdsa-sha256' });
    const [block = ''] = shellBlocksOf(DOCUMENT, 'The public key');
    const { output } = await runAlone(block, directory);
    const pem = await readFile(join(directory, 'public-key.pem'), 'utf8');
    const der = Buffer.from(pem.replaceAll(/-----.*-----|\s/g, ''), 'base64');
    expect(output).toContain(createHash('sha256').update(der).digest('hex'));
  });

  test('the key comes out of a certificate', async () => {
    const directory = await publisher.deliver({ algorithm: 'rsa-pkcs1-sha256' });
    const at = (name: string): string => join(directory, name);
    await rm(at('public-key.pem'));
    const request = [
      'req',
      '-x509',
      '-key',
      join(publisher.root, 'rsa.pem'),
      '-subj',
      '/CN=signer',
      '-out',
      at('signer.pem'),
    ];
    await run('openssl', request);
    const [, block = ''] = shellBlocksOf(DOCUMENT, 'The public key');
    await expectValid(directory, block, DECODE_BASE64, checkOf('rsa-pkcs1-sha256'));
    const certificate = new X509Certificate(await readFile(at('signer.pem')));
    expect(await readFile(at('public-key.pem'), 'utf8')).toBe(
      certificate.publicKey.export({ type: 'spki', format: 'pem' }),
    );
  });

  test.each(['toLowerCase', 'toUpperCase'] as const)('hexadecimal text is decoded (%s)', async (spell) => {
    const directory = await publisher.deliver({ algorithm: 'rsa-pss-sha384' });
    const text = join(directory, 'app.bin.sign');
    const bytes = Buffer.from(await readFile(text, 'utf8'), 'base64');
    await writeFile(text, bytes.toString('hex')[spell]());
    await expectValid(directory, DECODE_HEX, checkOf('rsa-pss-sha384'));
    await appendFile(join(directory, 'app.bin'), '!');
    await expectInvalid(directory, DECODE_HEX, checkOf('rsa-pss-sha384'));
  });

  test.each([
    ['ecdsa-sha256', 64],
    ['ecdsa-sha384', 96],
    ['ecdsa-sha512', 132],
  ] as const)('a signature of a fixed size is written as DER: %s', async (algorithm, bytes) => {
    const [size = '', convert = ''] = shellBlocksOf(DOCUMENT, 'ECDSA signatures of a fixed size');
    // A number may begin with a zero, or with a bit that DER puts a zero ahead of.
    for (let round = 0; round < 2; round += 1) {
      const directory = await publisher.deliver({ algorithm });
      const text = join(directory, 'app.bin.sign');
      const der = Buffer.from(await readFile(text, 'utf8'), 'base64');
      await writeFile(text, p1363Of(der, bytes / 2).toString('base64'));
      const counted = await runAlone(`${DECODE_BASE64}\n${size}`, directory);
      expect(counted.output.trim()).toBe(String(bytes));
      await expectInvalid(directory, checkOf(algorithm));
      await expectValid(directory, convert, checkOf(algorithm));
      await appendFile(join(directory, 'app.bin'), '!');
      await expectInvalid(directory, checkOf(algorithm));
    }
    expect(DOCUMENT.rows.map(([, , p1363]) => p1363)).toContain(String(bytes));
  });

  test.each(KEY_NAMES)('the kind of key is told, as the table names it: %s', async (key) => {
    const directory = await mkdtemp(join(publisher.root, 'kind-'));
    await cp(join(publisher.root, `${key}.pub`), join(directory, 'public-key.pem'));
    const [block = ''] = shellBlocksOf(DOCUMENT, 'Check the file');
    const { output } = await runAlone(block, directory);
    const [row] = DOCUMENT.rows.filter(([says = '']) => says.startsWith('`') && output.includes(says.slice(1, -1)));
    const usual = SIGNATURE_ALGORITHMS.find((name) => usualKeyOf(name) === key);
    expect(row?.[1]).toContain(`(#${usual})`);
  });
});

test('a time stamp is checked, and one for another list is refused', async () => {
  await using authority = await startAuthority();
  const directory = await mkdtemp(join(publisher.root, 'stamp-'));
  const at = (name: string): string => join(directory, name);
  await writeFile(at('SHA256SUMS'), 'the list\n');
  await cp(authority.rootPath, at('authority.pem'));
  await run('openssl', ['ts', '-query', '-data', 'SHA256SUMS', '-sha256', '-cert', '-out', 'query'], {
    cwd: directory,
  });
  const answer = await fetch(authority.url, { method: 'POST', body: await readFile(at('query')) });
  await writeFile(at('SHA256SUMS.tsr'), Buffer.from(await answer.arrayBuffer()));
  const [block = ''] = shellBlocksOf(DOCUMENT, 'A time stamp');
  const sound = await runAlone(block, directory);
  expect([sound.status, sound.output]).toEqual([0, expect.stringMatching(/Verification: OK[\s\S]*Time stamp: /)]);
  await appendFile(at('SHA256SUMS'), 'another line\n');
  expect((await runAlone(block, directory)).status).not.toBe(0);
});
