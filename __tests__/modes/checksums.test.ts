import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { main } from '../../src/main.ts';
import { isGreen } from '../../src/report/report.ts';
import { plant } from '../files/trees.ts';
import { inputsFor } from '../preflight/in-process.ts';
import { type Fault, type Service, type ServiceOptions, startService } from '../rehearsal/faulty-service.ts';
import { type InProcess, inProcess } from './in-process.ts';

const FILES = { 'dist/a': 'a', 'dist/b': 'bb', 'dist/c': 'ccc' };

async function start(options: ServiceOptions = {}): Promise<Service> {
  const service = await startService(options);
  onTestFinished(() => service.close());
  return service;
}

/** Prepares a signing in a workspace, a new one or that of an earlier run. */
function signing(service: Service, more: Readonly<Record<string, string>> = {}, workspace?: string): InProcess {
  const inputs = { ...inputsFor(service), mode: 'sign', files: 'dist/**', upload: 'false', checksums: 'SUMS', ...more };
  const run = inProcess(inputs);
  if (workspace === undefined) plant(run.workspace, FILES);
  const facts = { ...run.context.runner.facts, workspace: workspace ?? run.workspace };
  return { ...run, workspace: facts.workspace, context: { ...run.context, runner: { ...run.context.runner, facts } } };
}

/** Signs a release, and then takes a file away, so that only the checksums are to be signed again. */
async function signOnce(service: Service): Promise<string> {
  const { context, workspace } = signing(service);
  const report = await main(context);
  expect(isGreen(report), report.failure?.message).toBe(true);
  for (const name of ['dist/c', 'dist/c.sign']) rmSync(join(workspace, name));
  return workspace;
}

test('the request for the checksums counts, and its repeats are told', async () => {
  let lost = 0;
  const script = ({ index }: { index: number }): Fault | undefined =>
    index === 4 && lost++ === 0 ? { kind: 'end', when: 'after-body', by: 'reset' } : undefined;
  const service = await start({ script });
  const workspace = await signOnce(service);
  const again = signing(service, {}, workspace);
  const report = await main(again.context);
  expect(isGreen(report), report.failure?.message).toBe(true);
  expect(report.requests).toBe(2);
  expect(report.notes.join()).toContain('1 request was repeated after it had been sent whole');
  expect(report.outcomes).toHaveLength(2);
});

test('a run that is cancelled before new checksums are signed leaves neither new nor old ones', async () => {
  let onRequest = (): undefined => {};
  const service = await start({ script: () => onRequest() });
  const workspace = await signOnce(service);
  const { context, cancel } = signing(service, {}, workspace);
  let isAsked = false;
  onRequest = () => {
    isAsked = true;
    cancel.abort(new Error('stopped'));
    return undefined;
  };
  expect(isGreen(await main(context))).toBe(false);
  expect(isAsked).toBe(true);
  expect(existsSync(join(workspace, 'SUMS'))).toBe(false);
  expect(existsSync(join(workspace, 'SUMS.sign'))).toBe(false);
});

test('the deadline is that of files and checksums together', async () => {
  const script = ({ index }: { index: number }): Fault =>
    index < 3 ? { kind: 'delay', ms: 400 } : { kind: 'silence' };
  const { context } = signing(await start({ script }), { deadline: '2', concurrency: '1' });
  const report = await main(context);
  expect(report.failure).toMatchObject({
    code: 'DEADLINE',
    message: expect.stringContaining('deadline of 2 s'),
  });
  expect(report.outcomes.every(({ status }) => status === 'signed')).toBe(true);
  expect(report.durationMs).toBeLessThan(2900);
});

test('a list with as many missing files as there may be is refused, and five are named', async () => {
  const service = await start();
  const first = signing(service, { files: 'SUMS\ndist/**', checksums: 'OTHER' });
  const lines = Array.from({ length: 150_000 }, (_, at) => `${'0'.repeat(64)} *dist/missing-${at}\n`);
  plant(first.workspace, { SUMS: lines.join('') });
  const signed = await main(first.context);
  expect(isGreen(signed), signed.failure?.message).toBe(true);
  const inputs = { mode: 'verify', 'verify-key': service.credentials.verifyKeyPem };
  const report = await main(signing(service, inputs, first.workspace).context);
  expect(report.failure?.code).toBe('CHECKSUMS_DIFFER');
  expect(report.failure?.message).toMatch(
    /dist\/a, dist\/b, dist\/c, dist\/missing-0, dist\/missing-1 and 149,998 more/,
  );
});
