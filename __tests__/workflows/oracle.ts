import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import type { ValidationConfig } from '@actions/languageservice';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parse } from 'yaml';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { KNOWN_ACTIONS } from './known-actions.ts';

// The package imports its schema as bundlers allow it; Node asks for the type.
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return specifier.endsWith('.json') ? { ...found, importAttributes: { type: 'json' } } : found;
  },
});
const { validate } = await import('@actions/languageservice');

const OURS = 'your-org/mtls-release-signing';

const CONFIG: ValidationConfig = {
  actionsMetadataProvider: {
    async fetchActionMetadata({ owner, name }) {
      const repository = `${owner}/${name}`;
      if (repository === OURS) return parse(readFileSync(join(ACTION_DIRECTORY, 'action.yml'), 'utf8'));
      const inputs = KNOWN_ACTIONS[repository]?.inputs.map((input) => [input, { description: input }]);
      // Documents may show an action that nobody here has reviewed, with a placeholder for its commit.
      return { name: repository, description: '', ...(inputs ? { inputs: Object.fromEntries(inputs) } : {}) };
    },
  },
  fileProvider: {
    async getFileContent(reference) {
      if ('repository' in reference && `${reference.owner}/${reference.repository}` !== OURS)
        throw new Error('not ours');
      const content = readFileSync(join(ACTION_DIRECTORY, reference.path), 'utf8');
      return { name: reference.path, content };
    },
  },
};

/** Asks GitHub's own language service what is wrong with a workflow; `line:column message` each. */
export async function problemsOf(name: string, text: string): Promise<string[]> {
  const uri = `file:///.github/workflows/${encodeURIComponent(name)}.yml`;
  const found = await validate(TextDocument.create(uri, 'yaml', 1, text), CONFIG);
  return found.map(
    ({ range, message }) => `${range.start.line + 1}:${range.start.character + 1} ${JSON.stringify(message)}`,
  );
}
