import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runAction } from '../../tools/runner/runner.ts';
import { readDocument } from '../docs/document.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { type StandIn, StandInServer, signDigest } from './http/stand-ins.ts';

const blocks = readDocument('CONTRIBUTING.md').blocks.filter(({ heading }) => heading === 'Adding a signing service');

/** Answers the requests of the toy. */
const toyService: StandIn = ({ method, path }, key) => {
  const [, digest = ''] = /^\/sign\/([0-9a-f]{64})$/.exec(path) ?? [];
  if (method !== 'GET') throw new Error(`method ${method}`);
  return { type: 'text/plain', body: signDigest(Buffer.from(digest, 'hex'), 'sha256', key).toString('base64') };
};

/** Adds the toy of the document to a copy of the source. */
function addToy(copy: string): void {
  for (const { language, text } of blocks) {
    const [, path] = /^\/\/ (src\/\S+)\n/.exec(text) ?? [];
    if (language !== 'ts' || path === undefined) continue;
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), text);
  }
  const [diff = ''] = blocks.filter(({ language }) => language === 'diff').map(({ text }) => text);
  const registry = join(copy, 'src/inputs/protocols/protocol-fields.ts');
  const added = diff
    .split('\n')
    .filter((line) => /^\+(?!\+)/.test(line))
    .map((line) => line.slice(1));
  const [importLine = '', entry = ''] = added;
  const text = readFileSync(registry, 'utf8');
  writeFileSync(registry, `${importLine}\n${text.replace('\n} satisfies', `\n${entry}$&`)}`);
}

test('the protocol that CONTRIBUTING.md shows is a whole one: the copy that has it signs with it', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'toy-protocol-'));
  const server = new StandInServer(toyService);
  try {
    for (const name of ['src', 'tools', 'package.json', 'tsconfig.json', 'action.yml', '.gitignore'])
      cpSync(join(ACTION_DIRECTORY, name), join(copy, name), { recursive: true });
    symlinkSync(join(ACTION_DIRECTORY, 'node_modules'), join(copy, 'node_modules'));
    addToy(copy);
    const path = [join(ACTION_DIRECTORY, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
    execFileSync('tsc', ['--noEmit'], { cwd: copy, stdio: 'pipe', env: { ...process.env, PATH: path } });
    // Node runs the source itself, so that nothing needs to be bundled.
    const action = readFileSync(join(copy, 'action.yml'), 'utf8');
    writeFileSync(
      join(copy, 'action.yml'),
      action.replaceAll(/dist\/(?:(\w+)\/)?index\.js/g, (_, name) => `src/${name ?? 'index'}.ts`),
    );
    await server.start();
    const workspace = join(copy, 'workspace');
    mkdirSync(join(workspace, 'dist'), { recursive: true });
    writeFileSync(join(workspace, 'dist', 'app.bin'), 'content');
    const inputs = { ...server.inputs, files: 'dist/*.bin', protocol: 'toy', upload: 'false' };
    const run = await runAction({ actionDirectory: copy, workspace, inputs });
    expect(server.refusals).toEqual([]);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ 'signed-count': '1', 'verified-count': '1' });
  } finally {
    await server.close();
    rmSync(copy, { recursive: true, force: true });
  }
});
