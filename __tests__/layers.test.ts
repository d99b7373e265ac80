import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', 'src');

/** Which layer a room is in; a file's own entry goes before that of its folder. */
const LAYERS: Readonly<Record<string, number>> = {
  errors: 0,
  finding: 0,
  'signing/signer': 0,
  'signing/abort': 0,
  'signing/failure': 0,
  'signing/retry': 0,
  'signing/gate': 0,
  'signing/limit': 0,
  'signing/growth': 0,
  'signing/head-start': 0,
  'signing/policy': 0,
  'signing/retry-queue': 0,
  'signing/in-flight': 0,
  'signing/schedule': 0,
  'signing/clock': 0,
  'signing/endings': 0,
  runner: 1,
  files: 1,
  identity: 1,
  verifying: 1,
  signing: 1,
  'signing/sign-file': 2,
  'signing/tap': 2,
  'verifying/check': 2,
  inputs: 3,
  'signing/sign': 3,
  'verifying/verify': 3,
  preflight: 3,
  rehearsal: 3,
  upload: 3,
  helper: 3,
  report: 3,
  main: 4,
  modes: 4,
  index: 5,
  thread: 5,
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly how: 'static' | 'type' | 'lazy';
}

interface Module {
  /** Relative to `src`, without `.ts`. */
  readonly name: string;
  readonly lines: readonly string[];
  /** Without comments. */
  readonly code: readonly string[];
  readonly imports: readonly Import[];
}

function readModule(path: string): Module {
  const name = path.replace(/\.ts$/, '');
  const text = readFileSync(join(SOURCE, path), 'utf8');
  const code = text
    .replace(/^\s*\/\*\*.*?\*\/$/gms, (comment) => comment.replace(/.+/g, ''))
    .replace(/^\s*\/\/.*$/gm, '');
  const resolve = (to: string): string =>
    to.startsWith('.') ? normalize(join(dirname(name), to)).replace(/\.ts$/, '') : to;
  const statics = [...code.matchAll(/^(import|export)( type)? [^;]*?from '([^']+)';$|^import '([^']+)';$/gm)];
  const lazies = [...code.matchAll(/\bimport\('([^']+)'\)/g)];
  const imports = [
    ...statics.map(
      ([, , type, from, bare]) =>
        ({ from: name, to: resolve(from ?? bare ?? ''), how: type ? 'type' : 'static' }) as const,
    ),
    ...lazies.map(([, to = '']) => ({ from: name, to: resolve(to), how: 'lazy' }) as const),
  ];
  return { name, lines: text.trimEnd().split('\n'), code: code.split('\n'), imports };
}

const modules = globSync('**/*.ts', { cwd: SOURCE }).map((path) => readModule(path));
const imports = modules.flatMap((module) => module.imports);
const internal = imports.filter(({ to }) => modules.some(({ name }) => name === to));

/** The entry of the layer table that a module belongs to. */
function roomOf(name: string): string {
  if (name in LAYERS) return name;
  const folder = dirname(name);
  return folder === '.' ? name : roomOf(folder);
}

/** The top folder; `main` and its modes are one. */
function houseOf(name: string): string {
  const [top = name] = name.split('/');
  return top === 'main' ? 'modes' : top;
}

/** Doors of one layer that may use something pure of each other. */
const NEIGHBOURS = [
  'runner -> files/names',
  'signing/own-certificate -> identity/certificate',
  'signing/server-certificate -> identity/certificate',
  'upload -> report/shorten',
  'upload -> report/units',
];

function show({ from, to }: Import): string {
  return `${from} -> ${to}`;
}

function isPart(name: string, room: string): boolean {
  return name === room || name.startsWith(`${room}/`);
}

/** Names and sizes of functions, told by the formatter's indentation. */
function functionsOf({ name, lines }: Module): { readonly where: string; readonly length: number }[] {
  return lines.flatMap((line, at) => {
    const opens =
      /(\)|\)[^{}]*|=>) \{$/.test(line) && !/^\s*(\} )?(if|else|for|while|switch|catch|try|do)\b/.test(line);
    if (!opens) return [];
    const indent = /^\s*/.exec(line)?.[0] ?? '';
    const isHeadsEnd = /^\s*\)/.test(line);
    const start = isHeadsEnd
      ? lines.findLastIndex((head, to) => to < at && head.startsWith(indent) && /^\S/.test(head.slice(indent.length)))
      : at;
    const end = lines.findIndex((tail, from) => from > at && tail.startsWith(`${indent}}`));
    return [{ where: `${name}:${start + 1}`, length: end - start + 1 }];
  });
}

test('the reader of imports sees them', () => {
  expect(internal.length).toBeGreaterThan(200);
  expect(internal.map(show)).toContain('main -> modes/sign');
  expect(imports.filter(({ how }) => how === 'lazy').map(show)).toContain('upload -> @actions/artifact');
});

test('every relative import leads to a file of the source', () => {
  expect(imports.filter((each) => !internal.includes(each) && /^\.|^src/.test(each.to)).map(show)).toEqual([]);
});

test('every module has a layer, stands alone, or is for one machine only', () => {
  const homeless = modules.filter(({ name }) => !(roomOf(name) in LAYERS) && name !== 'post' && !isPart(name, 'local'));
  expect(homeless.map(({ name }) => name)).toEqual([]);
});

