import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { listClients } from './clients.ts';
import { measureCurves } from './curves.ts';
import { documentsOf, FIGURES_PATH, readFigures } from './documents.ts';
import { type Results, toFigures, toJson } from './figures.ts';
import { measureSpeeds } from './floor.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { renderPlot } from './plot.ts';
import { preparePython } from './python.ts';
import { renderMarkdown } from './report.ts';
import { type Bench, type Result, runWorkload } from './rounds.ts';
import { startService } from './service.ts';
import { measureStartup } from './startup.ts';
import { measureTransit } from './transit.ts';
import { measureVerifying } from './verifying.ts';
import { listWorkloads } from './workloads.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
/** What else this machine was doing. */
const loadBefore = loadavg()[0]?.toFixed(1) ?? 'unknown';
const options = readOptions(process.argv.slice(2));
if (options === undefined) console.log(USAGE);
else if (options.documents === 'render') writeDocuments();
else await run(options);

/** Measures what is asked for; files and service are in memory and gone at the end, however it ends. */
async function run(wanted: Options): Promise<void> {
  const directory = mkdtempSync('/dev/shm/mtls-release-signing-bench-');
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const python = await preparePython(directory);
  const clients = await listClients(wanted.against);
  const service = await startService(directory);
  // Children get the signal themselves; what is left to do happens on exit.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void service.stop().then(() => process.exit(1)));
  try {
    const bench: Bench = {
      service,
      python,
      clients,
      directory,
      rounds: wanted.rounds,
      tell: (line) => console.error(line),
    };
    publish(await measureAll(bench, wanted), wanted);
  } finally {
    await service.stop();
  }
}

async function measureAll(bench: Bench, { scale, wants, runs }: Options): Promise<Results> {
  const workloads: Result[] = [];
  for (const workload of listWorkloads(scale)) {
    const clients = workload.clients.filter(runs);
    if (wants(workload.name)) workloads.push(await runWorkload(bench, { ...workload, clients }));
  }
  return {
    date: new Date().toISOString(),
    machine: describeMachine(bench),
    rounds: bench.rounds,
    speeds: measureSpeeds(),
    workloads,
    startup: wants('start') ? await measureStartup(bench, scale === 'quick' ? 5 : 15) : [],
    transit: wants('openbao') ? await measureTransit(bench, { scale, runs }) : [],
    verifying: wants('verify') ? await measureVerifying(bench, scale) : [],
    plots: wants('plot') ? await measureCurves(bench, scale) : {},
  };
}

function describeMachine({ python }: Bench): Record<string, string> {
  const firstLine = (program: string, flag: string): string => {
    return (
      execFileSync(program, [flag], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0] ?? ''
    );
  };
  return {
    processor: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    load: `load ${loadBefore} before the run`,
    node: `Node ${process.versions.node}`,
    service: nginxVersion(),
    python: python.version,
    curl: firstLine('curl', '--version').split(' ').slice(0, 2).join(' '),
  };
}

/** nginx tells its version on the other output. */
function nginxVersion(): string {
  return spawnSync('nginx', ['-v'], { encoding: 'utf8' })
    .stderr.replace(/^nginx version: nginx./, 'nginx ')
    .trim();
}

function publish(results: Results, { out, documents }: Options): void {
  mkdirSync(out, { recursive: true });
  const figures = toFigures(results);
  const markdown = renderMarkdown(figures);
  writeFileSync(join(out, 'results.md'), markdown);
  writeFileSync(join(out, 'results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
  for (const [name, plot] of Object.entries(results.plots)) writeFileSync(join(out, `${name}.svg`), renderPlot(plot));
  console.log(markdown);
  console.log(`Written to ${out}`);
  if (documents === 'none') return;
  writeFileSync(join(REPOSITORY, FIGURES_PATH), toJson(figures));
  writeDocuments();
}

/** Writes tables, plots and the comparison of the README from the committed figures. */
function writeDocuments(): void {
  for (const [path, text] of documentsOf(REPOSITORY, readFigures(REPOSITORY))) {
    writeFileSync(join(REPOSITORY, path), text);
    console.log(`Written: ${path}`);
  }
}
