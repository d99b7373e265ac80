import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CREDENTIAL_MISTAKES } from './credentials.ts';
import { type Mistake, play } from './play.ts';
import { WORKFLOW_MISTAKES } from './workflow.ts';
import { createWorld, type World } from './world.ts';

const MISTAKES = [...CREDENTIAL_MISTAKES, ...WORKFLOW_MISTAKES];

let world: World;
const messages = new Map<Mistake, string>();

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

describe.concurrent('a mistake of a newcomer is named by its message', () => {
  test.each(MISTAKES)('$what', async (mistake) => {
    const message = await play(mistake, world);
    messages.set(mistake, message);
    expect(message).toMatch(mistake.names);
  });
});

test('messages.md has every message as a user reads it', async () => {
  const sections = MISTAKES.map(
    (mistake) => `## ${mistake.what}\n\n\`\`\`text\n${messages.get(mistake) ?? ''}\n\`\`\`\n`,
  );
  await expect(`# What a newcomer reads after a mistake\n\n${sections.join('\n')}`).toMatchFileSnapshot('messages.md');
});
