import { mkdir, mkdtemp, rmdir, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../src/errors.ts';
import { resolvePath } from '../command-line.ts';
import { ToolError } from '../tool-error.ts';

/** Material of a client, as texts or as paths of files. */
export interface Handout {
  /** The authority of the server's certificate. */
  readonly chain: string;
  /** The public key for verifying signatures. */
  readonly verifyKey: string;
  /** The client's certificate and private key; `undefined` when the client has its own. */
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  /** Further inputs of the action that are written to files, by their names. */
  readonly inputs: Readonly<Record<string, string>>;
}

/**
 * Writes a client's material to a new private directory, runs `use` with the paths, and removes everything.
 *
 * @param directory must not exist yet; default: a new one among the system's temporary files.
 */
export async function withClientFiles(
  { chain, verifyKey, client, inputs }: Handout,
  directory: string | undefined,
  use: (paths: Handout) => Promise<void>,
): Promise<void> {
  const made = await makeDirectory(directory);
  const written: string[] = [];
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(made, name);
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
    written.push(path);
    return path;
  };
  try {
    const paths: [string, string][] = [];
    for (const [name, text] of Object.entries(inputs)) paths.push([name, await write(`${name}.txt`, text)]);
    await use({
      chain: await write('ca.pem', chain),
      verifyKey: await write('signing-public.pem', verifyKey),
      client: client && { cert: await write('client.pem', client.cert), key: await write('client.key', client.key) },
      inputs: Object.fromEntries(paths),
    });
  } finally {
    for (const path of written) await ignoreMissing(unlink(path));
    await ignoreMissing(rmdir(made));
  }
}

async function makeDirectory(directory: string | undefined): Promise<string> {
  if (directory === undefined) return mkdtemp(join(tmpdir(), 'signing-service-'));
  const path = resolvePath(directory);
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    throw new ToolError('DIRECTORY_NOT_MADE', `The directory ${path} cannot be made (${codeOf(cause) ?? 'unknown'}).`, {
      hint: 'Name a directory that does not exist yet, in one that does.',
      cause,
    });
  }
  return path;
}

async function ignoreMissing(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    const code = codeOf(error);
    // A directory with foreign files stays, because only own files are removed.
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  }
}
