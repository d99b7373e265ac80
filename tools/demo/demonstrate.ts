import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ResultsService, startResultsService } from '../results/results-service.ts';
import { entriesOf, type ZipEntry } from '../results/zip.ts';
import { type ActionRun, runAction } from '../runner/runner.ts';

import { summaryToPage, summaryToText } from '../summary/render.ts';
import { alignTable, toPrintable } from '../summary/terminal.ts';
import { compareArtifact } from './artifact-check.ts';
import { type Rehearsal, readRehearsal, type SignedFile } from './manifest.ts';
import { checkByHand, runCommand, showCommand, verifyAll } from './openssl.ts';

/** What to demonstrate, and where to print it. */
export interface DemoOptions {
  /** Where the action's `action.yml` and bundle are. */
  readonly actionDirectory: string;
  readonly workspace: string;
  readonly patterns: readonly string[];
  /** The demonstration fails with fewer files than this. */
  readonly leastFiles: number;
  readonly print: (text: string) => void;
}

const FIRST_ROWS = 10;

/**
 * Rehearses a signing run with an upload to a local results service, prints what a user would see, and checks all of it with openssl.
 *
 * Returns one sentence for each thing that is not as it should be; none means that everything holds. What the run wrote stays on disk.
 */
export async function demonstrate(options: DemoOptions): Promise<string[]> {
  const { actionDirectory, workspace, patterns, print } = options;
  const results = await startResultsService();
  try {
    print(`Rehearsing on ${patterns.join(', ')} ...\n`);
    const inputs = { mode: 'rehearse', files: patterns.join('\n'), manifest: 'manifest.json' };
    const run = await runAction({ actionDirectory, workspace, inputs, results });
    await printRun(run, print);
    const manifest = run.outputs['manifest'];
    if (run.conclusion !== 'success' || manifest === undefined) {
      return [`the action ended with ${run.exitCode ?? run.signal} instead of a signed release`];
    }
    const rehearsal = await readRehearsal(manifest, workspace);
    return await check(options, rehearsal, results);
  } finally {
    await results.close();
  }
}

async function printRun(run: ActionRun, print: (text: string) => void): Promise<void> {
  const page = join(run.runnerTemp, 'summary.html');
  await writeFile(page, summaryToPage(run.summary));
  print(heading('The log, as the page of the run shows it'));
  print(toPrintable(run.log));
  print(heading('Outputs'));
  print(`${alignTable(Object.entries(run.outputs), 0).map(toPrintable).join('\n')}\n`);
  print(heading('Job summary'));
  print(summaryToText(run.summary));
  print(`\nThe same as a page: ${page}\n`);
  print(heading('Post step'));
  print(run.post === undefined ? 'none\n' : `${toPrintable(run.post.log)}exit code ${run.post.exitCode}\n`);
}

async function check(options: DemoOptions, rehearsal: Rehearsal, results: ResultsService): Promise<string[]> {
  const { leastFiles, print } = options;
  const problems: string[] = [];
  const entries = (await Promise.all(results.artifacts.map(({ zip }) => entriesOf(zip)))).flat();
  printArtifact(results, entries, print);
  const differences = await compareArtifact(entries, rehearsal);
  problems.push(...differences);

  const [example] = rehearsal.files;
  if (example !== undefined) problems.push(...(await demonstrateByHand(rehearsal, example, print)));
  const unsigned = rehearsal.files.filter((file) => file.status !== 'signed');
  problems.push(...unsigned.map((file) => `${file.name} is ${file.status}, not signed`));
  const count = rehearsal.files.length;
  if (count < leastFiles) problems.push(`only ${count} files were signed, at least ${leastFiles} should be`);

  const failed = await verifyAll(rehearsal);
  problems.push(...failed.map((name) => `openssl does not accept the signature of ${name}`));
  const equal = differences.length === 0 ? 'artifact byte-equal' : 'artifact differs';
  print(heading('Result'));
  print(`${count - failed.length} of ${count} verified by openssl, ${equal}\n`);
  return problems;
}

function printArtifact(results: ResultsService, entries: readonly ZipEntry[], print: (text: string) => void): void {
  print(heading('The artifact'));
  for (const { name, id, size, digest } of results.artifacts) {
    print(`${name}: id ${id}, ${size} bytes, ${digest}, ${entries.length} files\n\n`);
  }
  const rows = entries.slice(0, FIRST_ROWS).map(({ path, bytes }) => [String(bytes.length), path]);
  print(
    `${alignTable([['Bytes', 'File'], ...rows], 1)
      .map(toPrintable)
      .join('\n')}\n`,
  );
  if (entries.length > FIRST_ROWS) print(`... and ${entries.length - FIRST_ROWS} more\n`);
}

async function demonstrateByHand(
  rehearsal: Rehearsal,
  file: SignedFile,
  print: (text: string) => void,
): Promise<string[]> {
  print(heading('One signature checked by hand'));
  print(`The public key is ${rehearsal.keyPath}\n\n`);
  const decodedPath = join(rehearsal.directory, 'signature.bin');
  const problems: string[] = [];
  for (const command of checkByHand(rehearsal.keyPath, file, decodedPath)) {
    const { ok, output } = await runCommand(command);
    print(`$ ${toPrintable(showCommand(command))}\n${output === '' ? '' : `${toPrintable(output)}\n`}`);
    if (!ok) problems.push(`the command '${command.args[0]}' of openssl failed for ${file.name}`);
  }
  await rm(decodedPath, { force: true });
  return problems;
}

function heading(text: string): string {
  return `\n━━ ${text} ${'━'.repeat(Math.max(0, 76 - text.length))}\n\n`;
}
