import { resolve } from 'node:path';
import { demonstrate } from './demonstrate.ts';

/** `npm run demo [-- patterns]`: the committed bundle on real files, without any secret or service from outside. */
const root = resolve(import.meta.dirname, '..', '..');
const given = process.argv.slice(2);
const patterns = given.length > 0 ? given : ['dist/**', 'src/**', 'node_modules/@actions/**'];

try {
  const problems = await demonstrate({
    actionDirectory: root,
    workspace: root,
    patterns,
    leastFiles: given.length > 0 ? 1 : 300,
    print: (text) => process.stdout.write(text),
  });
  for (const problem of problems) console.error(`Not as it should be: ${problem}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} catch (error) {
  console.error('The demonstration could not be run:', error);
  process.exitCode = 1;
}
