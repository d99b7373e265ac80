import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ResultsService, startResultsService } from '../results/results-service.ts';
import { entriesOf, type ZipEntry } from '../results/zip.ts';
import { type ActionRun, runAction } from '../runner/runner.ts';
import { summaryToText } from '../summary/render.ts';
import { heading, showTable, toPrintable } from '../summary/terminal.ts';
import { checkByHand, verifyAll } from './openssl.ts';
import { compareArtifact, type Rehearsal, readRehearsal } from './rehearsal.ts';

/** What to demonstrate, and where to print it. */
export interface DemoOptions {
  /** Directory of the action's `action.yml` and bundle. */
  readonly actionDirectory: string;
  readonly workspace: string;
  readonly patterns: readonly string[];
  /** `full` also prints everything that a user sees of such a run. */
  readonly detail: 'short' | 'full';
  readonly print: (text: string) => void;
}

const FIRST_ROWS = 10;

/**
 * Rehearses a signing with an upload to a local results service, checks it with openssl, and prints a verdict.
 *
 * Returns a sentence for each problem; none means success. Leaves nothing on the disk.
 */
export async function demonstrate(options: DemoOptions): Promise<string[]> {
  const { actionDirectory, workspace, patterns, detail, print } = options;
  const runnerTemp = await mkdtemp(join(tmpdir(), 'demo-'));
  const results = await startResultsService();
  try {
    print(toPrintable(`Rehearsing a release of ${patterns.join(', ')} in ${workspace}\n`));
    if (detail === 'short')
      print('The option --workspace DIR signs files of yours instead, --verbose shows more, --help tells the rest.\n');
    const inputs = { mode: 'rehearse', files: patterns.join('\n'), manifest: 'manifest.json' };
    const run = await runAction({ actionDirectory, workspace, inputs, runnerTemp, results });
    const problems = await check(options, run, results);
    for (const problem of problems) print(toPrintable(`Not as it should be: ${problem}\n`));
    print(`\n${problems.length === 0 ? 'Everything is as it should be.' : `Problems: ${problems.length}.`}\n`);
    return problems;
  } finally {
    await results.close();
    await rm(runnerTemp, { recursive: true, force: true });
  }
}

async function check(options: DemoOptions, run: ActionRun, results: ResultsService): Promise<string[]> {
  const { print, workspace } = options;
  const manifest = run.outputs['manifest'];
  const isGreen = run.conclusion === 'success' && manifest !== undefined;
  if (options.detail === 'full' || !isGreen) printRun(run, print);
  if (!isGreen) return [`the action ended with ${run.exitCode ?? run.signal} instead of a signed release`];
  const rehearsal = await readRehearsal(manifest, workspace);
  const entries = (await Promise.all(results.artifacts.map(({ zip }) => entriesOf(zip)))).flat();
  if (options.detail === 'full') printArtifact(results, entries, print);

  const unsigned = rehearsal.files.filter((file) => file.status !== 'signed');
  const [count, seconds] = [rehearsal.files.length, (Number(run.outputs['duration-ms']) / 1000).toFixed(1)];
  print(`${count - unsigned.length} of ${count} files signed in ${seconds} s; openssl checks each signature now\n`);
  const differences = await compareArtifact(entries, rehearsal);
  const failed = await verifyAll(rehearsal, run.runnerTemp);
  const byHand = await demonstrateByHand(rehearsal, run.runnerTemp, print);
  print(`\n${count - failed.length} of ${count} signatures accepted by openssl\n`);
  print(`${entries.length} files in the uploaded artifact, ${differences.length} differences from those on disk\n`);
  return [
    ...(count === 0 ? ['no file was signed'] : []),
    ...unsigned.map((file) => `${file.name} is ${file.status}, not signed`),
    ...differences,
    ...failed.map((name) => `openssl does not accept the signature of ${name}`),
    ...byHand,
  ];
}

function printRun(run: ActionRun, print: (text: string) => void): void {
  print(heading('The log, as the page of the run shows it'));
  print(toPrintable(run.log));
  print(heading('Outputs'));
  print(showTable(Object.entries(run.outputs)));
  print(heading('Job summary'));
  print(summaryToText(run.summary));
  print(heading('Post step'));
  print(run.post === undefined ? 'none\n' : `${toPrintable(run.post.log)}exit code ${run.post.exitCode}\n`);
}

function printArtifact(results: ResultsService, entries: readonly ZipEntry[], print: (text: string) => void): void {
  print(heading('The artifact'));
  for (const { name, id, size, digest } of results.artifacts) {
    print(`${name}: id ${id}, ${size} bytes, ${digest}, ${entries.length} files\n\n`);
  }
  const rows = entries.slice(0, FIRST_ROWS).map(({ path, bytes }) => [String(bytes.length), path]);
  print(showTable([['Bytes', 'File'], ...rows], 1));
  if (entries.length > FIRST_ROWS) print(`... and ${entries.length - FIRST_ROWS} more\n`);
}

/** Verifies the first file by hand, as a recipient of the release would. */
async function demonstrateByHand(
  rehearsal: Rehearsal,
  directory: string,
  print: (text: string) => void,
): Promise<string[]> {
  const [file] = rehearsal.files;
  if (file === undefined) return [];
  print('\nOne signature, checked by hand:\n\n');
  const results = await checkByHand(rehearsal, file, directory);
  for (const { command, output } of results)
    print(toPrintable(`  $ ${command}\n${output === '' ? '' : `  ${output}\n`}`));
  return results.flatMap(({ ok, command }) => (ok ? [] : [`a command failed: ${command}`]));
}
