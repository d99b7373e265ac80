import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startResultsService } from '../../../tools/results/results-service.ts';
import { entriesOf } from '../../../tools/results/zip.ts';
import { runAction } from '../../../tools/runner/runner.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { type Service, startService } from '../../rehearsal/faulty-service.ts';
import { describeWorld } from '../world.ts';
import { createJob, isThere, type Job, waitFor } from './job.ts';
import { NO_WINDOWS, startNode, toWindows } from './wine.ts';

const FILES = { 'dist/App.exe': 'application', 'dist/lib/core.dll': 'library', 'dist/Grüße 世界.txt': 'text' };

function signing({ url, signPath, credentials }: Service): Record<string, string> {
  const { appKey, appSecret, cert, key, chain, verifyKeyPem } = credentials;
  return {
    files: 'dist\\**',
    'server-url': url,
    'sign-path': signPath,
    'app-key': appKey,
    'app-secret': appSecret,
    // The file system of Windows writes line ends of its own into PEM files.
    cert: cert.replaceAll('\n', '\r\n'),
    key,
    chain,
    'verify-key': verifyKeyPem,
  };
}

/** Starts a program that opens each new file in some directories of the job without sharing it. */
async function startScanner({ drive }: Job, directories: readonly string[], [fewest, most]: readonly [number, number]) {
  const script = toWindows(join(ACTION_DIRECTORY, '__tests__/peers/windows/scanner.ts'));
  const marks = join(drive.directory, 'marks');
  const args = [script, toWindows(marks), String(fewest), String(most), ...directories.map(toWindows)];
  const scanner = await startNode(args, { cwd: drive.directory, outputs: drive.directory });
  await waitFor(() => isThere(marks), 'the scanner');
  return {
    marks,
    /** Stops it, and returns the names of the files that it held. */
    async stop(): Promise<string[]> {
      const held = await readdir(marks);
      await writeFile(join(marks, 'stop'), '');
      const { exitCode, log } = await scanner.exit;
      expect(exitCode, log).toBe(0);
      return held;
    },
  };
}

describeWorld('windows', NO_WINDOWS, () => {
  test('a rehearsal signs, checks and uploads', async () => {
    await using job = await createJob(FILES);
    const results = await startResultsService();
    const run = await job.run({ mode: 'rehearse', files: 'dist\\**' }, results.env);
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ mode: 'rehearse', 'signed-count': '3', 'verified-count': '3' });
    expect(run.outputs['manifest']).toMatch(/^D:\\.*\\a\\_temp\\/);
    const [artifact] = results.artifacts;
    const entries = await entriesOf(artifact?.zip ?? Buffer.alloc(0));
    expect(entries.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['dist/App.exe.sign', 'dist/Grüße 世界.txt.sign', 'dist/lib/core.dll.sign']),
    );
    await results.close();
  });

  test('what Windows signed is verified there, on Linux and by sha256sum; a preflight is green', async () => {
    await using job = await createJob(FILES);
    const service = await startService();
    const inputs = { ...signing(service), upload: 'false', checksums: 'out\\SUMS', manifest: 'out\\release.json' };
    const signed = await job.run({ ...inputs, http2: 'true' });
    expect(signed.exitCode, signed.log).toBe(0);
    expect(signed.outputs).toMatchObject({ mode: 'sign', 'signed-count': '3', 'verified-count': '3' });
    const { stdout } = await promisify(execFile)('sha256sum', ['-c', 'out/SUMS'], { cwd: job.workspace });
    expect(stdout).toBe('dist/App.exe: OK\ndist/Grüße 世界.txt: OK\ndist/lib/core.dll: OK\n');
    const { version, files } = JSON.parse(await readFile(join(job.workspace, 'out/release.json'), 'utf8'));
    expect([version, files.map((file: { readonly path: string }) => file.path)]).toEqual([
      1,
      Object.keys(FILES).sort(),
    ]);
    const key = { mode: 'verify', 'verify-key': service.credentials.verifyKeyPem };
    const verifying = { ...key, files: 'dist/**', checksums: 'out/SUMS', manifest: 'out/release.json' };
    for (const run of [
      await job.run(verifying),
      await runAction({ actionDirectory: ACTION_DIRECTORY, workspace: job.workspace, inputs: verifying }),
    ]) {
      expect(run.exitCode, run.log).toBe(0);
      expect(run.outputs).toMatchObject({ mode: 'verify', 'verified-count': '3', 'failed-count': '0' });
    }
    const preflight = await job.run({ ...signing(service), mode: 'preflight' });
    expect(preflight.exitCode, preflight.log).toBe(0);
    await service.close();
  });

  test('a scanner that holds each temporary file and key file costs no signature and leaves nothing', async () => {
    const paths = Array.from({ length: 30 }, (_, at) => `dist/${at % 3}/file ${at}.bin`);
    await using job = await createJob(Object.fromEntries(paths.map((path) => [path, path])));
    const service = await startService();
    const directories = [0, 1, 2].map((at) => join(job.workspace, `dist/${at}`));
    const scanner = await startScanner(job, [job.workspace, job.runnerTemp, ...directories], [40, 500]);
    const run = await job.run(
      { ...signing(service), upload: 'false', checksums: 'SUMS', manifest: 'release.json' },
      {
        SCANNED: toWindows(scanner.marks),
        NODE_OPTIONS: `--import=file:///${toWindows(join(import.meta.dirname, 'preload-scanned.ts')).replaceAll('\\', '/')}`,
      },
    );
    const held = await scanner.stop();
    const own = ['SUMS', 'SUMS.sign', 'release.json', 'release.json.sign'];
    expect(run.exitCode, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ 'signed-count': '30', 'verified-count': '30' });
    expect(held.filter((name) => name.endsWith('.tmp')).length).toBeGreaterThanOrEqual(paths.length + own.length);
    expect(held.filter((name) => name.endsWith('.pem')).length).toBeGreaterThan(0);
    expect(await job.list()).toEqual([...own, ...paths, ...paths.map((path) => `${path}.sign`)].sort());
    await service.close();
  });

  test('Ctrl+C ends a run long before the service answers, without half a file or a key', async () => {
    await using job = await createJob(FILES);
    const service = await startService({ delayMs: 20_000 });
    const step = await job.start({ ...signing(service), upload: 'false' });
    await waitFor(async () => service.counters.requests > 0, 'the first request');
    const pressedAt = performance.now();
    step.child.kill('SIGINT');
    const run = await step.result;
    expect(performance.now() - pressedAt).toBeLessThan(5000);
    expect(run.exitCode).not.toBe(0);
    expect(run.log).toContain('The run was cancelled');
    expect(await job.list()).toEqual(Object.keys(FILES).sort());
    await service.close();
  });

  test('the post step removes the key files that a killed run left, also while a scanner holds them', async () => {
    await using job = await createJob({});
    const name = 'mtls-release-signing-credentials-AbCdEf';
    const directory = join(job.runnerTemp, name);
    await mkdir(directory);
    const scanner = await startScanner(job, [job.runnerTemp], [300, 600]);
    for (const file of ['client-cert.pem', 'client-key.pem', 'server-chain.pem'])
      await writeFile(join(directory, file), 'x');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const run = await job.post({ credentials: `${toWindows(job.runnerTemp)}\\${name}` });
    expect(await scanner.stop()).toHaveLength(3);
    expect([run.exitCode, run.log]).toEqual([0, '']);
    expect(await isThere(join(directory, 'client-key.pem'))).toBe(false);
  });
});
