import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument } from '../../docs/document.ts';

test('the Python of docs/protocol.md prints the hash of the request on that page', () => {
  const { blocks } = readDocument('docs/protocol.md');
  const [python = ''] = blocks.filter(({ language }) => language === 'python').map(({ text }) => text);
  const [request = ''] = blocks.filter(({ language }) => language === 'http').map(({ text }) => text);
  const printed = execFileSync('python3', ['-c', python], { encoding: 'utf8' });
  expect(request).toContain(`\nes-auth-sign: ${printed.trim()}\n`);
});

test('with the .gitattributes of docs/runners.md, a checkout with core.autocrlf keeps signatures and lists as they are', async () => {
  const [attributes = ''] = readDocument('docs/runners.md')
    .blocks.filter(({ language }) => language === 'gitattributes')
    .map(({ text }) => text);
  const directory = await mkdtemp(join(tmpdir(), 'attributes-'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: directory });
  const names = ['app.bin.sign', 'SHA256SUMS', 'readme.txt'];
  const checkOut = async (): Promise<string[]> => {
    for (const name of names) await rm(join(directory, name));
    git('-c', 'core.autocrlf=true', 'checkout', '--', ...names);
    return Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  };
  try {
    for (const name of names) await writeFile(join(directory, name), 'one line\n');
    git('init', '-q');
    git('add', '-A');
    expect(await checkOut()).toEqual(Array(3).fill('one line\r\n'));
    await writeFile(join(directory, '.gitattributes'), `${attributes}\n`);
    expect(await checkOut()).toEqual(['one line\n', 'one line\n', 'one line\r\n']);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
