import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readActionFile } from '../../tools/runner/action-file.ts';
import { actionCommand, REPOSITORY } from './clients.ts';
import { type Command, type Measurement, measure } from './measure.ts';
import type { Bench } from './rounds.ts';
import { median, medianRatio } from './statistics.ts';
import { makeTree, type Tree } from './tree.ts';

/** `verify` beside `sha256sum` over all files and `openssl dgst -verify` for each. */
export interface Verifying {
  readonly title: string;
  readonly seconds: number;
  readonly peakMiB: number;
  readonly toolsSeconds: number;
  readonly ratio: number;
}

/** Measures `mode: verify` on many small files and on one large one. */
export async function measureVerifying(bench: Bench, scale: 'full' | 'quick'): Promise<Verifying[]> {
  const [small, mib] = scale === 'full' ? [5_000, 3072] : [1_000, 512];
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = { privateKey, publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
  return [
    await measureOne(bench, `${small} files of 4 KB`, { ...keys, files: small, bytesPerFile: 4000, content: 'random' }),
    await measureOne(bench, `one file of ${mib} MiB`, {
      ...keys,
      files: 1,
      bytesPerFile: mib * 2 ** 20,
      content: 'sparse',
    }),
  ];
}

type Case = Parameters<typeof makeTree>[1] & { readonly privateKey: KeyObject; readonly publicPem: string };

async function measureOne(bench: Bench, title: string, what: Case): Promise<Verifying> {
  const directory = join(bench.directory, 'verify');
  const workspace = join(directory, 'workspace');
  mkdirSync(workspace, { recursive: true });
  const tree = makeTree(workspace, what);
  const tools = await prepareTools(tree, directory, what);
  const action = await readActionFile(REPOSITORY);
  const inputs = { mode: 'verify', files: 'dist/**', 'verify-key': what.publicPem };
  const [ours, theirs]: [Measurement[], Measurement[]] = [[], []];
  for (let round = 1; round <= bench.rounds; round++) {
    const using = { python: bench.python.binary, log: join(directory, 'log') };
    ours.push(await measure(await actionCommand(action, { tree, directory, inputs }), using));
    theirs.push(await measure(tools, using));
    bench.tell(
      `verify ${round}/${bench.rounds} ${title}: ${ours.at(-1)?.seconds.toFixed(2)} s, tools ${theirs.at(-1)?.seconds.toFixed(2)} s`,
    );
  }
  rmSync(directory, { recursive: true });
  return {
    title,
    seconds: median(ours.map(({ seconds }) => seconds)),
    peakMiB: median(ours.map(({ peakMiB }) => peakMiB)),
    toolsSeconds: median(theirs.map(({ seconds }) => seconds)),
    ratio: medianRatio(ours, theirs),
  };
}

/** Signs every file, for us in base64 beside it and for `openssl` as it is. */
async function prepareTools(tree: Tree, directory: string, { privateKey, publicPem }: Case): Promise<Command> {
  const key = join(directory, 'key.pem');
  const raw = join(directory, 'raw');
  const script = join(directory, 'verify.sh');
  mkdirSync(raw);
  writeFileSync(key, publicPem);
  const lines = [`sha256sum $(find ${tree.directory} -name '*.bin') > /dev/null`];
  for (const file of tree.files) {
    const signature = await signFile(file, privateKey);
    const signaturePath = join(raw, basename(file));
    writeFileSync(`${file}.sign`, signature.toString('base64'));
    writeFileSync(signaturePath, signature);
    lines.push(`openssl dgst -sha256 -verify ${key} -signature ${signaturePath} ${file}`);
  }
  writeFileSync(script, ['set -e', ...lines, ''].join('\n'));
  return { command: ['/bin/sh', script], cwd: directory, env: { PATH: '/usr/bin:/bin' } };
}

async function signFile(file: string, key: KeyObject): Promise<Buffer> {
  const signing = createSign('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) signing.update(chunk);
  return signing.sign(key);
}
