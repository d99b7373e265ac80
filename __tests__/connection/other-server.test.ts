import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aboutOtherServer } from '../../src/connection/diagnosis/other-server.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

const AUTHORITY = { name: 'the time stamp authority', url: 'timestamp-url', chain: 'timestamp-chain' };

/** Every text in the source of the connection that is a sentence, or a part of one. */
const sentences = globSync('src/connection/**/*.ts', { cwd: ACTION_DIRECTORY })
  .filter((path) => !path.endsWith('other-server.ts'))
  .flatMap((path) => {
    const code = readFileSync(join(ACTION_DIRECTORY, path), 'utf8').replace(/^\s*(\/\/|\/?\*).*$/gm, '');
    return [...code.matchAll(/(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, , text = '']) => text);
  })
  .filter((text) => / /.test(text));

test('no sentence about another server names an input of the signing service', () => {
  expect(sentences.length).toBeGreaterThan(100);
  const wrong = sentences
    .map((message) => aboutOtherServer({ message }, AUTHORITY).message)
    .filter((text) =>
      /server-url|sign-path|\bcert is\b|[Tt]he (signing )?service\b|(?<!server's |not |must |timestamp-)\bchain\b/.test(
        text,
      ),
    );
  expect(wrong).toEqual([]);
});

test.each([
  ['in chain', 'Put the renewed certificate of that CA into chain.', 'into timestamp-chain.'],
  ['at the beginning of a clause', 'which of two causes it is: chain lacks the CA', ': timestamp-chain lacks the CA'],
  ["of the server's chain", "a certificate of the server's chain is too weak", "the server's chain is too weak"],
  ['as a verb', 'does not chain to a certificate in chain', 'does not chain to a certificate in timestamp-chain'],
])('chain %s', (_place, message, expected) => {
  expect(aboutOtherServer({ message }, AUTHORITY).message).toContain(expected);
});
