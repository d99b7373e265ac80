import { expect, test } from 'vitest';
import type { NameScope } from '../../tools/results/artifact-store.ts';
import type { Fault } from '../../tools/results/faults.ts';
import { createRelease } from './release-run.ts';

const INPUTS = { shards: 3, checksums: 'SHA256SUMS' };
const LOST: Fault = { at: 'create', kind: 'status', status: 403, nth: 2 };

test.each<NameScope>(['attempt', 'run'])(
  'one shard is lost, and “Re-run failed jobs” repeats it alone, where names are taken for a whole %s',
  async (names) => {
    await using release = await createRelease({ results: { faults: [LOST], names } });
    const first = await release.sign(INPUTS);
    expect(first.jobs['sign']?.matrix?.filter(({ result }) => result === 'failure')).toHaveLength(1);
    expect(first.jobs['collect']?.result).toBe('skipped');
    expect(first.outputs).toMatchObject({ mode: '', 'artifact-id': '' });

    release.hub.nextAttempt();
    const again = await release.sign(INPUTS, { before: first });
    expect(again.result, again.log).toBe('success');
    expect(again.outputs).toMatchObject({ mode: 'sign', 'verified-count': '23' });
    expect(release.hub.runs.filter(({ inputs }) => inputs['mode'] === 'sign')).toHaveLength(4);
  },
);

test('days later the artifact of a shard is gone: the error says which job to run again, and that is enough', async () => {
  await using release = await createRelease();
  const { artifacts } = release.hub;
  const onJob = (job: string): void => {
    if (job === 'collect') artifacts.remove('signatures-shard-2-of-3');
  };
  const late = await release.sign(INPUTS, { onJob });
  expect(late.jobs['collect']?.result).toBe('failure');
  expect(late.log).toMatch(
    /::error title=Incomplete signatures::No signatures came from shard 2\/3\. .*run the job 'Sign' of that number again/,
  );
  expect(artifacts.names).not.toContain('signatures');
  expect(late.outputs).toMatchObject({ mode: '', 'artifact-id': '' });

  release.hub.nextAttempt();
  const { sign, plan } = late.jobs;
  const matrix = sign?.matrix?.map((one, at) => (at === 1 ? { ...one, result: 'failure' as const } : one)) ?? [];
  const jobs = { ...(plan && { plan }), ...(sign && { sign: { ...sign, result: 'failure' as const, matrix } }) };
  const again = await release.sign(INPUTS, { before: { ...late, jobs } });
  expect(again.result, again.log).toBe('success');
});

test('every shard lost: all are named', async () => {
  await using release = await createRelease();
  const onJob = (job: string): void => {
    if (job !== 'collect') return;
    for (const name of release.hub.artifacts.names) if (name !== 'build') release.hub.artifacts.remove(name);
  };
  const run = await release.sign(INPUTS, { onJob });
  expect(run.log).toContain('No signatures came from shard 1/3, 2/3, 3/3.');
});

test.each([1, 3])(
  'an upload whose network is lost is repeated under another name, and found there (%i shards)',
  async (shards) => {
    await using release = await createRelease({ results: { faults: [{ at: 'create', kind: 'drop' }] } });
    const run = await release.sign({ ...INPUTS, shards });
    expect(run.result, run.log).toBe('success');
    expect(release.hub.artifacts.names.filter((name) => name.endsWith('-retry-1'))).toHaveLength(1);
    expect(run.outputs).toMatchObject({ 'verified-count': '23' });
  },
);

test.each([1, 3])(
  'an upload of which two are finished: both are named, and the last is taken (%i shards)',
  async (shards) => {
    await using release = await createRelease();
    const name = shards === 1 ? 'signatures-shard' : 'signatures-shard-2-of-3';
    const onJob = async (job: string): Promise<void> => {
      if (job !== 'collect') return;
      const { artifacts } = release.hub;
      const files = new Map((await artifacts.files(name)).map(({ path, bytes }) => [path, bytes]));
      artifacts.add(`${name}-retry-1`, files);
      // The first of the two is broken, so that only the last can be the reason for what is green.
      artifacts.remove(name);
      artifacts.add(name, { broken: '' });
    };
    const run = await release.sign({ ...INPUTS, shards }, { onJob });
    expect(run.result, run.log).toBe('success');
    expect(run.log).toContain(`was uploaded more than once, as ${name}, ${name}-retry-1. The last of these is taken.`);
  },
);

test('a whole re-run where names are taken for the whole run: red, and nothing of the first attempt is deleted', async () => {
  await using release = await createRelease({ results: { names: 'run' } });
  const first = await release.sign(INPUTS);
  expect(first.result, first.log).toBe('success');
  release.hub.nextAttempt();
  const again = await release.sign(INPUTS);
  expect(again.result).toBe('failure');
  expect(again.log).toMatch(/ARTIFACT_EXISTS[\s\S]*set overwrite: true/);
  expect(release.hub.results.artifacts.map(({ id }) => String(id))).toContain(first.outputs['artifact-id']);
});

test('a whole re-run where names are taken for an attempt: its own artifacts are taken', async () => {
  await using release = await createRelease();
  const first = await release.sign(INPUTS);
  release.hub.nextAttempt();
  const again = await release.sign(INPUTS);
  expect(again.result, again.log).toBe('success');
  expect(again.outputs['artifact-id']).not.toBe(first.outputs['artifact-id']);
});
