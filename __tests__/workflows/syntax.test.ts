import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isRecord } from '../../tools/json.ts';
import { ACTION_DIRECTORY } from '../helpers/scenario.ts';
import { type Job, toWorkflow, type WorkflowFile } from './engine/workflow-file.ts';
import { KNOWN_ACTIONS, repositoryOf } from './known-actions.ts';
import { problemsOf } from './oracle.ts';
import { BLOCKS, EXAMPLES, filesIn, type Source, WORKFLOWS } from './sources.ts';

const ALL = [...WORKFLOWS, ...EXAMPLES, ...BLOCKS].map((source) => [source.name, source] as const);
const workflowIn = ({ text }: Source): WorkflowFile => toWorkflow(parse(text));

describe('GitHub’s own language service', () => {
  test.each(ALL)('has nothing to say about %s', async (_, { name, text }) => {
    expect(await problemsOf(name, text)).toEqual([]);
  });

  test.each([
    ['an unknown key', (text: string) => text.replace('runs-on:', 'runs-in:')],
    ['an unknown context', (text: string) => text.replace('secrets.SIGNING_KEY ', 'secret.SIGNING_KEY ')],
    ['an unknown input', (text: string) => text.replace('server-url:', 'server-uri:')],
    ['an unknown job', (text: string) => text.replace('needs: build', 'needs: biuld')],
    ['an input that another action does not have', (text: string) => text.replace('if-no-files-found', 'if-none')],
  ])('would find %s', async (what, spoil) => {
    const [, example] = ALL.find(([name]) => name === 'examples/release-on-tag.yml') ?? [];
    const text = spoil(example?.text ?? '');
    expect(text).not.toBe(example?.text);
    expect(await problemsOf(`spoilt ${what}`, text)).not.toEqual([]);
  });

  test.each([
    ['an unknown input of the called workflow', 'shards:', 'shard:'],
    ['a required input that is missing', "files: '**'", ''],
  ])('would find %s', async (what, part, instead) => {
    const text = readFileSync(join(ACTION_DIRECTORY, 'examples/organisation.yml'), 'utf8');
    const [before, after] = [text.slice(0, text.indexOf('  sign:')), text.slice(text.indexOf('  sign:'))];
    expect(after).toContain(part);
    expect(await problemsOf(`spoilt ${what}`, before + after.replace(part, instead))).not.toEqual([]);
  });
});

/** Jobs of reusable workflows that have what the caller grants, since not every caller needs the same. */
const INHERITING: Readonly<Record<string, readonly string[]>> = {
  '.github/workflows/sign-release.yml': ['sign'],
  '.github/workflows/check-release.yml': ['check'],
  '.github/workflows/reconcile-release.yml': ['prepare'],
};
/** What a caller may grant such jobs besides what all others need: a permission, and its kinds. */
const GRANTED: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'sign-release.yml': { 'id-token': ['write'] },
  'check-release.yml': { contents: ['read', 'write'] },
  'reconcile-release.yml': { actions: ['read'] },
};

