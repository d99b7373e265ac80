import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionRun } from '../../tools/runner/runner.ts';
import { createScenario, type Scenario } from '../helpers/scenario.ts';
import { type Authority, createAuthority } from './authority.ts';
import { type Document, shellBlocksOf } from './document.ts';
import { createStore, ghScript, type Store } from './github.ts';
import { openShell } from './shell.ts';
import { inputsOf } from './workflow.ts';

/** Somebody who follows the document on getting an identity, and what is around them. */
interface Reader {
  /** The CA that the embedded service demands client certificates of. */
  readonly authority: Authority;
  /** What `gh` has stored. */
  readonly store: Store;
  readonly scenario: Scenario;
  /** The directory that the document has the reader make. */
  readonly work: string;
  /** Where the reader keeps what the document says to keep. */
  readonly vault: string;
  /** Every block that was run, in order. */
  readonly followed: readonly string[];
  /** Runs the shell blocks below a heading in the reader's shell, and returns their output. */
  readonly follow: (heading: string) => Promise<string>;
  /** Puts a file into the reader's directory. */
  readonly put: (name: string, content: string) => Promise<void>;
  /** Reads a file of the reader's directory. */
  readonly look: (name: string) => Promise<string>;
  /** Names the embedded service where a command names the example. */
  readonly address: (block: string) => string;
  /** Runs the committed bundle with a `with:` of the document and what is stored, at the embedded service. */
  readonly sign: (heading: string, more?: Readonly<Record<string, string>>) => Promise<ActionRun>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The app secret that the operators of the embedded service give. */
export const APP_SECRET = 'throw-away app secret';

const ABSENT = { cert: '', key: '', 'key-passphrase': '', chain: '', 'app-key': '', 'app-secret': '' };
const WITHOUT = { upload: 'false', reuse: 'false' };

/** Gives a reader a home, a shell, a CA, a store and a service. */
export async function createReader(document: Document): Promise<Reader> {
  const home = await mkdtemp(join(tmpdir(), 'identity-'));
  const work = join(home, 'signing-identity');
  const authority = await createAuthority(join(home, 'ca'));
  const store = await createStore(join(home, 'github'));
  const shell = await openShell(home, { gh: ghScript(store.directory) });
  const service = { appKey: 'release-pipeline', appSecret: APP_SECRET, tls: { clientAuthority: authority.rootPem } };
  const scenario = await createScenario({ files: { 'dist/app.bin': 'app', 'dist/lib/core.so': 'core' }, service });
  const followed: string[] = [];
  const address = (block: string): string =>
    block
      .replaceAll('sign.example.com:443', `localhost:${scenario.service.port}`)
      .replaceAll('sign.example.com', 'localhost');
  return {
    authority,
    store,
    scenario,
    work,
    followed,
    address,
    vault: await mkdtemp(join(home, 'vault-')),
    async follow(heading) {
      let output = '';
      for (const block of shellBlocksOf(document, heading)) {
        followed.push(block);
        output += await shell.run(address(block));
      }
      return output;
    },
    put: (name, content) => writeFile(join(work, name), content),
    look: (name) => readFile(join(work, name), 'utf8'),
    async sign(heading, more = {}) {
      const inputs = await store.resolve(inputsOf(document, heading));
      return scenario.run({ ...ABSENT, ...WITHOUT, ...inputs, ...more, 'server-url': scenario.service.url });
    },
    async [Symbol.asyncDispose]() {
      await shell.close();
      await scenario[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}
