import { parse } from 'yaml';
import { isRecord, stringMember } from '../../tools/json.ts';
import type { Document } from './document.ts';

/** One use of an action in a workflow of a document. */
interface Use {
  readonly heading: string;
  readonly uses: string;
  readonly with: Readonly<Record<string, string>>;
}

/** How the documents call this action. */
export const THIS_ACTION = 'your-org/mtls-release-signing@v1';

/** Lists every `with:` of the document's YAML, in order; a bare one, without `uses:`, belongs to this action. */
export function usesIn({ blocks }: Document): readonly Use[] {
  return blocks
    .filter(({ language }) => language === 'yaml')
    .flatMap(({ heading, text }) =>
      stepsOf(parse(text)).map((step) => ({
        heading,
        uses: stringMember(step, 'uses') ?? THIS_ACTION,
        with: textMembers(isRecord(step) ? step['with'] : undefined),
      })),
    );
}

/** Returns the inputs of the document's nth use of this action below a heading, expressions as they stand. */
export function inputsOf(document: Document, heading: string): Readonly<Record<string, string>> {
  const use = usesIn(document).find((one) => one.heading === heading && one.uses === THIS_ACTION);
  if (use === undefined) throw new Error(`no use of this action below “${heading}”`);
  return use.with;
}

/** Lists the scripts of all `run:` steps with their variables. */
export function scriptsIn(yaml: string): readonly { readonly run: string }[] {
  const runs: { run: string }[] = [];
  walk(parse(yaml), (record) => {
    const run = stringMember(record, 'run');
    if (run !== undefined) runs.push({ run });
  });
  return runs;
}

function stepsOf(document: unknown): readonly unknown[] {
  const steps: unknown[] = [];
  walk(document, (record) => {
    if ('uses' in record || ('with' in record && !('steps' in record))) steps.push(record);
  });
  return steps;
}

function walk(value: unknown, visit: (record: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const one of value) walk(one, visit);
  if (!isRecord(value)) return;
  visit(value);
  for (const one of Object.values(value)) walk(one, visit);
}

function textMembers(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, String(member)]));
}
