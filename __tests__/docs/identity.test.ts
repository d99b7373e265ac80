import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ActionRun } from '../../tools/runner/runner.ts';
import { readDocument, shellBlocksOf } from './document.ts';
import { APP_SECRET, createReader } from './reader.ts';
import { runAlone } from './shell.ts';
import { inputsOf, scriptsIn } from './workflow.ts';

const DOCUMENT = readDocument('docs/identity.md');
const reader = await createReader(DOCUMENT);
const { authority, store, scenario, work, vault, followed, follow, put, look, sign } = reader;

afterAll(() => reader[Symbol.asyncDispose]());

function expectGreen(run: ActionRun): void {
  expect(run.exitCode, run.log).toBe(0);
  expect(run.outputs).toMatchObject({ mode: 'sign', 'signed-count': '2', 'verified-count': '2', 'failed-count': '0' });
}

/** Expects the blocks of plain text below a heading in what its commands printed; only dates are others. */
function expectShown(heading: string, output: string): void {
  const settle = (text: string): string => text.replaceAll(/(not\w+)=.* GMT/g, '$1=…').replaceAll(/ +$/gm, '');
  for (const { text } of DOCUMENT.blocks.filter((block) => block.heading === heading && block.language === 'text'))
    expect(settle(output)).toContain(`${settle(text)}\n`);
}

