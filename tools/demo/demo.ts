import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveDirectory, runCommandLine } from '../command-line.ts';
import { demonstrate } from './demonstrate.ts';

const HELP = `npm run demo -- [options] [patterns]

Rehearses a release with the bundle that workflows run: no secret, no network, throw-away keys.
It signs real files, uploads the signatures to an artifact service on this machine,
and checks each signature with openssl.

  --workspace DIR   signs files of DIR instead of this repository's; nothing is written there
  --verbose         shows the log, the outputs, the job summary and the artifact as well

The patterns are those of the input files: by default ** with --workspace, else a thousand files of this repository.
The exit code is 0 when everything is as it should be. Nothing stays on this machine.
`;

const REPOSITORY = resolve(import.meta.dirname, '..', '..');

await runCommandLine(HELP, async (argv) => {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { workspace: { type: 'string' }, verbose: { type: 'boolean', default: false } },
  });
  const standard = values.workspace === undefined ? ['dist/**', 'src/**', 'node_modules/@actions/**'] : ['**'];
  const problems = await demonstrate({
    actionDirectory: REPOSITORY,
    workspace: values.workspace === undefined ? REPOSITORY : resolveDirectory('--workspace', values.workspace),
    patterns: positionals.length > 0 ? positionals : standard,
    detail: values.verbose ? 'full' : 'short',
    print: (text) => process.stdout.write(text),
  });
  return problems.length === 0 ? 0 : 1;
});
