import type { Dirent } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, matchesGlob, relative } from 'node:path';
import type { ResultsService } from '../../../tools/results/results-service.ts';
import { entriesOf } from '../../../tools/results/zip.ts';

/** A file in an artifact. */
export interface ArtifactFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** The artifacts of one run, whoever uploaded them: the action to the results service, other actions to this. */
export class Artifacts {
  readonly #results: ResultsService;
  readonly #others = new Map<string, { readonly id: string; readonly files: readonly ArtifactFile[] }>();
  /** Names that downloads no longer find, as if they had expired. */
  readonly lost = new Set<string>();

  constructor(results: ResultsService) {
    this.#results = results;
  }

  /** Names of all artifacts. */
  get names(): string[] {
    return this.#list().map(({ name }) => name);
  }

  /** Puts files in as an artifact, and returns its id. */
  add(name: string, files: Readonly<Record<string, string | Buffer>>): string {
    const id = String(1000 + this.#others.size);
    const list = Object.entries(files).map(([path, content]) => ({ path, bytes: Buffer.from(content) }));
    this.#others.set(name, { id, files: list });
    return id;
  }

  /** Returns the files of an artifact. */
  async files(name: string): Promise<readonly ArtifactFile[]> {
    const found = this.#list().find((one) => one.name === name);
    if (found === undefined) throw new Error(`no artifact ${name}, only ${this.names.join(', ')}`);
    return found.files();
  }

  /** What `actions/download-artifact` does with a name, a pattern or an id, always into one directory. */
  async download(inputs: Readonly<Record<string, string>>, workspace: string): Promise<void> {
    const { name, pattern = '*', 'artifact-ids': ids } = inputs;
    const wanted = this.#list().filter((one) => {
      if (this.lost.has(one.name)) return false;
      if (ids !== undefined) return ids === one.id;
      return name === undefined ? matchesGlob(one.name, pattern) : one.name === name;
    });
    if ((name !== undefined || ids !== undefined) && wanted.length === 0) throw new Error(`no artifact ${name ?? ids}`);
    if (name === undefined && inputs['merge-multiple'] !== 'true') throw new Error('merge-multiple is not set');
    for (const { path, bytes } of (await Promise.all(wanted.map((one) => one.files()))).flat()) {
      const target = join(workspace, inputs['path'] ?? '.', path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, bytes);
    }
  }

  /** What `actions/upload-artifact` does with one file or directory. */
  async upload(inputs: Readonly<Record<string, string>>, workspace: string): Promise<Record<string, string>> {
    const { name = 'artifact', path = '' } = inputs;
    if (this.names.includes(name) && inputs['overwrite'] !== 'true') throw new Error(`artifact ${name} exists`);
    const root = join(workspace, path);
    const files: Record<string, Buffer> = {};
    if ((await stat(root)).isFile()) files[basename(root)] = await readFile(root);
    for (const entry of await entriesBelow(root)) {
      const file = join(entry.parentPath, entry.name);
      const isHidden = relative(root, file)
        .split('/')
        .some((part) => part.startsWith('.'));
      if (entry.isFile() && (!isHidden || inputs['include-hidden-files'] === 'true'))
        files[relative(root, file)] = await readFile(file);
    }
    if (Object.keys(files).length === 0) throw new Error(`no files in ${path}`);
    const id = this.add(name, files);
    return { 'artifact-id': id, 'artifact-url': `https://github.com/artifacts/${id}`, 'artifact-digest': 'sha256' };
  }

  #list(): { readonly name: string; readonly id: string; files(): Promise<readonly ArtifactFile[]> }[] {
    const others = [...this.#others].map(([name, { id, files }]) => ({ name, id, files: async () => files }));
    const uploaded = this.#results.artifacts.map(({ name, id, zip }) => ({
      name,
      id: String(id),
      files: async () => (await entriesOf(zip)).filter((entry) => !entry.path.endsWith('/')),
    }));
    return [...others, ...uploaded];
  }
}

async function entriesBelow(root: string): Promise<Dirent[]> {
  return (await stat(root)).isDirectory() ? readdir(root, { recursive: true, withFileTypes: true }) : [];
}