test('a room imports lower layers and itself only', () => {
  const wrong = internal.filter(({ from, to }) => {
    const [layer, other] = [LAYERS[roomOf(from)] ?? Number.POSITIVE_INFINITY, LAYERS[roomOf(to)] ?? -1];
    return other > layer || (other === layer && houseOf(from) !== houseOf(to) && to !== 'errors');
  });
  expect(wrong.map(show).filter((each) => !NEIGHBOURS.includes(each))).toEqual([]);
});

test('a use case knows no transport, and the port knows nothing', () => {
  const wrong = internal.filter(
    ({ from, to }) =>
      (['signing/sign', 'verifying/verify'].includes(from) && /signing\/(transport|tls|exchange|sign-file)/.test(to)) ||
      from === 'signing/signer',
  );
  expect(wrong.map(show)).toEqual([]);
});

test('the schedule and its policy know nothing of HTTP, files or the runner', () => {
  const lowest = imports.filter(({ from }) => LAYERS[roomOf(from)] === 0);
  const outside = lowest.filter((each) => !internal.includes(each)).map(show);
  expect(outside).toEqual(['signing/clock -> node:perf_hooks']);
});

test('the post step stands alone and needs the file system only', () => {
  expect(imports.filter(({ from }) => from === 'post').map(({ to }) => to.replace(/^node:/, ''))).toSatisfy(
    (names: string[]) => names.every((name) => ['fs', 'path'].includes(name)),
  );
  expect(imports.filter(({ to }) => to === 'post').map(show)).toEqual([]);
});

test('nothing imports the local runner', () => {
  expect(internal.filter(({ from, to }) => isPart(to, 'local') && !isPart(from, 'local')).map(show)).toEqual([]);
});

test('a run that signs loads neither the embedded service nor another mode’s rooms at its start', () => {
  const eager = internal.filter(
    ({ from, to, how }) =>
      how === 'static' && isPart(to, 'rehearsal') && !isPart(from, 'rehearsal') && !isPart(from, 'local'),
  );
  expect(eager.map(show)).toEqual([]);
});

test.each([
  ['@actions/core', 'runner', 'static'],
  ['@actions/artifact', 'upload', 'lazy'],
])('%s has no door but one', (name, door, manner) => {
  const users = imports.filter(({ from, to, how }) => to === name && how !== 'type' && !isPart(from, 'local'));
  expect(users.filter(({ from, how }) => from !== door || how !== manner).map(show)).toEqual([]);
});

test('the TLS options of the client live in two files', () => {
  const rooms = ['rehearsal', 'local', 'identity', 'signing/tls', 'signing/probe'];
  const users = imports.filter(({ to, how }) => /^(node:)?(tls|https|http2)$/.test(to) && how !== 'type');
  const wrong = users.filter(({ from }) => !rooms.some((room) => isPart(from, room)));
  // The proxy may itself be reached over TLS, and needs no certificate of ours.
  expect(wrong.map(show).filter((line) => line !== 'signing/proxy -> node:https')).toEqual([]);
});

test('the environment has two readers', () => {
  const readers = modules.filter(
    ({ name, code }) => !isPart(name, 'local') && code.some((line) => line.includes('process.env')),
  );
  expect(readers.map(({ name }) => name).sort()).toEqual(['post', 'runner']);
});

test('no file is longer than 200 lines', () => {
  const long = modules.filter(({ lines }) => lines.length > 200);
  expect(long.map(({ name, lines }) => `${name}: ${lines.length}`)).toEqual([]);
});

test('no function is longer than 40 lines', () => {
  const functions = modules.flatMap(functionsOf);
  expect(functions.length).toBeGreaterThan(400);
  expect(functions.filter(({ length }) => length > 40).map(({ where, length }) => `${where}: ${length}`)).toEqual([]);
});

test('types are checked, not claimed', () => {
  const all = modules.flatMap(({ name, code }) => code.map((line, at) => ({ where: `${name}:${at + 1}`, line })));
  const has = (pattern: RegExp): string[] =>
    all.filter(({ line }) => pattern.test(line)).map(({ where, line }) => `${where}: ${line.trim()}`);
  expect(has(/(:|<|\bas|\|) any\b|\bany\[\]|<any\b/)).toEqual([]);
  expect(has(/[\w)\]]!(\.|;|,|\)|\]|$)/)).toEqual([]);
  expect(has(/@ts-|biome-ignore|oxlint-disable|eslint-disable|v8 ignore/)).toEqual([]);
  const claims = has(/ as (?!const\b)(unknown\b|[A-Z][\w.]*[<;,)[\] ]|\{)/).filter(
    (line) => !/: (import|export) /.test(line),
  );
  expect(claims.length, claims.join('\n')).toBeLessThanOrEqual((2 * all.length) / 1000);
});

test('every export is documented, in a sentence', () => {
  const bare = modules.flatMap(({ name, lines }) =>
    lines.flatMap((line, at) =>
      /^export (async function|function|class|interface|type|const)/.test(line) && !lines[at - 1]?.endsWith('*/')
        ? [`${name}:${at + 1} ${line}`]
        : [],
    ),
  );
  expect(bare).toEqual([]);
});
