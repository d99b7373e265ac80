import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';

const PATH = join(import.meta.dirname, '..', '..', 'docs', 'manifest.schema.json');

/** The published schema. */
export const schema: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(PATH, 'utf8'));

// Strict about the schema itself: an unknown keyword or a property without a type would check nothing.
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allowUnionTypes: true,
});
const validate = ajv.compile(schema);

/** Says what is wrong with a manifest, by the published schema and a validator of others; nothing when it is one. */
export function problemsOf(manifest: unknown): string[] {
  return validate(manifest)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
