/** A curve of points. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Both axes are logarithmic. */
export interface Plot {
  readonly title: string;
  /** How it was measured. */
  readonly subtitle: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const WIDTH = 640;
const HEIGHT = 360;
const EDGE = { left: 64, right: 130, top: 56, bottom: 48 };
/** A picture in a page sees the colours that its reader prefers. */
const STYLE =
  'svg { fill: #333 } .back { fill: #fff } .grid { stroke: #ddd } @media (prefers-color-scheme: dark) { svg { fill: #d1d7e0 } .back { fill: #0d1117 } .grid { stroke: #3d444d } }';

/** Draws a plot as an SVG document. */
export function renderPlot({ title, subtitle, xLabel, yLabel, series }: Plot): string {
  const points = series.flatMap((one) => one.points);
  const x = scale(
    points.map(([value]) => value),
    [EDGE.left, WIDTH - EDGE.right],
  );
  const y = scale(
    points.map(([, value]) => value),
    [HEIGHT - EDGE.bottom, EDGE.top],
  );
  const middle = (EDGE.top + HEIGHT - EDGE.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" class="back"/>`,
    `<text x="${EDGE.left}" y="22" font-size="15" font-weight="bold">${title}</text>`,
    `<text x="${EDGE.left}" y="40" opacity="0.8">${subtitle}</text>`,
    ...x.ticks.map((value) => gridLine('x', x.at(value), value)),
    ...y.ticks.map((value) => gridLine('y', y.at(value), value)),
    `<text x="${(EDGE.left + WIDTH - EDGE.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${xLabel}</text>`,
    `<text transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle">${yLabel}</text>`,
    ...series.flatMap((one) => curve(one, (px, py) => [x.at(px), y.at(py)])),
    '</svg>',
    '',
  ].join('\n');
}

interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Maps the powers of ten around the values to a range of pixels. */
function scale(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    at: (value) => round(from + ((Math.log10(value) - low) / (high - low)) * (to - from)),
    ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
  };
}

function gridLine(axis: 'x' | 'y', at: number, value: number): string {
  const label = value.toLocaleString('en-US', { maximumFractionDigits: 3 });
  const [bottom, right] = [HEIGHT - EDGE.bottom, WIDTH - EDGE.right];
  return axis === 'x'
    ? `<path d="M${at} ${EDGE.top}V${bottom}" class="grid"/><text x="${at}" y="${bottom + 16}" text-anchor="middle">${label}</text>`
    : `<path d="M${EDGE.left} ${at}H${right}" class="grid"/><text x="${EDGE.left - 6}" y="${at + 4}" text-anchor="end">${label}</text>`;
}

function curve({ name, colour, points }: Series, place: (x: number, y: number) => readonly [number, number]): string[] {
  const placed = points.map(([x, y]) => place(x, y));
  const [endX, endY] = placed.at(-1) ?? [0, 0];
  return [
    `<polyline points="${placed.map((point) => point.join(',')).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...placed.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`),
    `<text x="${endX + 8}" y="${endY + 4}" fill="${colour}">${name}</text>`,
  ];
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
