import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { createPki } from '../../src/rehearsal/pki.ts';
import { readDocument } from '../docs/document.ts';
import { usesIn } from '../docs/workflow.ts';
import { type Service, startService } from '../rehearsal/faulty-service.ts';
import { callsOf, type Hub } from './engine/hub.ts';
import { runWorkflow, type WorkflowResult } from './engine/run.ts';
import { FORK, type NewUserOptions, openRepository, SAME_REPOSITORY, TAG } from './new-user.ts';
import { startProxy } from './proxy.ts';

const README = readDocument('README.md');
const BUILD = [{ uses: 'actions/checkout@v1' }, { run: './build.sh' }];
const [START] = stepsBelow('Start');

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** The first YAML block below a heading. */
function blockBelow(heading: string): unknown {
  const block = README.blocks.find((one) => one.heading === heading && one.language === 'yaml');
  if (block === undefined) throw new Error(`no YAML below “${heading}”`);
  return parse(block.text);
}

function stepsBelow(heading: string): readonly Step[] {
  const block = blockBelow(heading);
  if (!Array.isArray(block)) throw new Error(`no steps below “${heading}”`);
  return block;
}

/** Completes a recipe as its comments say: what it leaves out is as in the start. */
function complete(step: Step): Step {
  return step.uses === START?.uses ? { ...step, with: { ...START?.with, ...step.with } } : step;
}

function workflowOf(steps: readonly Step[], env: object = {}): string {
  return stringify({
    on: 'push',
    jobs: { release: { 'runs-on': 'ubuntu-latest', env, steps: [...BUILD, ...steps.map(complete)] } },
  });
}

