import { expect, test } from 'vitest';
import { readPages } from '../../src/runner/pages.ts';

const COMMIT = '5f1d0a7c3b9e4d2f8a6c1e0b7d4f3a2c9e8b7d6a';
const GITHUB = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'octo/road-roller',
  GITHUB_SHA: COMMIT,
  GITHUB_RUN_ID: '4711',
  GITHUB_ACTION_REPOSITORY: 'your-org/mtls-release-signing',
  GITHUB_ACTION_REF: 'v1',
};

test('the docs are those of the ref that runs, on the server of the run', () => {
  expect(readPages({ ...GITHUB, ACTIONS_RESULTS_URL: 'https://results.example.com/' })).toEqual({
    commit: `https://github.com/octo/road-roller/commit/${COMMIT}`,
    run: 'https://github.com/octo/road-roller/actions/runs/4711',
    docs: 'https://github.com/your-org/mtls-release-signing/blob/v1/docs',
    artifactHost: 'results.example.com',
  });
  expect(readPages({ ...GITHUB, GITHUB_SERVER_URL: 'https://git.example.com:8443' }).docs).toBe(
    'https://git.example.com:8443/your-org/mtls-release-signing/blob/v1/docs',
  );
});

test.each([
  ['release/2.x', 'release/2.x'],
  ['', 'HEAD'],
  [undefined, 'HEAD'],
  ['a b#c?d%"\'', 'a%20b%23c%3Fd%25%22%27'],
])('a ref %j stands as %s in the address', (ref, path) => {
  const { docs } = readPages({ ...GITHUB, GITHUB_ACTION_REF: ref });
  expect(docs).toBe(`https://github.com/your-org/mtls-release-signing/blob/${path}/docs`);
});

test.each([
  ['the action comes from the checkout', { GITHUB_ACTION_REPOSITORY: '' }],
  ['the runner is that of Gitea, which may fetch the action from another server', { GITEA_ACTIONS: 'true' }],
  ['the runner is that of Forgejo', { FORGEJO_ACTIONS: 'true' }],
  ['the server is no address', { GITHUB_SERVER_URL: 'https://github.com/"onclick="' }],
  ['nothing is told', { GITHUB_SERVER_URL: undefined }],
])('there is no link to the docs when %s', (_, variables) => {
  expect(readPages({ ...GITHUB, ...variables }).docs).toBe('');
});

test('a run without a commit has no page for it', () => {
  expect(readPages({ ...GITHUB, GITHUB_SHA: '' }).commit).toBe('');
});

test.each([
  ['the run', { GITHUB_RUN_ID: '4711\n::error::' }],
  ['the repository', { GITHUB_REPOSITORY: 'octo/road-roller\n' }],
  ['the server', { GITHUB_SERVER_URL: 'https://github.com\n' }],
])('a run has no page when %s is none', (_, variables) => {
  expect(readPages({ ...GITHUB, ...variables }).run).toBe('');
});