/** One reader goes through the document from its first to its last command; the tests play CA, operators and vault. */
describe('docs/identity.md, each command run as it stands', () => {
  test('key, request and certificate', async () => {
    expectShown('1. Make a key', await follow('1. Make a key'));
    expect(await look('client-key-plain.pem')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expectShown('2. Ask for a certificate', await follow('2. Ask for a certificate'));
    await put('client-cert.pem', await authority.issue(join(work, 'client.csr')));
    await put('intermediates.pem', authority.issuerPem);
    await put('ca-root.pem', authority.rootPem);
    const seen = await follow('3. Look at what comes back');
    expectShown('3. Look at what comes back', seen);
    const prints = [...seen.matchAll(/[0-9a-f]{64}/g)].map(([print]) => print);
    expect(prints).toHaveLength(2);
    expect(prints[0]).toBe(prints[1]);
  });

  test('the chain of the server', async () => {
    const { credentials } = scenario.service;
    await put('signing-public-key.pem', credentials.verifyKeyPem);
    await put('app-secret.txt', `${APP_SECRET}\n`);
    await put('server-chain.pem', authority.rootPem);
    const [block = ''] = shellBlocksOf(DOCUMENT, '4. Get the chain of the server');
    const wrong = await runAlone(reader.address(block), work);
    expect(wrong.output).not.toContain('Verify return code: 0');
    await put('server-chain.pem', credentials.chain);
    expectShown('4. Get the chain of the server', await follow('4. Get the chain of the server'));
  });

  test('the stored secrets have the right bytes and were never arguments of a command', async () => {
    const files = {
      SIGNING_KEY: 'client-key.pem',
      SIGNING_KEY_PASSPHRASE: 'key-passphrase.txt',
      SIGNING_APP_SECRET: 'app-secret.txt',
      SIGNING_CERT: 'client-full.pem',
      SIGNING_CHAIN: 'server-chain.pem',
      SIGNING_PUBLIC_KEY: 'signing-public-key.pem',
    };
    const before = await Promise.all(Object.values(files).map(look));
    for (const name of ['client-key.pem', 'client-key-plain.pem', 'key-passphrase.txt']) {
      await copyFile(join(work, name), join(vault, name));
    }
    const output = await follow('5. Store the pieces');
    expect(output).toContain('SIGNING_KEY_PASSPHRASE');
    expect(output).toContain('notAfter=');
    for (const [at, name] of Object.keys(files).entries()) {
      const kind = at < 3 ? 'secret' : 'variable';
      expect(await store.value(kind, name), name).toBe(before[at]?.trimEnd());
    }
    const lines = before.flatMap((text) => text.split('\n')).filter((line) => line !== '');
    const seen = (await store.calls()) + followed.join('\n');
    for (const line of lines) expect(seen).not.toContain(line);
    expect(readdirSync(work)).not.toContain('client-key.pem');
  });

  test('the workflow signs with it', async () => {
    const run = await sign('6. Use them');
    expectGreen(run);
    const leaf = new X509Certificate(await look('client-cert.pem'));
    expect(run.outputs['cert-expires']).toBe(leaf.validToDate.toISOString());
    const key = await readFile(join(vault, 'client-key-plain.pem'), 'utf8');
    expectGreen(await sign('6. Use them', { key, 'key-passphrase': '' }));
  });

  test('the service asks for just this authority, with its intermediates', async () => {
    const key = await readFile(join(vault, 'client-key-plain.pem'), 'utf8');
    const ca = scenario.service.credentials.chain;
    const ask = async (cert: string): Promise<string> => {
      const request = get(scenario.service.url, { cert, key, ca, agent: false });
      const answer = once(request, 'response').then(
        () => 'an answer',
        () => 'no answer',
      );
      return answer.finally(() => request.destroy());
    };
    expect(await ask(await look('client-full.pem'))).toBe('an answer');
    expect(await ask(await look('client-cert.pem'))).toBe('no answer');
  });

  test('a certificate without its intermediates is TLS_CLIENT_REJECTED, and the way out names them', async () => {
    const key = await readFile(join(vault, 'client-key-plain.pem'), 'utf8');
    const leaf = await look('client-cert.pem');
    const run = await sign('6. Use them', { cert: leaf, key, 'key-passphrase': '' });
    expect(run.exitCode).toBe(1);
    const errors = run.annotations.filter(({ type }) => type === 'error');
    expect(errors.map(({ title }) => title)).toEqual(['TLS_CLIENT_REJECTED']);
    const issuer = new X509Certificate(leaf).issuer.replace(/^.*CN=/s, 'CN=');
    expect(errors[0]?.message).toContain('Input cert has 1 certificate; issuer ');
    expect(errors[0]?.message).toContain(issuer);
    expect(run.outputs['signed-count']).toBe('0');
  });

  test('PKCS#7, DER and PKCS#12', async () => {
    const leaf = await look('client-cert.pem');
    const play = [
      'openssl crl2pkcs7 -nocrl -certfile ca-root.pem -certfile intermediates.pem -certfile client-cert.pem -out answer.p7b',
      'openssl x509 -in client-cert.pem -outform DER -out answer.cer',
      'openssl rand -hex 12 > identity-passphrase.txt',
      `openssl pkcs12 -export -in client-full.pem -inkey '${vault}/client-key-plain.pem' -out identity.p12 -passout file:identity-passphrase.txt`,
      'rm client-full.pem client-cert.pem',
    ];
    expect((await runAlone(play.join('\n'), work)).output).toBe('');
    await follow('Other shapes');
    expect(await look('client-cert.pem')).toBe(leaf);
    expectGreen(await sign('6. Use them', { cert: await look('client-full.pem') }));
    const container = await store.resolve(inputsOf(DOCUMENT, 'Other shapes'));
    expect(Object.keys(container)).toEqual(['cert', 'key-passphrase']);
    expectGreen(await sign('6. Use them', { ...container, key: '' }));
  });

  test('the weekly check of the expiry date', async () => {
    const yaml = DOCUMENT.blocks.find(({ heading, language }) => heading === 'Expiry' && language === 'yaml');
    const [script] = scriptsIn(yaml?.text ?? '');
    const run = (days: number): Promise<{ status: number }> => {
      const check = (script?.run ?? '').replace('2592000', String(days * 86_400));
      return runAlone(`CERT=$(cat '${store.directory}/variable.SIGNING_CERT')\n${check}`, work);
    };
    expect(await run(30)).toMatchObject({ status: 0 });
    expect(await run(91)).toMatchObject({ status: 1 });
    expect(script?.run).toContain('-checkend 2592000');
  });

  test('a rotation, green at every step', async () => {
    await copyFile(join(vault, 'key-passphrase.txt'), join(work, 'key-passphrase.txt'));
    await follow('Make the next key and request');
    await put('new-cert.pem', await authority.issue(join(work, 'new.csr')));
    const used: (string | undefined)[] = [];
    for (const step of ['Store both certificates', 'Change the key', 'Drop the old certificate']) {
      await follow(step);
      const run = await sign('6. Use them');
      expectGreen(run);
      used.push(
        run.outputs['manifest'] &&
          JSON.parse(await readFile(run.outputs['manifest'], 'utf8')).signer.certificate.sha256,
      );
    }
    const print = async (name: string): Promise<string> =>
      new X509Certificate(await look(name)).fingerprint256.replaceAll(':', '').toLowerCase();
    expect(used).toEqual([await print('client-cert.pem'), await print('new-cert.pem'), await print('new-cert.pem')]);
  });

  test('no command of the document was left out', () => {
    expect(followed).toEqual(DOCUMENT.blocks.filter(({ language }) => language === 'sh').map(({ text }) => text));
  });
});
