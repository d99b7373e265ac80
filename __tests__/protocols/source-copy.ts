import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

/** A copy of this action whose `action.yml` starts the source itself, so that a change needs no bundle. */
export class SourceCopy {
  readonly directory = mkdtempSync(join(tmpdir(), 'source-copy-'));

  constructor() {
    for (const name of ['src', 'tools', 'package.json', 'tsconfig.json', 'action.yml', '.gitignore'])
      cpSync(join(ACTION_DIRECTORY, name), join(this.directory, name), { recursive: true });
    symlinkSync(join(ACTION_DIRECTORY, 'node_modules'), join(this.directory, 'node_modules'));
    this.edit('action.yml', (text) =>
      text.replaceAll(/dist\/(?:(\w+)\/)?index\.js/g, (_, name) => `src/${name ?? 'index'}.ts`),
    );
  }

  /** Changes a file of the copy; throws when that changes nothing. */
  edit(path: string, change: (text: string) => string): void {
    const file = join(this.directory, path);
    const text = readFileSync(file, 'utf8');
    const changed = change(text);
    if (changed === text) throw new Error(`${path} has nothing to change`);
    writeFileSync(file, changed);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
