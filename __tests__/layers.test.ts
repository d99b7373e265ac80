import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
// Names of modules have `/` between their segments on Windows too.
import { dirname, join as joinPosix, normalize } from 'node:path/posix';
import { expect, test } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '..');

/** Which layer a folder or file is in: each imports lower layers and itself only. An entry of its own goes before that of its folder. */
const LAYERS: Readonly<Record<string, number>> = {
  'src/codes': -1,
  'src/environment': -1,
  'src/json': -1,
  'src/errors': 0,
  'src/held': 1,
  'src/signing/signer': 1,
  'src/signing/policy': 1,
  'src/signing/schedule': 1,
  'src/files': 2,
  'src/identity': 2,
  'src/runner': 3,
  'src/connection': 3,
  'src/verifying': 3,
  'src/page': 4,
  'src/protocols': 4,
  'src/signing': 4,
  'src/identity/issued': 5,
  'src/timestamp': 5,
  'src/worker': 6,
  'src/inputs': 6,
  'src/kit': 6,
  'src/preflight': 6,
  'src/rehearsal': 6,
  'src/report': 7,
  'src/upload': 8,
  'src/modes': 9,
  'src/main': 9,
  'src/old-node': 0,
  'src/index': 10,
  'src/thread': 10,
  'src/post': 10,
  tools: 11,
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly how: 'static' | 'type' | 'lazy';
}

interface Module {
  /** Relative to the repository, without `.ts`. */
  readonly name: string;
  readonly lines: readonly string[];
  /** Without comments. */
  readonly code: readonly string[];
  readonly imports: readonly Import[];
}

