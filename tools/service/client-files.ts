import { mkdir, mkdtemp, rmdir, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { codeOf } from '../../src/errors.ts';
import type { ServiceCredentials } from '../../src/rehearsal/service.ts';
import { ToolError } from '../tool-error.ts';

/** Where the files that a client needs stand. */
export interface Handout {
  readonly directory: string;
  /** The authority of the server's certificate. */
  readonly ca: string;
  /** The client's certificate. */
  readonly certificate: string;
  /** Its private key. */
  readonly key: string;
  /** The public key that signatures are checked with. */
  readonly publicKey: string;
}

/**
 * Writes a client's files into a new directory that only its owner can read, runs `use`, and removes both.
 *
 * @param directory must not exist yet; default: a new one among the system's temporary files.
 */
export async function withHandout(
  credentials: ServiceCredentials,
  directory: string | undefined,
  use: (handout: Handout) => Promise<void>,
): Promise<void> {
  const made = await makeDirectory(directory);
  const handout: Handout = {
    directory: made,
    ca: join(made, 'ca.pem'),
    certificate: join(made, 'client.pem'),
    key: join(made, 'client.key'),
    publicKey: join(made, 'signing-public.pem'),
  };
  const { directory: _, ...files } = handout;
  try {
    await write(files.ca, credentials.chain);
    await write(files.certificate, credentials.cert);
    await write(files.key, credentials.key);
    await write(files.publicKey, credentials.verifyKeyPem);
    await use(handout);
  } finally {
    for (const path of Object.values(files)) await ignoreMissing(unlink(path));
    await ignoreMissing(rmdir(made));
  }
}

async function makeDirectory(directory: string | undefined): Promise<string> {
  if (directory === undefined) return mkdtemp(join(tmpdir(), 'signing-service-'));
  const path = resolve(directory);
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

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
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
