import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Service } from '../../src/rehearsal/service.ts';
import { addGh, createHub, type Hub, type HubOptions } from './engine/hub.ts';

/** How a run of a new user's repository comes about. */
export type NewUserOptions = HubOptions & { readonly stored?: 'everything' | 'nothing'; readonly build?: string };

const REPOSITORY = 'octocat/hello-world';

/** A pull request whose author has a repository of their own; such runs get neither secrets nor variables. */
export const FORK: NewUserOptions = { ...pullRequest('stranger/hello-world'), stored: 'nothing' };
/** A pull request from a branch. */
export const SAME_REPOSITORY: NewUserOptions = pullRequest(REPOSITORY);
/** A tag that is pushed. */
export const TAG: NewUserOptions = {
  github: { event_name: 'push', ref_name: 'v1.2.3' },
  env: { GITHUB_REF: 'refs/tags/v1.2.3' },
};

function pullRequest(head: string): NewUserOptions {
  return {
    github: { event_name: 'pull_request' },
    env: { GITHUB_EVENT_NAME: 'pull_request' },
    event: {
      pull_request: { head: { repo: { full_name: head, fork: head !== REPOSITORY } } },
      repository: { full_name: REPOSITORY },
    },
  };
}

/** A build script that writes two files. */
export const BUILD = `#!/bin/sh
mkdir -p dist/lib
printf app > dist/app.bin
printf core > dist/lib/core.so
`;

/** A build without directories, as the assets of a release have none. */
export const FLAT_BUILD = `#!/bin/sh
mkdir dist
printf app > dist/app.bin
printf core > dist/core.so
`;

/** Opens a repository that has a build, the secrets and variables that the documents name, and nothing else. */
export async function openRepository(service: Service, options: NewUserOptions): Promise<Hub> {
  const { credentials } = service;
  const { stored = 'everything', build = BUILD, ...more } = options;
  const settings = {
    secrets: { SIGNING_KEY: credentials.key, SIGNING_APP_SECRET: credentials.appSecret },
    vars: {
      SIGNING_CERT: credentials.cert,
      SIGNING_CHAIN: credentials.chain,
      SIGNING_APP_KEY: credentials.appKey,
      SIGNING_PUBLIC_KEY: credentials.verifyKeyPem,
    },
  };
  const hub = await createHub({
    settings: stored === 'nothing' ? {} : settings,
    service: { 'server-url': service.url, 'sign-path': service.signPath },
    ...more,
  });
  await writeFile(join(hub.repository, 'build.sh'), build, { mode: 0o755 });
  await addGh(hub);
  return hub;
}
