import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Figures } from './figures.ts';
import { renderPlot } from './plot.ts';
import { renderMarkdown } from './report.ts';
import type { ClientName } from './workloads.ts';

/** The figures that the documents of this repository show. */
export const FIGURES_PATH = 'docs/performance.json';

/** Reads the committed figures. */
export function readFigures(root: string): Figures {
  return JSON.parse(readFileSync(join(root, FIGURES_PATH), 'utf8'));
}

/** Returns all that the figures decide, as the text of each file by its path: tables, plots, and two rows of the README. */
export function documentsOf(root: string, figures: Figures): ReadonlyMap<string, string> {
  const tables = replace(
    readFileSync(join(root, 'docs/performance.md'), 'utf8'),
    /(<!-- results: .*-->\n)[\s\S]*?\n(<!-- \/results -->)/,
    (_, start, end) => `${start}${renderMarkdown(figures)}${end}`,
  );
  const plots = Object.entries(figures.plots).map(
    ([name, plot]) => [`docs/img/${name}.svg`, renderPlot(plot)] as const,
  );
  return new Map([['docs/performance.md', tables], ...plots, ['README.md', readmeOf(root, figures)]]);
}

function readmeOf(root: string, { workloads }: Figures): string {
  const of = (workload: string, client: ClientName) => {
    const found = workloads.find(({ name }) => name === workload)?.clients[client];
    if (found === undefined) throw new Error(`The README compares ${client} in ${workload}, which was not measured.`);
    return { time: `${short(found.seconds)} s`, memory: `${((found.peakMiB * 2 ** 20) / 1e9).toPrecision(2)} GB` };
  };
  const [slow, atOnce, ours] = [of('W1', 'one-at-a-time'), of('W1', 'all-at-once'), of('W1', 'action')];
  const [slowLarge, atOnceLarge, oursLarge] = [of('W3', 'one-at-a-time'), of('W3', 'all-at-once'), of('W3', 'action')];
  const few = `| 100 files, 0.45 s each | ${slow.time} | ${atOnce.time} | as by hand, if it goes file by file | ${ours.time} |`;
  const large = `| 20 files of 50 MB | ${slowLarge.time}, as the loop is written | ${atOnceLarge.time} and ${atOnceLarge.memory} of memory | depends on the tool it calls | ${oursLarge.time} and ${oursLarge.memory} |`;
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  return replace(
    replace(text, /^\| 100 files, .*$/m, () => few),
    /^\| 20 files of 50 MB .*$/m,
    () => large,
  );
}

/** Whole seconds from ten on, one digit behind the point below, and none that is a zero. */
function short(seconds: number): string {
  return seconds >= 10 ? seconds.toFixed(0) : String(Number(seconds.toFixed(1)));
}

function replace(text: string, pattern: RegExp, by: (...groups: string[]) => string): string {
  if (!pattern.test(text)) throw new Error(`There is no ${pattern} to be replaced.`);
  return text.replace(pattern, by);
}