describe('every workflow, example and block', () => {
  const inputs = Object.keys(parse(readFileSync(join(ACTION_DIRECTORY, 'action.yml'), 'utf8')).inputs);

  test.each(ALL)('sets only inputs that the action has: %s', (_, source) => {
    for (const { uses, with: given } of workflowIn(source).jobs.flatMap(({ steps }) => steps)) {
      if (uses === '$/' || uses?.startsWith('your-org/'))
        expect(inputs).toEqual(expect.arrayContaining(Object.keys(given)));
    }
  });

  test.each(ALL)('pins actions of others to a commit that was reviewed: %s', (name, { text }) => {
    const lines = [...text.matchAll(/uses: (\S+)( # (\S+))?/g)];
    for (const [, uses = '', , release] of lines) {
      if (uses.startsWith('$/') || uses.startsWith('./') || uses.startsWith('your-org/')) continue;
      if (/\.md, block/.test(name) && uses.endsWith('@<commit>')) continue;
      const known = KNOWN_ACTIONS[repositoryOf(uses)];
      expect(uses.split('@')[1], uses).toBe(known?.commit);
      // Comments are lost when a block is made whole.
      if (!/\.md, block/.test(name)) expect(release, uses).toBe(known?.release);
    }
  });

  test.each(ALL)(
    'puts nothing into a script, takes no pull_request_target and inherits no secrets: %s',
    (_, { text }) => {
      expect(text).not.toMatch(/pull_request_target|secrets: *inherit/);
      for (const { run } of workflowIn({ name: '', text }).jobs.flatMap(({ steps }) => steps)) {
        expect(run ?? '').not.toContain('${{');
      }
    },
  );

  // Every job of a run can upload under any name; `run-id` means another run, whose signatures are checked before they are kept.
  test.each(ALL)('takes artifacts of its run by their ids: %s', (name, source) => {
    for (const { uses, with: given } of workflowIn(source).jobs.flatMap(({ steps }) => steps)) {
      if (!uses?.startsWith('actions/download-artifact@') || 'run-id' in given) continue;
      const isShards = name.endsWith('/sign-release.yml') && given['path'] === 'shards';
      if (!isShards) expect(given).toHaveProperty('artifact-ids');
    }
  });

  test.each(ALL)('passes secrets of environments by name to what it calls: %s', (_, source) => {
    for (const { uses, with: given, secrets } of workflowIn(source).jobs) {
      if (!uses?.includes('/sign-release.yml') || given['mode'] === 'rehearse') continue;
      expect(Object.keys(secrets)).toEqual(expect.arrayContaining(['SIGNING_KEY', 'SIGNING_APP_SECRET']));
    }
  });

  test.each(ALL)('keeps no token in a checkout: %s', (_, source) => {
    for (const { uses, with: given } of workflowIn(source).jobs.flatMap(({ steps }) => steps)) {
      if (uses?.startsWith('actions/checkout@')) expect(given['persist-credentials']).toBe(false);
    }
  });
});

describe('permissions', () => {
  const files = [...WORKFLOWS, ...EXAMPLES].map((source) => [source.name, workflowIn(source)] as const);

  test.each(files)('are none for the whole of %s, and each job says what it needs', (name, workflow) => {
    const inheriting = INHERITING[name] ?? [];
    expect(workflow.permissions).toEqual(inheriting.length > 0 ? undefined : {});
    for (const job of workflow.jobs) expect(isRecord(job.permissions), job.id).toBe(!inheriting.includes(job.id));
  });

  test('of the reusable workflow that signs: nothing but reading, or what the caller grants', () => {
    const workflow = workflowIn(find('sign-release.yml'));
    for (const { id, permissions } of workflow.jobs) {
      expect([{}, { contents: 'read' }, undefined], id).toContainEqual(permissions);
    }
  });

  test('of the one that attaches: contents, and nothing else', () => {
    const [job] = workflowIn(find('attach-signatures.yml')).jobs;
    expect(job?.permissions).toEqual({ contents: 'write' });
  });

  test.each(files)('to write are never beside a signing key: %s', (_, workflow) => {
    for (const { id, permissions, steps } of workflow.jobs) {
      const signs = steps.some((step) => 'app-secret' in step.with);
      // Where there is no artifact service, one job must do both; to attest is to write about the same files.
      const granted = isRecord(permissions) && permissions['contents'] === 'write';
      if (signs && !steps.some((step) => step.with['upload'] === 'false')) expect(granted, id).toBe(false);
    }
  });
});

describe('calls of the reusable workflows', () => {
  const calls = [...WORKFLOWS, ...EXAMPLES, ...BLOCKS].flatMap((source) =>
    workflowIn(source)
      .jobs.filter(({ uses }) => uses !== undefined)
      .map((job) => [`${source.name}, job ${job.id}`, job] as const),
  );

  test.each(calls)('give values of the declared types: %s', (_, job) => {
    const { inputs } = called(job);
    for (const [name, value] of Object.entries(job.with)) {
      if (typeof value !== 'string' || !value.includes('${{')) expect(typeof value, name).toBe(inputs[name]?.['type']);
    }
  });

  // GitHub looks at this before any job starts, and the whole workflow fails.
  test.each(calls)('grant what the called jobs need, and no more: %s', (_, job) => {
    const needed = Object.assign({}, ...called(job).jobs.map(({ permissions }) => permissions));
    const name = job.uses?.match(/[\w-]+\.yml/)?.[0] ?? '';
    const more = Object.entries(isRecord(job.permissions) ? job.permissions : {}).filter(([one]) => !(one in needed));
    for (const [one, kind] of more) expect(GRANTED[name]?.[one], one).toContain(kind);
    const others = Object.fromEntries(more);
    expect(job.permissions).toEqual({ ...needed, ...others });
  });
});

describe('the reusable workflow', () => {
  const workflow = workflowIn(find('sign-release.yml'));

  test('asks for secrets by the names that environments can have, and requires none', () => {
    const declared = parse(find('sign-release.yml').text).on.workflow_call.secrets;
    for (const [name, secret] of Object.entries(declared)) {
      expect(name).toMatch(/^[A-Z_]+$/);
      expect(secret).toMatchObject({ required: false });
    }
  });

  test('lets only the signing jobs see secrets, and runs nothing of others there but the download', () => {
    for (const job of workflow.jobs) {
      const text = JSON.stringify(job);
      expect(text.includes('secrets.'), job.id).toBe(job.id === 'sign');
      expect(text.includes('inputs.environment'), job.id).toBe(job.id === 'sign');
    }
    const others = workflow.jobs.find(({ id }) => id === 'sign')?.steps.flatMap(({ uses }) => uses ?? []);
    expect(others?.map((uses) => uses.split('@')[0])).toEqual(['actions/download-artifact', '$/']);
  });

  test('calls the action at its own commit, and the documented way for older runners is one that GitHub understands', () => {
    const guide = BLOCKS.find(
      ({ name, text }) => name.startsWith('docs/adopting.md') && text.includes('job.workflow_sha'),
    );
    expect(guide?.text).toContain('job.workflow_repository');
  });
});

describe('dependabot', () => {
  test('waits before it updates, and looks after everything that is pinned', () => {
    const { updates } = parse(readFileSync(join(ACTION_DIRECTORY, '.github/dependabot.yml'), 'utf8'));
    expect(updates.map((one: Record<string, unknown>) => one['package-ecosystem'])).toEqual(['npm', 'github-actions']);
    for (const { cooldown } of updates) expect(cooldown['default-days']).toBeGreaterThanOrEqual(7);
  });
});

test('examples/README.md lists exactly the examples that there are', () => {
  const list = readFileSync(join(ACTION_DIRECTORY, 'examples/README.md'), 'utf8');
  const named = [...list.matchAll(/\]\(([\w-]+\.yml)\)/g)].map(([, name]) => `examples/${name}`);
  expect(named.toSorted()).toEqual(filesIn('examples', '.yml').toSorted());
});

function called({ uses = '' }: Job): WorkflowFile {
  const path = /\/(\.github\/workflows\/[\w-]+\.yml)/.exec(uses)?.[1];
  return workflowIn(find(path?.split('/').at(-1) ?? uses));
}

function find(name: string): Source {
  const found = WORKFLOWS.find((source) => source.name.endsWith(`/${name}`));
  if (found === undefined) throw new Error(`no workflow ${name}`);
  return found;
}
