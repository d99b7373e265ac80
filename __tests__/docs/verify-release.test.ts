import { appendFile, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SIGNATURE_ALGORITHMS } from '../../src/verifying/algorithm.ts';
import { createScenario } from '../helpers/scenario.ts';
import { createPublisher } from './delivery.ts';
import { readDocument, shellBlocksOf } from './document.ts';
import { runAlone } from './shell.ts';
import { inputsOf } from './workflow.ts';

const DOCUMENT = readDocument('docs/verify.md');
const publisher = await createPublisher();

afterAll(() => publisher[Symbol.asyncDispose]());

describe('a whole directory', () => {
  const [block = ''] = shellBlocksOf(DOCUMENT, 'A whole directory');
  let directory: string;

  beforeAll(async () => {
    directory = await publisher.deliver({ algorithm: 'ecdsa-sha256' });
    await mkdir(join(directory, 'release', 'two words'), { recursive: true });
    for (const place of ['release', 'release/two words']) {
      for (const name of ['app.bin', 'app.bin.sign']) await cp(join(directory, name), join(directory, place, name));
    }
  });

  test('counts what is valid', async () => {
    expect(await runAlone(block, directory)).toEqual({ status: 0, output: 'files with a valid signature: 2\n' });
  });

  test.each([
    ['a changed file', (at: string) => appendFile(join(at, 'app.bin'), '!')],
    ['a missing signature', (at: string) => rm(join(at, 'app.bin.sign'))],
    ['an empty signature', (at: string) => writeFile(join(at, 'app.bin.sign'), '')],
  ])('fails with %s', async (_, spoil) => {
    const copy = await mkdtemp(join(publisher.root, 'copy-'));
    await cp(directory, copy, { recursive: true });
    await spoil(join(copy, 'release', 'two words'));
    const { status, output } = await runAlone(block, copy);
    expect(output).toContain('NOT VALID: ./release/two words/app.bin');
    expect(status).toBe(1);
  });

  test('fails when the directory is not there', async () => {
    const copy = await mkdtemp(join(publisher.root, 'copy-'));
    await cp(directory, copy, { recursive: true });
    await rename(join(copy, 'release'), join(copy, 'gone'));
    expect((await runAlone(block, copy)).status).not.toBe(0);
  });
});

test('an empty directory is no sound release, and a file named - is a file', async () => {
  const [block = ''] = shellBlocksOf(DOCUMENT, 'A whole directory');
  const directory = await publisher.deliver({ algorithm: 'ecdsa-sha256' });
  await mkdir(join(directory, 'release'));
  expect((await runAlone(block, directory)).status).not.toBe(0);
  await cp(join(directory, 'app.bin'), join(directory, 'release/-'));
  await cp(join(directory, 'app.bin.sign'), join(directory, 'release/-.sign'));
  expect(await runAlone(block, directory)).toEqual({ status: 0, output: 'files with a valid signature: 1\n' });
  await appendFile(join(directory, 'release/-'), '!');
  expect((await runAlone(block, directory)).status).toBe(1);
});

describe('the mode verify of the action', () => {
  test('does what the workflow says, with each finding of the table', async () => {
    const files = { 'release/a': 'aaa', 'release/b': 'bbb', 'release/c': 'ccc', 'release/d': 'ddd' };
    await using scenario = await createScenario({ files });
    const key = { 'verify-key': scenario.service.credentials.verifyKeyPem };
    await scenario.run({ ...key, files: 'release/**', upload: 'false' });
    const documented = inputsOf(DOCUMENT, 'With the action');
    expect(documented['verify-key']).toMatch(/^-----BEGIN PUBLIC KEY-----\n[\s\S]*-----END PUBLIC KEY-----\n$/);
    const offline = { 'server-url': '', 'app-key': '', 'app-secret': '', cert: '', key: '', chain: '' };
    const verify = { ...offline, ...documented, ...key };
    const sound = await scenario.green(verify);
    expect(sound.outputs['verified-count']).toBe('4');
    const at = (name: string): string => join(scenario.workspace, 'release', name);
    await rm(at('a.sign'));
    await appendFile(at('b'), '!');
    await rename(at('c'), join(scenario.workspace, 'c'));
    await rm(at('d.sign'));
    await mkdir(at('d.sign'));
    const spoilt = await scenario.red(verify);
    const codes = spoilt.annotations.filter(({ type }) => type === 'error').map(({ title }) => title);
    const findings = DOCUMENT.rows
      .map(([cell = '']) => cell.slice(1, -1))
      .filter((cell) => cell.startsWith('SIGNATURE_'));
    expect(new Set(codes)).toEqual(new Set(findings));
  });
});

/** No PowerShell here: this holds the listing together, and does not execute it. */
test('the PowerShell listing, which is not executed, has a block for each family of .NET', () => {
  const listed = DOCUMENT.blocks.filter(({ language }) => language === 'powershell').map(({ text }) => text);
  expect(listed.map((text) => /Cryptography\.(ECDsa|RSA)\]::Create/.exec(text)?.[1])).toEqual(['ECDsa', 'RSA']);
  for (const text of listed) {
    expect(text).toContain("throw 'app.bin: NOT VALID'");
    const [open, close] = [/[([{]/g, /[)\]}]/g].map((brackets) => [...text.matchAll(brackets)].length);
    expect(open).toBe(close);
    // What the table tells to change must be there to be changed.
    for (const word of ['SHA256', 'FromBase64String']) expect(text).toContain(word);
  }
  expect(listed[0]).toContain('Rfc3279DerSequence');
  expect(listed[1]).toContain('Pkcs1');
  expect(DOCUMENT.text).toContain('The tests of this repository do not run these blocks');
});

test('there is a section for each algorithm of the action, and no command that no test runs', () => {
  for (const name of SIGNATURE_ALGORITHMS) expect(DOCUMENT.headings).toContain(name);
  const others = [
    'The public key',
    'Decode the signature',
    'ECDSA signatures of a fixed size',
    'Check the file',
    'A whole directory',
    'A list of checksums',
    'A time stamp',
  ];
  const run = [...SIGNATURE_ALGORITHMS, ...others].flatMap((heading) => shellBlocksOf(DOCUMENT, heading));
  expect(DOCUMENT.blocks.filter(({ language }) => language === 'sh')).toHaveLength(run.length);
});
