import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { demonstrate } from '../../tools/demo/demonstrate.ts';

const FILES = ['a.txt', "it's here/b c.bin"];

let directory: string;
let workspace: string;
let previousTemp: string | undefined;
beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'local-demo-')));
  workspace = join(directory, 'workspace');
  await mkdir(join(workspace, "it's here"), { recursive: true });
  await Promise.all(FILES.map((name) => writeFile(join(workspace, name), `content of ${name}`)));
  // What a demonstration leaves behind is left below the temporary directory of the system.
  previousTemp = process.env['TMPDIR'];
  process.env['TMPDIR'] = directory;
});
afterEach(async () => {
  if (previousTemp === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = previousTemp;
  await rm(directory, { recursive: true, force: true });
});

async function show(leastFiles = 1): Promise<{ problems: string[]; text: string }> {
  const actionDirectory = join(import.meta.dirname, 'rehearse-action');
  let text = '';
  const print = (part: string) => {
    text += part;
  };
  return { problems: await demonstrate({ actionDirectory, workspace, patterns: FILES, leastFiles, print }), text };
}

test('a good rehearsal: log, outputs, summary, artifact, both commands with their result, and the verdict of openssl', async () => {
  const { problems, text } = await show();
  expect(problems).toEqual([]);
  const [temp = ''] = (await readdir(directory)).filter((name) => name.startsWith('runner-temp-'));
  expect(text).toContain('Artifact rehearsal-signatures successfully finalized');
  expect(text).toMatch(/^manifest +\/.*manifest\.json$/m);
  expect(text).toMatch(/^Rehearsal\n═+\n\n2 files$/m);
  expect(text).toMatch(/^rehearsal-signatures: id 1, \d+ bytes, sha256:[0-9a-f]{64}, 3 files$/m);
  expect(text).toMatch(/^ *\d+ {2}it's here\/b c\.bin\.sign$/m);
  expect(text).toMatch(/^\$ openssl base64 -d -A -in \S+a\.txt\.sign -out \S+$/m);
  expect(text).toMatch(
    /^\$ openssl dgst -sha256 -verify \S+rehearsal-key\.pem -signature \S+ \S+a\.txt\nVerified OK$/m,
  );
  expect(text).toContain('2 of 2 verified by openssl, artifact byte-equal\n');
  expect(await readdir(join(directory, temp))).toContain('summary.html');
});

test.each<[string, RegExp]>([
  ['run', /^the action ended with 1 instead of a signed release$/],
  ['signature', /^openssl does not accept the signature of a\.txt$/m],
  ['status', /^a\.txt is failed, not signed$/m],
  ['count', /^the artifact lacks manifest\.json$/],
  ['bytes', /^the artifact's manifest\.json differs from the one on disk$/],
])('a rehearsal with a bad %s is told from a good one', async (what, expected) => {
  await writeFile(join(workspace, `break-${what}`), '');
  expect((await show()).problems.join('\n')).toMatch(expected);
});

test('too few files are a problem', async () => {
  expect((await show(3)).problems).toEqual(['only 2 files were signed, at least 3 should be']);
});
