/**
 * Gives the bundler packages called undici that hold only what is used of undici: node tools/narrow.ts
 *
 * Whoever imports the package itself gets fetch, WebSocket, caches and mocks with it. Only the upload calls any of these:
 * a start that does not compile and run them takes about 15 ms less.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const CLASSES = { Client: 'client.js', ProxyAgent: 'proxy-agent.js' };

/** Puts a package beside the code that imports it, where the bundler looks first; `file` is where the code imports a class. */
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
narrow('build/src/connection/connections.js', 'Client', 'build');
narrow(join(CORE_CLIENT, 'lib', 'index.js'), 'ProxyAgent', CORE_CLIENT);
