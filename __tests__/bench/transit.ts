import { execFileSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readActionFile } from '../../tools/runner/action-file.ts';
import { OpenBao } from '../peers/openbao/openbao.ts';
import { actionCommand, REPOSITORY } from './clients.ts';
import { type Command, type Measurement, measure } from './measure.ts';
import type { Options } from './options.ts';
import type { Bench } from './rounds.ts';
import { median, medianRatio } from './statistics.ts';
import { makeTree, type Tree } from './tree.ts';

/** The transit engine of a real OpenBao, EC P-256: this action beside the two ways in which scripts use it. */
export interface Transit {
  readonly title: string;
  readonly seconds: number;
  /** What the files take: the time for one file, start of the process and login included, is subtracted. */
  readonly beyondStartSeconds: number;
  /** Most requests of a run, the login included. */
  readonly requests: number;
  readonly perFileSeconds: number;
  readonly perFileRatio: number;
  /** Of the first round alone: it takes minutes. */
  readonly curlSeconds: number;
  readonly curlRatio: number;
}

const SIGNING_KEY = 'rel-ecdsa-p256';
/** Signatures of each run that the openssl binary checks; the rest is checked in this process. */
const CHECKED_BY_BINARY = 5;

/** Measures 1,000 and 5,000 files of 4 KB; `runs` tells which clients are wanted besides this action. */
export async function measureTransit(
  bench: Bench,
  { scale, runs }: Pick<Options, 'scale' | 'runs'>,
): Promise<Transit[]> {
  const bao = await OpenBao.start();
  try {
    const results: Transit[] = [];
    for (const files of scale === 'full' ? [1000, 5000] : [1000])
      results.push(await measureFiles(bench, bao, { files, runs }));
    return results;
  } finally {
    await bao.stop();
  }
}

async function measureFiles(
  bench: Bench,
  bao: OpenBao,
  { files, runs: isWanted }: Pick<Options, 'runs'> & { readonly files: number },
): Promise<Transit> {
  const title = `${files.toLocaleString('en-US')} files of 4 KB`;
  const directory = join(bench.directory, 'transit');
  const [many, one] = [files, 1].map((count) => makeFiles(join(directory, `of-${count}`), count));
  if (many === undefined || one === undefined) throw new Error('no files');
  const publicKey = await bao.publicKey(SIGNING_KEY);
  const scripts = prepareScripts(bench, bao, { directory, tree: many });
  const runs = { start: [] as Run[], action: [] as Run[], perFile: [] as Run[], curl: [] as Run[] };
  const log = join(directory, 'log');
  const run = async (name: keyof typeof runs, tree: Tree, command: Command): Promise<void> => {
    const measurement = await measure(command, { python: bench.python.binary, log });
    collect(tree, publicKey);
    runs[name].push({ ...measurement, requests: requestsOf(command) });
    bench.tell(
      `openbao ${title} ${name}: ${measurement.seconds.toFixed(2)} s, ${measurement.cpuSeconds.toFixed(2)} s of CPU`,
    );
  };
  for (let round = 1; round <= bench.rounds; round++) {
    await run('start', one, await vaultCommand(bao, publicKey, { directory, tree: one }));
    await run('action', many, await vaultCommand(bao, publicKey, { directory, tree: many }));
    if (isWanted('all-at-once')) await run('perFile', many, scripts.perFile);
    if (round === 1 && isWanted('curl')) await run('curl', many, scripts.curl);
  }
  rmSync(directory, { recursive: true });
  return { title, ...summarise(runs) };
}

interface Run extends Measurement {
  readonly requests: number;
}

function summarise(runs: Readonly<Record<'start' | 'action' | 'perFile' | 'curl', readonly Run[]>>) {
  const { start, action, perFile, curl } = runs;
  const beyond = action.map(({ seconds }, round) => seconds - (start[round]?.seconds ?? Number.NaN));
  return {
    seconds: median(action.map(({ seconds }) => seconds)),
    beyondStartSeconds: median(beyond),
    requests: Math.max(...action.map(({ requests }) => requests)),
    perFileSeconds: median(perFile.map(({ seconds }) => seconds)),
    perFileRatio: medianRatio(action, perFile),
    curlSeconds: median(curl.map(({ seconds }) => seconds)),
    curlRatio: medianRatio(action.slice(0, 1), curl),
  };
}

function makeFiles(workspace: string, files: number): Tree {
  mkdirSync(workspace, { recursive: true });
  return makeTree(workspace, { files, bytesPerFile: 4000, content: 'random' });
}

interface Place {
  readonly directory: string;
  readonly tree: Tree;
}

async function vaultCommand(bao: OpenBao, publicKey: string, { directory, tree }: Place): Promise<Command> {
  const inputs = {
    files: 'dist/**',
    protocol: 'vault',
    'signing-key': SIGNING_KEY,
    'verify-key': publicKey,
    upload: 'false',
    ...bao.inputs,
    ...bao.certificate,
  };
  return actionCommand(await readActionFile(REPOSITORY), { tree, directory, inputs });
}

function prepareScripts(
  { python }: Bench,
  { pki, url }: OpenBao,
  { directory, tree }: Place,
): { readonly perFile: Command; readonly curl: Command } {
  const file = (name: string): string => join(pki.directory, name);
  const client = { cert: file('release-bot.pem'), key: file('release-bot.key'), chain: file('ca.pem') };
  const settings = join(directory, 'settings.json');
  writeFileSync(settings, JSON.stringify({ ...client, url, signingKey: SIGNING_KEY, directory: tree.directory }));
  const config = join(directory, 'curl.conf');
  writeFileSync(config, `cert = "${client.cert}"\nkey = "${client.key}"\ncacert = "${client.chain}"\n`);
  const script = (name: string): string => join(import.meta.dirname, name);
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' };
  return {
    perFile: { command: [python.binary, script('one-per-file.py'), settings], cwd: directory, env },
    curl: {
      command: ['/bin/sh', script('one-by-one.sh'), url, SIGNING_KEY, tree.directory, config],
      cwd: directory,
      env,
    },
  };
}

/** Sees that every file has a good signature, and removes them all. */
function collect({ files }: Tree, publicKey: string): void {
  const key = createPublicKey(publicKey);
  for (const [at, file] of files.entries()) {
    const signature = Buffer.from(readFileSync(`${file}.sign`, 'latin1'), 'base64');
    if (!verify('sha256', readFileSync(file), key, signature)) throw new Error(`${file}.sign is not valid`);
    if (at < CHECKED_BY_BINARY) checkByBinary(file, signature, publicKey);
    unlinkSync(`${file}.sign`);
  }
}

function checkByBinary(file: string, signature: Buffer, publicKey: string): void {
  writeFileSync(`${file}.raw`, signature);
  writeFileSync(`${file}.pem`, publicKey);
  execFileSync('openssl', ['dgst', '-sha256', '-verify', `${file}.pem`, '-signature', `${file}.raw`, file]);
  for (const each of ['raw', 'pem']) unlinkSync(`${file}.${each}`);
}

/** Reads the output `request-count` of a run of the action; 0 for a script, which has no outputs. */
function requestsOf({ env }: Command): number {
  const path = env['GITHUB_OUTPUT'];
  return path === undefined ? 0 : Number(/^request-count<<(\S+)\n(\d+)\n/m.exec(readFileSync(path, 'utf8'))?.[2] ?? 0);
}
