import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const SOURCE = pathToFileURL(join(import.meta.dirname, '../../../src/files/writing/output-tree.ts')).href;

/** Runs a program whose `directory` is a file system of 64 KiB that nobody else sees; returns what it prints. */
function runOnSmallDisk(program: string): unknown {
  const directory = mkdtempSync(join(tmpdir(), 'small-disk-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const prologue = `
    const { OutputTree } = await import('${SOURCE}');
    const { spawnSync } = await import('node:child_process');
    const { readdirSync, readFileSync, writeFileSync } = await import('node:fs');
    const directory = ${JSON.stringify(directory)};
    const output = new OutputTree(directory, process.pid);
    const outcome = (act) => { try { return act() ?? 'done'; } catch ({ code, message, hint }) { return { code, message, hint }; } };
  `;
  const shell = 'mount -t tmpfs -o size=64k small "$1" && exec "$2" --no-warnings --input-type=module --eval "$3"';
  const unshare = ['--user', '--map-root-user', '--mount', 'sh', '-c', shell, 'sh', directory, process.execPath];
  const { stdout, stderr, status } = spawnSync('unshare', [...unshare, prologue + program], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

test('a full disk leaves no partial signature, and the older one unchanged', () => {
  const told = runOnSmallDisk(`
    output.write('old.sign', 'old');
    for (let i = 0; i < 15; i++) writeFileSync(directory + '/filler' + i, Buffer.alloc(4096));
    try { writeFileSync(directory + '/rest', Buffer.alloc(65536)); } catch {}
    const results = ['old.sign', 'new.sign', 'sub/new.sign'].map((path) => outcome(() => output.write(path, 'x'.repeat(8192))));
    const names = readdirSync(directory).filter((name) => !/^(?:filler|rest|sub)/.test(name));
    console.log(JSON.stringify({ results, names, old: readFileSync(directory + '/old.sign', 'utf8') }));
  `);
  const full = expect.objectContaining({
    code: 'OUTPUT_FULL',
    message: expect.stringContaining('the disk is full (ENOSPC)'),
  });
  expect(told).toEqual({ results: [full, full, full], names: ['old.sign'], old: 'old' });
});

test('the error for a read-only file system says so', () => {
  const told = runOnSmallDisk(`
    output.write('old.sign', 'old');
    spawnSync('mount', ['-o', 'remount,ro', directory]);
    const results = [() => output.write('new.sign', 'x'), () => output.remove('old.sign'), () => output.remove('none.sign')];
    console.log(JSON.stringify(results.map(outcome)));
  `);
  const readOnly = expect.objectContaining({
    code: 'OUTPUT_FULL',
    message: expect.stringContaining('the file system is read-only (EROFS)'),
    hint: expect.stringContaining('output-dir'),
  });
  expect(told).toEqual([readOnly, readOnly, 'done']);
});
