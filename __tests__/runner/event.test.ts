import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type EventFacts, readEvent } from '../../src/runner/event.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';

function read(eventName: string, payload: unknown = {}, actor = 'octocat'): EventFacts {
  const directory = mkdtempSync(join(tmpdir(), 'event-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'event.json');
  writeFileSync(path, JSON.stringify(payload));
  return readEvent({
    GITHUB_EVENT_NAME: eventName,
    GITHUB_EVENT_PATH: path,
    GITHUB_REPOSITORY: 'acme/widget',
    GITHUB_ACTOR: actor,
  });
}

const pullRequest = (repo: unknown, ref = 'main') => ({ pull_request: { head: { repo }, base: { ref } } });
const FORK = pullRequest({ full_name: 'mallory/widget' });
const OWN = pullRequest({ full_name: 'Acme/Widget' });
const following = (event: unknown, head_repository?: unknown) => ({ workflow_run: { event, head_repository } });

/** Every event that can stand under `on:`, by GitHub's own schema of workflows. */
const SCHEMA = join(ACTION_DIRECTORY, 'node_modules/@actions/workflow-parser/dist/workflow-v1.0.min.json');
const EVENTS: readonly string[] = Object.keys(
  JSON.parse(readFileSync(SCHEMA, 'utf8')).definitions['on-mapping-strict'].mapping.properties,
);

describe('secrets are withheld by design', () => {
  test.each([
    ['pull_request', FORK, true],
    ['pull_request_review', FORK, true],
    ['pull_request_review_comment', FORK, true],
    ['pull_request', pullRequest(null), true],
    ['pull_request', OWN, false],
    ['pull_request', pullRequest({}), false],
    ['pull_request', pullRequest(undefined), false],
    ['pull_request', { pull_request: null }, false],
    ['pull_request', [], false],
    ['pull_request', 'text', false],
    ['pull_request_target', FORK, false],
    ['workflow_run', FORK, false],
    ['push', FORK, false],
    ['issue_comment', FORK, false],
  ])('on %s with %j: %s', (event, payload, expected) => {
    expect(read(event, payload).secretsWithheld).toBe(expected);
  });

  test('from Dependabot on the events that GitHub documents, and on no other', () => {
    const withheld = EVENTS.filter((event) => read(event, OWN, 'dependabot[bot]').secretsWithheld);
    expect(withheld).toEqual([
      'create',
      'deployment',
      'deployment_status',
      'pull_request',
      'pull_request_review',
      'pull_request_review_comment',
      'push',
    ]);
    const own = pullRequest({ full_name: 'acme/widget' }, 'dependabot/npm/a');
    expect(read('pull_request_target', own, 'dependabot[bot]').secretsWithheld).toBe(true);
  });

  test('but not from an account whose name only resembles that of Dependabot', () => {
    for (const actor of ['dependabot', 'dependabot[bot]x', 'Dependabot', '']) {
      expect(read('push', {}, actor).secretsWithheld).toBe(false);
    }
  });
});

describe('what a stranger can do', () => {
  test('is known for every event of GitHub: it needs write access, or the log says who can start it', () => {
    expect(EVENTS.length).toBeGreaterThan(35);
    const open = EVENTS.filter((event) => read(event, OWN).stranger === 'starts');
    expect(open).toEqual([
      'discussion',
      'discussion_comment',
      'fork',
      'gollum',
      'issue_comment',
      'issues',
      'pull_request_comment',
      'pull_request_review',
      'pull_request_review_comment',
      'watch',
    ]);
    expect(EVENTS.filter((event) => read(event, OWN).starters.includes('does not know'))).toEqual([]);
  });

  test.each([
    ['push', {}, 'nothing'],
    ['', {}, 'nothing'],
    ['an_event_of_next_year', {}, 'starts'],
    ['pull_request', OWN, 'nothing'],
    ['pull_request', FORK, 'starts'],
    ['pull_request_target', OWN, 'steers'],
    ['workflow_run', following('push', { full_name: 'acme/widget' }), 'nothing'],
    ['workflow_run', following('schedule', { full_name: 'acme/widget' }), 'nothing'],
    ['workflow_run', following('pull_request', { full_name: 'acme/widget' }), 'nothing'],
    ['workflow_run', following('pull_request', { full_name: 'mallory/widget' }), 'steers'],
    ['workflow_run', following('pull_request', null), 'steers'],
    ['workflow_run', following('pull_request'), 'steers'],
    ['workflow_run', following('pull_request_review', { full_name: 'mallory/widget' }), 'steers'],
    ['workflow_run', following('pull_request_target', { full_name: 'mallory/widget' }), 'steers'],
    ['workflow_run', following('pull_request_target', { full_name: 'acme/widget' }), 'starts'],
    ['workflow_run', following('issue_comment', { full_name: 'acme/widget' }), 'starts'],
    ['workflow_run', following('workflow_run', { full_name: 'acme/widget' }), 'steers'],
    ['workflow_run', following(undefined), 'steers'],
    ['workflow_run', {}, 'steers'],
    ['workflow_run', null, 'steers'],
  ])('on %s with %j: %s', (event, payload, expected) => {
    expect(read(event, payload).stranger).toBe(expected);
  });

  test('on workflow_run without a payload is steering, because nothing shows that it is not', () => {
    expect(readEvent({ GITHUB_EVENT_NAME: 'workflow_run' }).stranger).toBe('steers');
  });
});
