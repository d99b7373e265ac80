import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DemoOptions, demonstrate } from '../../tools/demo/demonstrate.ts';

const FILES = ['a.txt', "it's here/b c.bin"];

let directory: string;
let workspace: string;
/** The variables that name the temporary directory of the system, here and on Windows. */
const TEMPORARY = ['TMPDIR', 'TEMP', 'TMP'] as const;
const previous = TEMPORARY.map((name) => process.env[name]);
beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'local-demo-')));
  workspace = join(directory, 'workspace');
  await mkdir(join(workspace, "it's here"), { recursive: true });
  await Promise.all(FILES.map((name) => writeFile(join(workspace, name), `content of ${name}`)));
  // What a demonstration would leave behind would be left below the temporary directory of the system.
  for (const name of TEMPORARY) process.env[name] = directory;
});
afterEach(async () => {
  for (const [at, name] of TEMPORARY.entries()) {
    if (previous[at] === undefined) delete process.env[name];
    else process.env[name] = previous[at];
  }
  await rm(directory, { recursive: true, force: true });
});

async function show(detail: DemoOptions['detail'] = 'short'): Promise<{ problems: string[]; text: string }> {
  const actionDirectory = join(import.meta.dirname, 'rehearse-action');
  let text = '';
  const print = (part: string) => {
    text += part;
  };
  const problems = await demonstrate({ actionDirectory, workspace, patterns: FILES, detail, print });
  expect(await readdir(directory), 'nothing stays').toEqual(['workspace']);
  return { problems, text };
}

test('a good rehearsal shows both commands with their result, the counts, and the verdict at the end', async () => {
  const { problems, text } = await show();
  expect(problems).toEqual([]);
  expect(text).toMatch(/^ {2}\$ openssl base64 -d -A -in \S+a\.txt\.sign'? -out \S+$/m);
  expect(text).toMatch(
    /^ {2}\$ openssl dgst -sha256 -verify \S+rehearsal-key\.pem'? -signature \S+ \S+a\.txt'?\n {2}Verified OK$/m,
  );
  expect(text).toMatch(/^2 of 2 signatures accepted by openssl$/m);
  expect(text).toMatch(/^3 files in the uploaded artifact, 0 differences from those on disk$/m);
  expect(text.endsWith('\nEverything is as it should be.\n')).toBe(true);
  expect(text.split('\n').length).toBeLessThan(20);
});

test('in full, it shows log, outputs, summary and artifact as well', async () => {
  const { problems, text } = await show('full');
  expect(problems).toEqual([]);
  expect(text).toContain('Artifact rehearsal-signatures successfully finalized');
  expect(text).toMatch(/^manifest +(?:\/|[A-Z]:\\).*manifest\.json$/m);
  expect(text).toMatch(/^Rehearsal\n═+\n\n2 files$/m);
  expect(text).toMatch(/^rehearsal-signatures: id 1, \d+ bytes, sha256:[0-9a-f]{64}, 3 files$/m);
  expect(text).toMatch(/^ *\d+ {2}it's here\/b c\.bin\.sign$/m);
  expect(text.endsWith('\nEverything is as it should be.\n')).toBe(true);
});

test.each<[string, RegExp]>([
  ['run', /^the action ended with 1 instead of a signed release$/],
  ['signature', /^openssl does not accept the signature of a\.txt$/m],
  ['status', /^a\.txt is failed, not signed$/m],
  ['count', /^the artifact lacks manifest\.json$/],
  ['bytes', /^the artifact's manifest\.json differs from the one on disk$/],
])('a rehearsal with a bad %s is told from a good one', async (what, expected) => {
  await writeFile(join(workspace, `break-${what}`), '');
  const { problems, text } = await show();
  expect(problems.join('\n')).toMatch(expected);
  expect(text).toMatch(/^Not as it should be: .*\n\nProblems: \d+\.\n$/m);
});
