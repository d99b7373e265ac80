import { readFile } from 'node:fs/promises';
import { codeOf } from '../../src/errors.ts';
import { resolvePath } from '../command-line.ts';
import { ToolError } from '../tool-error.ts';

/**
 * Reads the `NAME=VALUE` texts of a repeated option; the value `@FILE` means the content of the file, `@@` an `@`.
 *
 * Throws `ARGUMENT_INVALID`, which never shows a value, because it may be a secret.
 */
export async function readAssignments(option: string, texts: readonly string[]): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const text of texts) {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === '') {
      throw new ToolError('ARGUMENT_INVALID', `${option} takes NAME=VALUE; one has no name, or no equals sign.`);
    }
    if (Object.hasOwn(values, name)) throw new ToolError('ARGUMENT_INVALID', `${option} sets ${name} twice.`);
    values[name] = await readValue(`${option} ${name}`, value);
  }
  return values;
}

async function readValue(where: string, value: string): Promise<string> {
  if (!value.startsWith('@')) return value;
  if (value.startsWith('@@')) return value.slice(1);
  const path = resolvePath(value.slice(1));
  try {
    return decode(await readFile(path));
  } catch (cause) {
    throw new ToolError('ARGUMENT_INVALID', `${where}: the file ${path} cannot be read (${codeOf(cause)}).`, {
      hint: 'A value that begins with an @ is written with two of them.',
      cause,
    });
  }
}

/** Decodes a text file; a binary file, such as DER or PKCS#12, becomes base64. */
function decode(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : bytes.toString('base64');
}
