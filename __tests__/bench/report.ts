import type { Figures, WorkloadFigures } from './figures.ts';
import type { Startup } from './startup.ts';
import type { Transit } from './transit.ts';
import type { Verifying } from './verifying.ts';
import { CLIENT_NAMES, type ClientName } from './workloads.ts';

const NAMES: Readonly<Record<ClientName, string>> = {
  action: 'this action',
  'action-http2': 'with `http2: true`',
  'other-build': 'other build',
  'all-at-once': 'all at once',
  'one-at-a-time': 'one at a time',
  curl: '`curl --parallel`',
};

/** Renders figures as Markdown tables. */
export function renderMarkdown(figures: Figures): string {
  const { workloads, startup, transit, verifying, machine, rounds, date } = figures;
  const shown = CLIENT_NAMES.filter((name) => workloads.some(({ clients }) => clients[name]));
  const facts = Object.values(machine).join(' · ');
  return [
    `${facts} · ${date.slice(0, 10)} · medians of ${rounds} interleaved round${rounds === 1 ? '' : 's'}`,
    ...(workloads.length > 0 ? [timeTable(workloads, shown), memoryTable(workloads, shown)] : []),
    ...perFile(workloads),
    ...(startup.length > 0 ? [startTable(startup)] : []),
    ...(transit.length > 0 ? [transitTable(transit)] : []),
    ...(verifying.length > 0 ? [verifyTable(verifying)] : []),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

function timeTable(workloads: readonly WorkloadFigures[], shown: readonly ClientName[]): string {
  const compared = shown.filter((name) => name !== 'all-at-once');
  return table(
    [
      'Time in seconds',
      'floor',
      ...shown.map((name) => NAMES[name]),
      ...ours(compared).map((name) => `${NAMES[name]} ÷ all at once`),
    ],
    workloads.map(({ name: workload, title, floorSeconds, clients }) => [
      `**${workload}** ${title}`,
      number(floorSeconds, 2),
      ...shown.map((name) => number(clients[name]?.seconds, 2)),
      ...ours(compared).map((name) => (clients[name]?.ratio ? `**${number(clients[name].ratio, 3)}**` : '')),
    ]),
  );
}

function ours(names: readonly ClientName[]): ClientName[] {
  return names.filter((name) => name === 'action' || name === 'action-http2' || name === 'other-build');
}

function memoryTable(workloads: readonly WorkloadFigures[], shown: readonly ClientName[]): string {
  return table(
    ['Highest memory in MiB', ...shown.map((name) => NAMES[name])],
    workloads.map(({ name: workload, title, clients }) => [
      `**${workload}** ${title}`,
      ...shown.map((name) => number(clients[name]?.peakMiB, 0)),
    ]),
  );
}

/** How the time of one file changes from the smallest to the largest W5. */
function perFile(workloads: readonly WorkloadFigures[]): string[] {
  const times = workloads
    .filter(({ name }) => name === 'W5')
    .map(({ files, clients }) => ((clients.action?.seconds ?? 0) * 1000) / files);
  const [few, many] = times;
  if (few === undefined || many === undefined) return [];
  return [
    `W5, time for each file: ${number(few, 3)} ms with few files, ${number(many, 3)} ms with many: ${number(many / few, 2)} times.`,
  ];
}

function startTable(rows: readonly Startup[]): string {
  return table(
    [
      `Cold start, one file, milliseconds, median of ${rows[0]?.runs ?? 0}`,
      'first byte sent',
      'request received',
      'exit',
    ],
    rows.map(({ build, firstByteMs, firstRequestMs, exitMs }) => [
      build === 'keyless' ? 'with `certificate-from: step-ca`' : NAMES[build],
      number(firstByteMs, 0),
      number(firstRequestMs, 0),
      number(exitMs, 0),
    ]),
  );
}

function transitTable(rows: readonly Transit[]): string {
  return table(
    [
      'OpenBao, time in seconds',
      'this action',
      'beyond its start',
      'requests',
      'one request per file',
      '`curl` one by one',
      'this action ÷ one request per file',
      'this action ÷ `curl` one by one',
    ],
    rows.map((row) => [
      row.title,
      number(row.seconds, 2),
      `**${number(row.beyondStartSeconds, 2)}**`,
      number(row.requests, 0),
      number(row.perFileSeconds, 2),
      number(row.curlSeconds, 2),
      number(row.perFileRatio, 3),
      number(row.curlRatio, 3),
    ]),
  );
}

function verifyTable(rows: readonly Verifying[]): string {
  return table(
    ['`mode: verify`', 'this action, s', '`sha256sum` + `openssl`, s', 'ratio', 'MiB'],
    rows.map((row) => [
      row.title,
      number(row.seconds, 2),
      number(row.toolsSeconds, 2),
      `**${number(row.ratio, 3)}**`,
      number(row.peakMiB, 0),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

function number(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? '' : value.toFixed(digits);
}
