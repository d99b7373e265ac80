import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT_REJECTIONS, DEFINITE_REASONS, OUTAGES } from '../../src/connection/tls-reasons.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

const SOURCE = join(ACTION_DIRECTORY, 'src');
/** Rooms that no workflow runs. */
const APART = /^(local\/|rehearsal\/(?!service\.ts))/;
/** Names of Node, OpenSSL, undici, the environment and TLS, which stand in the source for other reasons. */
const FOREIGN =
  /^(ERR|UND_ERR|HPE|NGHTTP2|GITHUB|RUNNER|NODE|ACTIONS|STATE|CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EAI)_|^E[A-Z]+$|^INVALID_PURPOSE$|_PROXY$|_SECRET$/;
/** Reasons of OpenSSL, which its own names stand for. */
const REASONS = new Set([...DEFINITE_REASONS, ...OUTAGES, ...Object.keys(CLIENT_REJECTIONS)]);
/** Shown to nobody: it marks what was cut short by another error. */
const INNER = ['RUN_ENDED'];

const LITERAL = /['"]([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)['"]/g;
/** Codes of one word are too much like other literals to be found anywhere but where an error is made. */
const WORD =
  /(?:(?:ActionError|Failure)\(\s*(?:'(?:config|service|request|file)',\s*)?|\[\s*'(?:config|service|request|file)',\s*|toActionError\(\w+,\s*)'([A-Z]+)'/g;

function codesInSource(): string[] {
  const codes = new Set<string>();
  for (const name of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || APART.test(name)) continue;
    const text = readFileSync(join(SOURCE, name), 'utf8');
    for (const pattern of [LITERAL, WORD]) for (const [, code = ''] of text.matchAll(pattern)) codes.add(code);
  }
  return [...codes].filter((code) => !FOREIGN.test(code) && !INNER.includes(code) && !REASONS.has(code)).toSorted();
}

test('docs/faults.md explains every code that a run can end with, each once, and no other', () => {
  const text = readFileSync(join(ACTION_DIRECTORY, 'docs/faults.md'), 'utf8');
  const explained = [...text.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map(([, code = '']) => code);
  expect(explained.toSorted()).toEqual(codesInSource());
});