function readModule(path: string): Module {
  const name = path.replace(/\.ts$/, '');
  const text = readFileSync(join(REPOSITORY, path), 'utf8');
  const code = text
    .replace(/^\s*\/\*\*.*?\*\/$/gms, (comment) => comment.replace(/.+/g, ''))
    .replace(/^\s*\/\/.*$/gm, '');
  const resolve = (to: string): string =>
    to.startsWith('.') ? normalize(joinPosix(dirname(name), to)).replace(/\.ts$/, '') : to;
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

const everything = globSync(['src/**/*.ts', 'tools/**/*.ts'], { cwd: REPOSITORY }).map((path) =>
  readModule(path.replaceAll('\\', '/')),
);
/** What is bundled, or may be. */
const modules = everything.filter(({ name }) => isPart(name, 'src'));
const imports = modules.flatMap((module) => module.imports);
const names = new Set(everything.map(({ name }) => name));
const internal = everything.flatMap((module) => module.imports).filter(({ to }) => names.has(to));

/** The entry of the layer table that a module belongs to; `undefined` when there is none. */
function layerOf(name: string): string | undefined {
  if (name in LAYERS) return name;
  const folder = dirname(name);
  return folder === '.' ? undefined : layerOf(folder);
}

/** The folder below `src` that a module is in; `main` and its modes are one. */
function areaOf(name: string): string {
  const [root = name, area = ''] = name.split('/');
  if (root === 'tools') return root;
  return area === 'main' ? 'modes' : area;
}

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

/** The first circle of imports that is found, type imports included; empty when there is none. */
function findCircle(): readonly string[] {
  const targets = new Map(everything.map(({ name, imports: own }) => [name, own.map(({ to }) => to)]));
  const done = new Set<string>();
  const visit = (name: string, above: readonly string[]): readonly string[] => {
    const at = above.indexOf(name);
    if (at >= 0) return [...above.slice(at), name];
    if (done.has(name)) return [];
    for (const target of targets.get(name) ?? []) {
      const circle = visit(target, [...above, name]);
      if (circle.length > 0) return circle;
    }
    done.add(name);
    return [];
  };
  return everything.map(({ name }) => visit(name, [])).find((circle) => circle.length > 0) ?? [];
}

test('the reader of imports sees static, type and lazy imports', () => {
  expect(internal.length).toBeGreaterThan(200);
  expect(internal.map(show)).toContain('src/main -> src/modes/sign');
  expect(imports.filter(({ how }) => how === 'lazy').map(show)).toContain('src/upload -> @actions/artifact');
});

test('every relative import leads to a source file', () => {
  const relative = everything.flatMap((module) => module.imports).filter(({ to }) => /^(\.|src\/|tools\/)/.test(to));
  expect(relative.filter(({ to }) => !names.has(to)).map(show)).toEqual([]);
});

test('every file belongs to a layer', () => {
  expect(everything.filter(({ name }) => layerOf(name) === undefined).map(({ name }) => name)).toEqual([]);
});

test('a file imports lower layers and its own folder only, and nothing in src/ imports tools/', () => {
  const wrong = internal.filter(({ from, to }) => {
    const [layer = -1, other = Number.POSITIVE_INFINITY] = [from, to].map((name) => LAYERS[layerOf(name) ?? '']);
    return other > layer || (other === layer && areaOf(from) !== areaOf(to));
  });
  expect(wrong.map(show)).toEqual([]);
});

test('no imports run in a circle, type imports included', () => {
  expect(findCircle()).toEqual([]);
});

test('the use cases know no transport and no protocol, and the port knows nothing', () => {
  const wrong = internal.filter(
    ({ from, to }) =>
      (['src/signing/sign', 'src/verifying/verify'].includes(from) && /^src\/(connection|protocols)\//.test(to)) ||
      from === 'src/signing/signer',
  );
  expect(wrong.map(show)).toEqual([]);
});

test('schedule and policy know nothing of HTTP, files or the runner', () => {
  const lowest = imports.filter(({ from }) => (LAYERS[layerOf(from) ?? ''] ?? 0) <= 1);
  const outside = lowest.filter(({ to }) => !names.has(to)).map(show);
  expect(outside).toEqual(['src/signing/schedule/clock -> node:perf_hooks']);
});

test('the post step loads a few small files, and nothing imports the post step', () => {
  const loaded = new Set(['src/post']);
  for (const name of loaded)
    for (const { from, to, how } of imports)
      if (from === name && how === 'static') loaded.add(to.replace(/^node:/, ''));
  const files = ['environment', 'errors', 'held', 'identity/key-files', 'post'].map((name) => `src/${name}`);
  expect([...loaded].sort()).toEqual(['fs', 'path', ...files]);
  expect(internal.filter(({ to }) => to === 'src/post').map(show)).toEqual([]);
});

test.each(['src/rehearsal', 'src/timestamp'])('a run that does not use it does not load %s when it starts', (room) => {
  const eager = internal.filter(
    ({ from, to, how }) => how === 'static' && isPart(to, room) && !isPart(from, room) && !isPart(from, 'tools'),
  );
  expect(eager.map(show)).toEqual([]);
});

/** The one file that imports each package, and how; packages not listed here must not be imported. */
const DOORS: Readonly<Record<string, readonly [door: string, how: Import['how']]>> = {
  '@actions/core': ['src/runner', 'static'],
  '@actions/http-client': ['src/runner/job-tokens', 'static'],
  '@actions/artifact': ['src/upload', 'lazy'],
  '@actions/glob': ['src/files/finding/glob', 'static'],
  minimatch: ['src/files/finding/glob', 'static'],
  undici: ['src/connection/exchange', 'static'],
  '@peculiar/x509': ['src/rehearsal/certificate', 'static'],
  'reflect-metadata': ['src/rehearsal/certificate', 'static'],
  '@peculiar/asn1-cms': ['src/timestamp/structures', 'static'],
  '@peculiar/asn1-schema': ['src/timestamp/structures', 'static'],
  '@peculiar/asn1-tsp': ['src/timestamp/structures', 'static'],
  '@peculiar/asn1-x509': ['src/timestamp/structures', 'static'],
  'hash-wasm': ['src/page/verifier/digest', 'static'],
  '@noble/hashes/sha2.js': ['src/page/verifier/digest', 'static'],
  '@noble/curves/nist.js': ['src/page/verifier/ecdsa', 'static'],
  '@noble/curves/ed25519.js': ['src/page/verifier/ed25519', 'static'],
  '@noble/curves/abstract/modular.js': ['src/page/verifier/rsa', 'static'],
  '@noble/curves/utils.js': ['src/page/verifier/bytes', 'static'],
};

test('each package is imported by one file only', () => {
  const packages = imports.filter(({ to, how }) => how !== 'type' && !names.has(to) && !to.startsWith('node:'));
  const wrong = packages.filter(({ from, to, how }) => {
    const [door, manner] = DOORS[to] ?? [];
    return from !== door || how !== manner;
  });
  expect(wrong.map(show)).toEqual([]);
  expect([...new Set(packages.map(({ to }) => to))].sort()).toEqual(Object.keys(DOORS).sort());
});

test('only files that connect import the TLS modules of Node', () => {
  // The proxy may itself be reached over TLS, and gets no client certificate.
  const areas = [
    'src/rehearsal',
    'src/identity',
    'src/connection/route',
    'src/connection/connect',
    'src/connection/http2-session',
    'src/connection/proxy',
  ];
  const users = imports.filter(({ to, how }) => /^(node:)?(tls|https|http2)$/.test(to) && how !== 'type');
  const wrong = users.filter(({ from }) => !areas.some((area) => isPart(from, area)));
  expect(wrong.map(show)).toEqual([]);
});

test('one file reads the environment', () => {
  const readers = modules.filter(({ code }) => code.some((line) => line.includes('process.env')));
  expect(readers.map(({ name }) => name).sort()).toEqual(['src/environment']);
});

test('no folder has more than 12 files directly in it', () => {
  const counts = new Map<string, number>();
  for (const { name } of everything) counts.set(dirname(name), (counts.get(dirname(name)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > 12)).toEqual([]);
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

test('an exported name stands for one thing in the whole action', () => {
  const places = Map.groupBy(
    // The page is a program of its own.
    modules
      .filter(({ name }) => !isPart(name, 'src/page'))
      .flatMap(({ name, code }) =>
        code.flatMap((line) => {
          const found = /^export (?:async |abstract )*(?:function|class|interface|type|const|enum) (\w+)/.exec(
            line,
          )?.[1];
          return found === undefined ? [] : [{ name, found }];
        }),
      ),
    ({ found }) => found,
  );
  const doubles = [...places].filter(([, all]) => all.length > 1);
  expect(doubles.map(([found, all]) => `${found}: ${all.map(({ name }) => name).join(', ')}`)).toEqual([]);
});

test('an exported name is used by another file', () => {
  const texts = globSync(['src/**/*.ts', 'tools/**/*.ts', '__tests__/**/*.ts'], { cwd: REPOSITORY }).map((path) => ({
    name: path.replaceAll('\\', '/').replace(/\.ts$/, ''),
    words: new Set(readFileSync(join(REPOSITORY, path), 'utf8').match(/\w+/g)),
  }));
  const unused = everything.flatMap(({ name, code }) =>
    code.flatMap((line) => {
      const found = /^export (?:async |abstract )*(?:function\*?|class|interface|type|const|enum) (\w+)/.exec(
        line,
      )?.[1];
      const isUsed = found === undefined || texts.some((text) => text.name !== name && text.words.has(found));
      return isUsed ? [] : [`${name}: ${found}`];
    }),
  );
  expect(unused).toEqual([]);
});
