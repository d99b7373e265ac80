import { type ChildProcess, spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formsOf, holdsPrivateKey } from './key-bytes.ts';
import { KeylessWorld } from './world.ts';

let world: KeylessWorld;
const directory = mkdtempSync(join(tmpdir(), 'traced-'));

beforeAll(async () => {
  world = await KeylessWorld.start();
});

afterAll(async () => {
  await world.stop();
  rmSync(directory, { recursive: true, force: true });
});

const WRITES = 'write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,splice,copy_file_range,sendfile';

function fromHex(escaped: string): Buffer {
  return Buffer.from(escaped.replaceAll('\\x', ''), 'hex');
}

/** What a process wrote anywhere but to sockets, by where it went. */
function writesIn(trace: string): ReadonlyMap<string, Buffer> {
  const written = new Map<string, Buffer[]>();
  for (const line of trace.split('\n')) {
    const [, descriptor = '', hexPlace] = /^(?:\d+ +)?\w+\((\d+)<([^>]*)>/.exec(line) ?? [];
    const place = `${descriptor}: ${fromHex(hexPlace ?? '').toString()}`;
    // The log goes through sockets as well; all other sockets are TLS, which never carries the key.
    if (hexPlace === undefined || (place.includes('socket:') && Number(descriptor) > 2)) continue;
    const texts = [...line.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => fromHex(hex));
    written.set(place, [...(written.get(place) ?? []), ...texts]);
  }
  return new Map([...written].map(([place, parts]) => [place, Buffer.concat(parts)]));
}

test('the search finds a private key in every form in which a program may write it', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  for (const form of formsOf(pem)) {
    const around = Buffer.concat([Buffer.from('before '), form, Buffer.from(' after')]);
    expect(holdsPrivateKey(around, publicKey)).toBe(true);
  }
  expect(holdsPrivateKey(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })), publicKey)).toBe(false);
});

test('no byte of the private key leaves the process: not into a file, not into a pipe', async () => {
  const trace = join(directory, 'trace');
  const tracers: ChildProcess[] = [];
  const { run, manifest } = await world.sign(
    { ...world.inputs, manifest: 'receipt.json', checksums: 'SHA256SUMS' },
    {
      env: { ...world.tokens.env, RUNNER_DEBUG: '1' },
      onStart({ pid }) {
        const args = ['-f', '-p', String(pid), '-y', '-xx', '-s', '10000000', '-e', `trace=${WRITES}`, '-o', trace];
        tracers.push(spawn('strace', args, { stdio: 'ignore' }));
      },
    },
  );
  for (const tracer of tracers) if (tracer.exitCode === null) await once(tracer, 'exit');
  expect(run.exitCode, run.log).toBe(0);
  const written = writesIn(readFileSync(trace, 'utf8'));
  const places = [...written.keys()].join('\n');
  // What must be there, or the tracer saw nothing.
  expect(places).toMatch(/workspace\/\.mtls-release-signing-\d+-\d+\.tmp/);
  expect(places).toMatch(/set_output/);
  expect(places).toMatch(/^1: /m);
  const everything = Buffer.concat([...written.values()]).toString('latin1');
  for (const text of ['"version":1', 'acme/app', 'verified-count']) expect(everything).toContain(text);
  const serial = (manifest.signer?.certificate?.['serial'] ?? '').toLowerCase().match(/../g)?.join(':');
  const pem = (await world.bao.set('GET', `pki/cert/${serial}`)).read('data.certificate');
  const publicKey = createPublicKey(new X509Certificate(String(pem)).publicKey.export({ type: 'spki', format: 'pem' }));
  const found = [...written].filter(([, bytes]) => holdsPrivateKey(bytes, publicKey)).map(([place]) => place);
  expect(found).toEqual([]);
  expect(places).not.toMatch(/client-key\.pem|mtls-release-signing-credentials/);
});
