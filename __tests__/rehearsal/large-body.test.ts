import { type ChildProcess, fork } from 'node:child_process';
import { createHash, createVerify } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildRequest, makeNonce, quote, type Target } from './client.ts';

const PIECE = Buffer.alloc(768 * 1024, 'The same bytes, again and again. \u00ff');
const TEXT = PIECE.toString('base64');
const MIB = 1024 * 1024;
let child: ChildProcess;
let service: Target;

function receive<T>(): Promise<T> {
  return new Promise((resolve) => child.once('message', (message: T) => resolve(message)));
}

async function readPeak(): Promise<number> {
  const answer = receive<{ peakBytes: number }>();
  child.send('peak');
  return (await answer).peakBytes;
}

beforeAll(async () => {
  child = fork(join(import.meta.dirname, 'metered-service.ts'), { env: {}, execArgv: [] });
  service = await receive<Target>();
});

afterAll(() => child.disconnect());

/** Sends `count` pieces as one file without ever holding more than a few; returns signData. */
async function signPieces(count: number): Promise<string> {
  const { cert, key, chain, appKey, appSecret } = service.credentials;
  const [nonce, timestamp] = [makeNonce(), String(Date.now())];
  const head = `POST${service.signPath}es-auth-appkey:${appKey}es-auth-nonce:${nonce}es-auth-timestamp:${timestamp}json=`;
  const hash = createHash('sha256').update(quote(`${head}{"data":"`));
  const quoted = quote(TEXT);
  for (let turn = 0; turn < count; turn++) hash.update(quoted);
  const { headers, path } = buildRequest(service, Buffer.alloc(0), { nonce, timestamp });
  const sign = hash.update(quote(`"}${appSecret}`)).digest('hex');
  const length = String(11 + count * TEXT.length);
  const all = { ...headers, 'content-length': length, 'es-auth-sign': sign };
  const tls = { cert, key, ca: chain };
  const request = https.request({ host: '127.0.0.1', port: service.port, method: 'POST', path, headers: all, ...tls });
  const answered = new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  request.write('{"data":"');
  for (let turn = 0; turn < count; turn++) {
    if (!request.write(TEXT, 'latin1')) await once(request, 'drain');
  }
  request.end('"}');
  return String(JSON.parse(await readText(await answered)).signData);
}

test('a service signs a file of 64 MiB without holding it in memory', async () => {
  await signPieces(12);
  const before = await readPeak();
  const count = 86;
  const signData = await signPieces(count);
  const peak = await readPeak();
  const verify = createVerify('sha256');
  for (let turn = 0; turn < count; turn++) verify.update(PIECE);
  expect(verify.verify(service.credentials.verifyKeyPem, signData, 'base64')).toBe(true);
  expect((peak - before) / MIB).toBeLessThan(24);
});
