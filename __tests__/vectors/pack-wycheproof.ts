/**
 * Packs the original Project Wycheproof files of one directory into `wycheproof.json.br`:
 *
 *   node __tests__/vectors/pack-wycheproof.ts <directory with *_test.json>
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { StoredGroup, StoredTest } from './wycheproof.ts';

interface OriginalTest {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly msg: string;
  readonly sig: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

interface OriginalGroup {
  readonly type: string;
  readonly sha?: string;
  readonly mgfSha?: string;
  readonly sLen?: number;
  readonly publicKeyPem: string;
  readonly tests: readonly OriginalTest[];
}

const LETTERS = { valid: 'v', invalid: 'i', acceptable: 'a' } as const;
/** The files of the contract's algorithms: curves, key sizes, digests. */
const WANTED = [
  /^ecdsa_secp(256|384|521)r1_sha(256|384|512)(_p1363)?_test\.json$/,
  /^rsa_signature_(2048|3072|4096)_sha(256|384|512)_test\.json$/,
  /^rsa_signature_8192_sha256_test\.json$/,
  /^rsa_pss_\d+_sha(256|384|512)_mgf1(sha\d+)?_\d+(_params)?_test\.json$/,
  /^rsa_pss_misc(_params)?_test\.json$/,
  /^ed25519_test\.json$/,
];

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: pack-wycheproof.ts <directory with *_test.json>');
const files = readdirSync(directory)
  .filter((name) => WANTED.some((pattern) => pattern.test(name)))
  .sort();
const groups = files.flatMap((name) => packFile(directory, name));
const text = Buffer.from(JSON.stringify(groups));
const packed = brotliCompressSync(text, {
  params: {
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  },
});
writeFileSync(join(import.meta.dirname, 'wycheproof.json.br'), packed);
const count = groups.reduce((sum, { tests }) => sum + tests.length, 0);
console.log(`${files.length} files, ${groups.length} groups, ${count} signatures, ${packed.length} bytes`);

function packFile(from: string, name: string): StoredGroup[] {
  const original = JSON.parse(readFileSync(join(from, name), 'utf8')) as { testGroups: readonly OriginalGroup[] };
  return original.testGroups.map(({ type, sha, mgfSha, sLen, publicKeyPem, tests }) => ({
    file: name.replace('_test.json', ''),
    type,
    hash: sha ?? '',
    ...(mgfSha !== undefined && sLen !== undefined ? { maskHash: mgfSha, saltBytes: sLen } : {}),
    keyPem: publicKeyPem,
    tests: tests.map(packTest),
  }));
}

function packTest({ tcId, comment, flags, msg, sig, result }: OriginalTest): StoredTest {
  return [tcId, [comment, ...flags].filter(Boolean).join(', '), msg, sig, LETTERS[result]];
}
