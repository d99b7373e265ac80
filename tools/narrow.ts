/**
 * Gives the bundler packages named undici with only the used parts of undici: node tools/narrow.ts
 *
 * The whole package also contains fetch, WebSocket, caches and mocks, which only the upload uses. Without compiling and
 * running them, a start takes about 15 ms less.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const CLASSES = { Client: 'client.js', ProxyAgent: 'proxy-agent.js' };

/** Puts a package next to the importing code, where the bundler looks first; `file` is the file that imports the class. */
function narrow(file: string, name: keyof typeof CLASSES, beside: string): void {
  const imports = [...readFileSync(file, 'utf8').matchAll(/^import (.*) from 'undici';$/gm)].map(([, names]) => names);
  if (imports.join() !== `{ ${name} }`)
    throw new Error(
      `${file} imports ${imports.join() || 'nothing'} of undici, not { ${name} }: see ${import.meta.filename}`,
    );
  const directory = join(beside, 'node_modules', 'undici');
  const target = relative(directory, resolve('node_modules/undici/lib/dispatcher', CLASSES[name])).replaceAll(
    '\\',
    '/',
  );
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'index.js'), `module.exports = { ${name}: require('${target}') };\n`);
  writeFileSync(join(directory, 'package.json'), '{ "type": "commonjs" }\n');
}

const CORE_CLIENT = 'node_modules/@actions/http-client';
narrow('build/src/connection/exchange.js', 'Client', 'build');
narrow(join(CORE_CLIENT, 'lib', 'index.js'), 'ProxyAgent', CORE_CLIENT);
