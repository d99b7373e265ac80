import { createHash, createPublicKey, randomInt, verify } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { onTestFinished } from 'vitest';
import { createTlsContext } from '../../src/connection/route.ts';
import { openTransport, type Transport } from '../../src/connection/transport.ts';
import { Patience } from '../../src/files/patience.ts';
import type { ReleaseFile } from '../../src/files/release-file.ts';
import { OutputTree } from '../../src/files/writing/output-tree.ts';
import { cutOnly } from '../../src/protocols/answers/scrub.ts';
import { createSignFileSigner } from '../../src/protocols/es-auth/sign-file.ts';
import { createPki, type Pki } from '../../src/rehearsal/pki.ts';
import type { PolicyEvent } from '../../src/signing/policy/decision.ts';
import { createClock } from '../../src/signing/schedule/clock.ts';
import { type SignOptions, type SignResult, signFiles } from '../../src/signing/sign.ts';
import type { Signer } from '../../src/signing/signer.ts';
import { type AlgorithmName, algorithmOf } from '../../src/verifying/algorithm.ts';
import type { Verification } from '../../src/verifying/check.ts';
import { readVerifyKey } from '../../src/verifying/key.ts';
import { createVerifier } from '../../src/verifying/verifier.ts';
import { type Service, type ServiceOptions, startService } from '../rehearsal/faulty-service.ts';

let sharedPki: Promise<Pki> | undefined;

/** Starts a service that keeps a log of every request; it ends with the test. */
export async function openService(options: ServiceOptions = {}): Promise<Service> {
  sharedPki ??= createPki();
  const service = await startService({ pki: await sharedPki, record: true, ...options });
  onTestFinished(() => service.close());
  return service;
}

/** What a client must know of a service. */
export type Target = Pick<Service, 'url' | 'signPath' | 'appKey' | 'appSecret' | 'credentials'>;

/** Opens the way to a service, with a limit of time for each connection; it ends with the test. */
export function openWay(service: Target, timeoutMs = 10_000): Transport {
  const { cert, key, chain } = service.credentials;
  const secureContext = createTlsContext({ cert, key, ca: [chain] });
  const transport = openTransport({ server: new URL(service.url), secureContext, timeoutMs });
  onTestFinished(() => transport.close());
  return transport;
}

/** A directory of files that goes when the test ends. */
export interface Tree {
  readonly root: string;
  readonly files: readonly ReleaseFile[];
}

/** Writes files of these contents. */
export function plant(contents: Readonly<Record<string, Uint8Array>>): Tree {
  const root = mkdtempSync(join(tmpdir(), 'signing-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const files = Object.entries(contents).map(([path, content]) => {
    const location = join(root, path);
    mkdirSync(dirname(location), { recursive: true });
    writeFileSync(location, content);
    return { path, location, size: statSync(location).size };
  });
  return { root, files };
}

/** Writes so many small files, each of its own size from `smallest` bytes on. */
export function plantMany(count: number, smallest = 0): Tree {
  const contents = Array.from({ length: count }, (_, at) => {
    const content = Buffer.alloc(smallest + at, `content of file ${at}; `);
    return [`f${String(at).padStart(4, '0')}.bin`, content] as const;
  });
  return plant(Object.fromEntries(contents));
}

/** What happened in a run, and what it left. */
export interface SigningRun extends SignResult {
  /** Every request that was given a connection, or tried to get one. */
  readonly requests: number;
  readonly events: readonly PolicyEvent[];
  readonly elapsedMs: number;
  readonly warnings: readonly string[];
}

/** Settings that differ from the ordinary ones. */
type RunSettings = Partial<Omit<SignOptions, 'files'>> & {
  readonly appSecret?: string;
  /** Way to the service; an ordinary one when absent. */
  readonly transport?: Transport;
  /** Stands between the run and the real signer. */
  readonly wrap?: (signer: Signer) => Signer;
  /** Name of the algorithm to check with, or `none`. */
  readonly algorithm?: AlgorithmName | 'none';
};

/** Signs a tree with a service over real sockets; delays of the policy are as short as they can be unless `random` is given. */
export async function signTree(service: Target, tree: Tree, settings: RunSettings = {}): Promise<SigningRun> {
  const events: PolicyEvent[] = [];
  const warnings: string[] = [];
  const { appSecret = service.appSecret, algorithm, wrap = (signer) => signer, ...others } = settings;
  const transport = settings.transport ?? openWay(service);
  const { appKey, signPath } = service;
  const requestPath = new URL(service.url).pathname.replace(/\/$/, '') + signPath;
  const signer = createSignFileSigner(
    transport,
    { requestPath, signPath, appKey, appSecret },
    { now: Date.now, randomInt, scrub: cutOnly, warn: (_, text) => void warnings.push(text) },
  );
  const startedMs = performance.now();
  const result = await signFiles({
    files: tree.files,
    signer: wrap(signer),
    output: new OutputTree(tree.root, process.pid),
    patience: new Patience(createClock()),
    suffix: '.sign',
    verification: verificationOf(service, algorithm),
    concurrency: 100,
    attempts: 8,
    timeoutMs: 20_000,
    onFailure: 'collect',
    firstConnection: transport.firstConnection,
    prepare: (connections, signal) => transport.prepare(connections, signal),
    signal: new AbortController().signal,
    clock: createClock(),
    random: () => 0,
    onOutcome: () => {},
    onEvent: (event) => void events.push(event),
    ...others,
  });
  transport.close();
  return { ...result, requests: transport.requests(), events, warnings, elapsedMs: performance.now() - startedMs };
}

function verificationOf(service: Target, algorithm: AlgorithmName | 'none' = 'ecdsa-sha256'): Verification | undefined {
  if (algorithm === 'none') return undefined;
  const verifier = createVerifier(readVerifyKey(service.credentials.verifyKeyPem), algorithmOf(algorithm));
  return { verifier, encoding: 'base64' };
}

/** Returns the paths whose `.sign` is a genuine signature of their bytes; throws when another one, or a temporary file, is there. */
export function genuineSignatures(service: Target, { root, files }: Tree): string[] {
  const key = createPublicKey(service.credentials.verifyKeyPem);
  const signed = files.filter(({ path }) => existsSync(join(root, `${path}.sign`)));
  for (const { path } of signed) {
    const signature = Buffer.from(readFileSync(join(root, `${path}.sign`), 'latin1'), 'base64');
    if (!verify('sha256', readFileSync(join(root, path)), key, signature))
      throw new Error(`${path}.sign is not genuine`);
  }
  const expected = new Set(files.flatMap(({ path }) => [path, `${path}.sign`]));
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const strays = names.filter((name) => !expected.has(name.split(sep).join('/')));
  if (strays.some((name) => statSync(join(root, name)).isFile())) throw new Error(`Left behind: ${strays.join()}`);
  return signed.map(({ path }) => path);
}

/** Returns the SHA-256 of a file of the tree. */
export function sha256Of(tree: Tree, path: string): string {
  return createHash('sha256')
    .update(readFileSync(join(tree.root, path)))
    .digest('hex');
}
