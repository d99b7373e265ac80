import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SourceCopy } from '../../protocols/source-copy.ts';
import { OpenBao } from './openbao.ts';
import { signFiles } from './signing.ts';

let bao: OpenBao;
let copy: SourceCopy | undefined;
beforeAll(async () => {
  bao = await OpenBao.start();
});
afterAll(() => bao.stop());
afterEach(() => {
  copy?.remove();
  copy = undefined;
});

/** Faults in `src/protocols/vault/vault.ts` that the engine answers with 200: the signature is worth nothing, and only a check of ours tells. */
test.each([
  {
    fault: 'a digest in hex',
    from: "return Buffer.from(bytes).toString('base64');",
    to: "return Buffer.from(Buffer.from(bytes).toString('hex')).toString('base64');",
    key: 'ecdsa-p256',
    told: 'No signature fits verify-key',
  },
  {
    fault: 'a digest that is cut short after its length was checked',
    from: "return Buffer.from(bytes).toString('base64');",
    to: "return Buffer.from(bytes.subarray(0, 20)).toString('base64');",
    key: 'ecdsa-p256',
    told: 'No signature fits verify-key',
  },
  {
    fault: 'the hash of another algorithm',
    from: 'const { digest: bytes } = await source.digest(() => ({ algorithm: hash }));',
    to: "const { digest: bytes } = await source.digest(() => ({ algorithm: 'sha256' }));",
    key: 'ecdsa-p384',
    told: 'A digest of 32 bytes is not a sha384 digest',
  },
  {
    fault: 'no word about the digest',
    from: "return { ...batch, prehashed: true, marshaling_algorithm: 'asn1' };",
    to: "return { ...batch, marshaling_algorithm: 'asn1' };",
    key: 'ecdsa-p256',
    told: 'No signature fits verify-key',
  },
  {
    fault: 'the other form of an EC signature',
    from: "marshaling_algorithm: 'asn1' };",
    to: "marshaling_algorithm: 'jws' };",
    key: 'ecdsa-p256',
    told: 'a signature that is not base64',
  },
  {
    fault: 'no length of the salt',
    from: ", salt_length: 'hash' }",
    to: ' }',
    key: 'rsa-2048',
    algorithm: 'rsa-pss-sha256',
    told: 'salt',
  },
  {
    fault: 'no padding',
    from: "signature_algorithm: 'pkcs1v15' }",
    to: '}',
    key: 'rsa-2048',
    told: 'No signature fits verify-key',
  },
])('planted: $fault is caught, and nothing is written', async ({ from, to, key, algorithm, told }) => {
  copy = new SourceCopy();
  copy.edit('src/protocols/vault/vault.ts', (text) => text.replace(from, to));
  const name = `rel-${key}`;
  const inputs = {
    ...bao.inputs,
    ...bao.certificate,
    'signing-key': name,
    'verify-key': await bao.publicKey(name),
    ...(algorithm ? { 'signature-algorithm': algorithm } : {}),
  };
  const { run, workspace } = await signFiles(inputs, { files: 4, actionDirectory: copy.directory });
  expect(run.exitCode).toBe(1);
  expect(run.log).toContain(told);
  expect(run.outputs).toMatchObject({ mode: '', 'signed-count': '0' });
  expect(readdirSync(join(workspace, 'dist')).filter((file) => file.endsWith('.sign'))).toEqual([]);
});

test('the copy without a fault signs, so that each refusal above is due to its fault', async () => {
  copy = new SourceCopy();
  const key = { 'signing-key': 'rel-ecdsa-p256', 'verify-key': await bao.publicKey('rel-ecdsa-p256') };
  const { run } = await signFiles({ ...bao.inputs, ...bao.certificate, ...key }, { actionDirectory: copy.directory });
  expect(run.exitCode, run.log).toBe(0);
});
