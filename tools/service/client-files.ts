import { mkdir, mkdtemp, rmdir, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../src/errors.ts';
import { resolvePath } from '../command-line.ts';
import { ToolError } from '../tool-error.ts';

/** What a client needs, as PEM or as the path of a file that holds it. */
export interface Handout {
  /** The authority of the server's certificate. */
  readonly chain: string;
  /** The public key that signatures are checked with. */
  readonly verifyKey: string;
  /** The client's certificate and private key; `undefined` when the client has its own. */
  readonly client: { readonly cert: string; readonly key: string } | undefined;
}

/**
 * Writes a client's material into a new directory that only its owner can read, runs `use` with the paths, and removes all of it.
 *
 * @param directory must not exist yet; default: a new one among the system's temporary files.
 */
export async function withClientFiles(
  { chain, verifyKey, client }: Handout,
  directory: string | undefined,
  use: (paths: Handout) => Promise<void>,
): Promise<void> {
  const made = await makeDirectory(directory);
  const write = async (name: string, pem: string): Promise<string> => {
    await writeFile(join(made, name), pem, { mode: 0o600, flag: 'wx' });
    return join(made, name);
  };
  try {
    await use({
      chain: await write('ca.pem', chain),
      verifyKey: await write('signing-public.pem', verifyKey),
      client: client && { cert: await write('client.pem', client.cert), key: await write('client.key', client.key) },
    });
  } finally {
    for (const name of ['ca.pem', 'signing-public.pem', 'client.pem', 'client.key']) {
      await ignoreMissing(unlink(join(made, name)));
    }
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
    // A directory into which someone else put a file stays: nothing is removed that was not made here.
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  }
}