describe('what the README shows works for somebody who has read nothing else', () => {
  let service: Service;
  const opened: Hub[] = [];

  beforeAll(async () => {
    service = await startService({ pki: await createPki({ extraHosts: ['sign.example.com'] }), http2: true });
  });

  afterAll(async () => {
    for (const hub of opened) await hub[Symbol.asyncDispose]();
    await service.close();
  });

  async function run(text: string, options: NewUserOptions): Promise<WorkflowResult & { readonly hub: Hub }> {
    const hub = await openRepository(service, options);
    opened.push(hub);
    const { secrets = {} } = hub.settings;
    Object.assign(hub.environments, { release: { secrets } });
    const file = join(hub.directory, 'readme.yml');
    await writeFile(file, text);
    return { ...(await runWorkflow(hub, file)), hub };
  }

  test('the start signs, checks and uploads everything', async () => {
    const { result, log, hub } = await run(workflowOf([START ?? {}]), TAG);
    expect(result, log).toBe('success');
    expect(hub.runs[0]?.outputs).toMatchObject({ mode: 'sign', 'signed-count': '2', 'verified-count': '2' });
    const names = (await hub.artifacts.files('signatures')).map(({ path }) => path);
    const [shown] = README.blocks.filter(({ heading, language }) => heading === 'Start' && language === 'text');
    expect(names.sort()).toEqual(shown?.text.match(/\S+\.sign\b(?= |$)/gm)?.filter((name) => name.includes('/')));
  });

  test('the whole workflow signs in its environment and publishes', async () => {
    const block = README.blocks.find((one) => one.heading === 'A whole workflow' && one.language === 'yaml');
    const { result, log, hub } = await run(block?.text ?? '', TAG);
    expect(result, log).toBe('success');
    expect(hub.runs[0]?.outputs).toMatchObject({ mode: 'sign', 'verified-count': '2' });
    const created = (await callsOf(hub)).find((call) => call.startsWith('gh release create'));
    expect(created).toMatch(/^gh release create v1\.2\.3 --verify-tag --generate-notes .*dist\/app\.bin\.sign/);
  });

  test('the start without its secrets is red, and its first code is one of those that the README explains', async () => {
    const { result, log } = await run(workflowOf([START ?? {}]), { ...TAG, stored: 'nothing' });
    expect(result).toBe('failure');
    const [code = ''] = /[A-Z]+_[A-Z_]+(?=:)/.exec(log) ?? [];
    expect(README.rows.map(([cell]) => cell)).toContain(`\`${code}\``);
  });

  test.each([
    ['a tag', TAG, 'sign', 'success'],
    ['a pull request', SAME_REPOSITORY, 'preflight', 'skipped'],
    ['a fork', FORK, 'rehearse', 'skipped'],
  ])('pull requests and tags: %s', async (_, options, mode, published) => {
    const { result, log, jobs, hub } = await run(
      workflowOf(stepsBelow('Pull requests and tags in one workflow')),
      options,
    );
    expect(result, log).toBe('success');
    expect(hub.runs[0]?.outputs['mode']).toBe(mode);
    expect(jobs['release']?.steps.at(-1)?.outcome).toBe(published);
  });

  test('checksums and receipt are in the artifact, and the same files are attested', async () => {
    const { result, log, hub } = await run(workflowOf(stepsBelow('Checksums, receipt and provenance')), TAG);
    expect(result, log).toBe('success');
    const names = (await hub.artifacts.files('signatures')).map(({ path }) => path);
    expect(names).toEqual(expect.arrayContaining(['SHA256SUMS', 'SHA256SUMS.sign', 'receipt.json']));
    const checksums = await readFile(hub.attested[0]?.['subject-checksums'] ?? '', 'utf8');
    expect(checksums.trim().split('\n')).toHaveLength(2);
  });

  test('many machines: four slices, put together and verified', async () => {
    const upload = { id: 'upload', uses: 'actions/upload-artifact@v1', with: { name: 'build', path: 'dist' } };
    const outputs = { 'artifact-id': `\${{ steps.upload.outputs.artifact-id }}` };
    const jobs = Object(blockBelow('Many machines'));
    Object.assign(jobs.jobs, { build: { 'runs-on': 'ubuntu-latest', outputs, steps: [...BUILD, upload] } });
    const { build, sign } = jobs.jobs;
    const { result, log, hub } = await run(stringify({ on: 'push', jobs: { build, sign } }), TAG);
    expect(result, log).toBe('success');
    // The receipts of the slices are verified as well as the files.
    expect(hub.runs.map(({ outputs }) => outputs['mode'])).toEqual([...Array(4).fill('sign'), 'verify', 'verify']);
    const counts = hub.runs.slice(-2).map(({ outputs }) => [outputs['verified-count'], outputs['failed-count']]);
    expect(counts).toContainEqual(['2', '0']);
  });

  test('run again: the cache is that of the document it leads to', () => {
    const caches = (path: string): unknown =>
      usesIn(readDocument(path))
        .filter(({ uses }) => uses.startsWith('actions/cache/'))
        .map(({ uses, with: inputs }) => ({ uses, inputs }));
    expect(caches('README.md')).toEqual(caches('docs/reuse.md'));
  });

  test('the example with a proxy sends the requests through that proxy', async () => {
    await using proxy = await startProxy();
    const { env } = Object(blockBelow('A runner behind a proxy'));
    const text = workflowOf([START ?? {}], env).replace('proxy.example.com:3128', proxy.address);
    const there = { 'server-url': `https://sign.example.com:${service.port}`, 'sign-path': service.signPath };
    const { result, log } = await run(text, { ...TAG, service: there });
    expect(result, log).toBe('success');
    expect(new Set(proxy.tunnels)).toEqual(new Set([`sign.example.com:${service.port}`]));
  });

  test('HTTP/2: one connection for everything', async () => {
    const recipe = Object(blockBelow('Many small files and a slow service'));
    const before = service.counters.connections;
    const { result, log } = await run(workflowOf([{ uses: START?.uses, ...recipe }]), TAG);
    expect(result, log).toBe('success');
    expect(service.counters.connections - before).toBe(1);
  });
});
