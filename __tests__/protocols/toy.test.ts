import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runAction } from '../../tools/runner/runner.ts';
import { readDocument } from '../docs/document.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { type StandIn, StandInServer, signDigest } from './http/stand-ins.ts';
import { SourceCopy } from './source-copy.ts';

const blocks = readDocument('CONTRIBUTING.md').blocks.filter(({ heading }) => heading === 'Adding a signing service');

/** Answers the requests of the toy. */
const toyService: StandIn = ({ method, path }, key) => {
  const [, digest = ''] = /^\/sign\/([0-9a-f]{64})$/.exec(path) ?? [];
  if (method !== 'GET') throw new Error(`method ${method}`);
  return { type: 'text/plain', body: signDigest(Buffer.from(digest, 'hex'), 'sha256', key).toString('base64') };
};

/** Adds the toy of the document to a copy of the source. */
function addToy(copy: SourceCopy): void {
  for (const { language, text } of blocks) {
    const [, path] = /^\/\/ (src\/\S+)\n/.exec(text) ?? [];
    if (language !== 'ts' || path === undefined) continue;
    mkdirSync(dirname(join(copy.directory, path)), { recursive: true });
    writeFileSync(join(copy.directory, path), text);
  }
  const [diff = ''] = blocks.filter(({ language }) => language === 'diff').map(({ text }) => text);
  const added = diff
    .split('\n')
    .filter((line) => /^\+(?!\+)/.test(line))
    .map((line) => line.slice(1));
  const [importLine = '', entry = ''] = added;
  copy.edit(
    'src/inputs/protocols/protocol-fields.ts',
    (source) => `${importLine}\n${source.replace('\n} satisfies', `\n${entry}$&`)}`,
  );
}

test('the protocol that CONTRIBUTING.md shows is a whole one: the copy that has it signs with it', async () => {
  const copy = new SourceCopy();
  const server = new StandInServer(toyService);
  try {
    addToy(copy);
    const path = [join(ACTION_DIRECTORY, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
    execFileSync('tsc', ['--noEmit'], { cwd: copy.directory, stdio: 'pipe', env: { ...process.env, PATH: path } });
    await server.start();
    const workspace = join(copy.directory, 'workspace');
    mkdirSync(join(workspace, 'dist'), { recursive: true });
    writeFileSync(join(workspace, 'dist', 'app.bin'), 'content');
    const inputs = { ...server.inputs, files: 'dist/*.bin', protocol: 'toy', upload: 'false' };
    const run = await runAction({ actionDirectory: copy.directory, workspace, inputs });
    expect(server.refusals).toEqual([]);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ 'signed-count': '1', 'verified-count': '1' });
  } finally {
    await server.close();
    copy.remove();
  }
});
