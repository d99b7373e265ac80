import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { addCommand, callsOf, createHub, type Hub } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';

const CHANGES = `# Changelog

## [Unreleased]

## [1.2.3] - 2026-03-02

### Added

- What is new.

## [1.2.2] - 2026-03-01

- What was new.
`;

/** Runs one of this repository's own workflows on a small repository of its shape. */
async function run(hub: Hub, workflow: string, done: Readonly<Record<string, object>> = {}): Promise<WorkflowResult> {
  for (const command of ['npm', 'gh']) await addCommand(hub, command);
  for (const directory of ['dist', 'src/files']) await mkdir(join(hub.repository, directory), { recursive: true });
  await writeFile(join(hub.repository, 'dist/index.js'), 'bundle');
  await writeFile(join(hub.repository, 'src/files/a file.ts'), 'source');
  await writeFile(join(hub.repository, 'package.json'), '{"version":"1.2.3"}');
  await writeFile(join(hub.repository, 'CHANGELOG.md'), CHANGES);
  const nothing = Object.fromEntries(Object.keys(done).map((id) => [id, {}]));
  return runWorkflow(hub, join(ACTION_DIRECTORY, '.github/workflows', workflow), { done: nothing });
}

const release = (tag: string): Promise<Hub> =>
  createHub({ github: { ref_name: tag }, env: { GITHUB_REPOSITORY: 'acme/sign', GITHUB_SHA: 'c0ffee' } });

describe('the workflows of this repository', () => {
  test('test.yml rehearses, has openssl verify, and verifies with the action', async () => {
    await using hub = await createHub();
    const result = await run(hub, 'test.yml', { workflows: {} });
    expect(result.result, result.log).toBe('success');
    expect(result.log.match(/openssl accepted 2 of 2 signatures/g)).toHaveLength(3);
    expect(result.jobs['reusable']?.outputs).toMatchObject({ mode: 'rehearse', 'verified-count': '1' });
  });

  test('release.yml publishes the notes of the version and moves the major tag', async () => {
    await using hub = await release('v1.2.3');
    const result = await run(hub, 'release.yml');
    expect(result.result, result.log).toBe('success');
    expect((await hub.artifacts.files('notes'))[0]?.bytes.toString().trim()).toBe('### Added\n\n- What is new.');
    expect(hub.attested).toEqual([{ 'subject-path': 'action.yml\ndist/**/*.js\n' }]);
    expect((await callsOf(hub)).filter((call) => call.startsWith('gh '))).toEqual([
      'gh release create v1.2.3 --verify-tag --title v1.2.3 --notes-file notes.md',
      'gh api --method PATCH repos/acme/sign/git/refs/tags/v1 --raw-field sha=c0ffee --field force=true',
    ]);
  });

  test.each([
    ['that package.json does not know', 'v1.3.0', 'package.json says 1.2.3'],
    ['that is shaped otherwise', 'v1.2.3-beta', 'package.json says 1.2.3'],
  ])('release.yml refuses a tag %s', async (_, tag, sentence) => {
    await using hub = await release(tag);
    const result = await run(hub, 'release.yml');
    expect(result.result).toBe('failure');
    expect(result.log).toContain(sentence);
    expect(hub.attested).toEqual([]);
    expect(result.jobs['publish']?.result).toBe('skipped');
  });
});
