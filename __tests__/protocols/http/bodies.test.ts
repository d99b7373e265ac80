import { createHash, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { runAction } from '../../../tools/runner/runner.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { json, type StandIn, StandInServer } from './stand-ins.ts';

const MIB = 2 ** 20;
/** Around a group of three bytes of base64, around a chunk of the reader, around a file that is kept in memory, and large. */
const SIZES = [0, 1, 2, 3, 4, 384 * 1024 - 1, 384 * 1024 + 1, MIB, MIB + 1, 5 * MIB + 1];

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** Signs a file of each size by a message whose body holds the file; `read` takes the file out of a body. */
async function signFiles(request: string, read: (body: Buffer) => Buffer) {
  const seen: string[] = [];
  const service: StandIn = ({ headers, body }, key) => {
    if (Number(headers['content-length']) !== body.length) throw new Error(`length ${headers['content-length']}`);
    const file = read(body);
    seen.push(createHash('sha256').update(file).digest('hex'));
    return json({ signature: sign('sha256', file, key).toString('base64') });
  };
  const server = new StandInServer(service);
  await server.start();
  const directory = mkdtempSync(join(tmpdir(), 'http-bodies-'));
  cleanups.push(
    () => server.close(),
    () => rmSync(directory, { recursive: true, force: true }),
  );
  const [workspace, runnerTemp] = [join(directory, 'workspace'), join(directory, 'temp')];
  for (const each of [join(workspace, 'dist'), runnerTemp]) await mkdir(each, { recursive: true });
  const sums = SIZES.map((size) => {
    const content = randomBytes(size);
    writeFileSync(join(workspace, 'dist', `${size}.bin`), content);
    return createHash('sha256').update(content).digest('hex');
  });
  const inputs = { files: 'dist/**', upload: 'false', protocol: 'http', request, ...server.inputs };
  const run = await runAction({ actionDirectory: ACTION_DIRECTORY, workspace, runnerTemp, inputs });
  return { run, refusals: server.refusals, seen: seen.sort(), sums: sums.sort() };
}

describe('a body that holds the file itself arrives byte for byte, whatever its size', () => {
  test.each([
    {
      form: 'as it is',
      request: 'POST /sign\nContent-Type: application/octet-stream\n\n{file}',
      read: (body: Buffer) => body,
    },
    {
      form: 'in a multipart body',
      request:
        'POST /sign\nContent-Type: multipart/form-data; boundary=b\n\n--b\nContent-Disposition: form-data; name="file"\n\n{file}\n--b--',
      read: (body: Buffer) => body.subarray(body.indexOf('\r\n\r\n') + '\r\n\r\n'.length, body.lastIndexOf('\r\n--b')),
    },
    {
      form: 'as base64 in JSON',
      request: 'POST /sign\n\n{"name":"{name}","data":"{file:base64}"}',
      read(body: Buffer) {
        const { data } = JSON.parse(body.toString());
        const file = Buffer.from(data, 'base64');
        if (file.toString('base64') !== data) throw new Error('not base64 in one piece');
        return file;
      },
    },
    {
      form: 'as base64 in a text',
      request: 'POST /sign\nContent-Type: text/plain\n\nfile: {file:base64}.',
      read: (body: Buffer) => Buffer.from(body.toString().slice('file: '.length, -1), 'base64'),
    },
  ])('$form', async ({ request, read }) => {
    const { run, refusals, seen, sums } = await signFiles(request, read);
    expect(refusals).toEqual([]);
    expect(run.exitCode, run.log).toBe(0);
    // On a busy machine an answer may come before the end of the file is seen, and the request is repeated.
    expect([...new Set(seen)]).toEqual(sums);
    expect(run.outputs['verified-count']).toBe(String(SIZES.length));
  });
});
