import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { provideDirectory, provideFile, resolveDirectory, resolvePath, runCommandLine } from '../command-line.ts';
import { ToolError } from '../tool-error.ts';
import { readAssignments } from './assignments.ts';
import { performStep } from './perform-step.ts';

const HELP = `npm run step -- --with NAME=VALUE ... [options]

Runs this action on this machine as GitHub's runner would, against the real service,
so that credentials can be tried before they are stored as secrets.

  --with NAME=VALUE    sets an input; NAME=@FILE takes it from a file, NAME=@@... begins with an @
  --workspace DIR      the checkout, in which the step runs; default: the present directory
  --env NAME=VALUE     sets a variable of the job, such as GITHUB_EVENT_NAME=pull_request; @FILE as above
  --id-tokens PORT     gives the job OIDC tokens, with GitHub's claims, of a token service on this machine at that port;
                       an authority takes its keys from http://127.0.0.1:PORT/.well-known/jwks
  --claim NAME=VALUE   sets a claim of these tokens, such as repository=acme/app
  --artifacts DIR      unpacks what the step uploads into DIR, one directory for each artifact
  --page FILE          writes the job summary into FILE as a web page
  --verbose            also shows debug lines, the job summary and the post step
  --action DIR         runs the JavaScript action in DIR instead, by its action.yml

The log is the one that the page of a run would show. The exit code is 0 when the step is green.
Nothing stays on this machine but what the step writes into the workspace.

Example, with the service that npm run service starts:

  npm run step -- --with mode=preflight --with server-url=https://127.0.0.1:8443 \\
    --with app-key=rehearsal --with app-secret=@secret.txt \\
    --with cert=@client.pem --with key=@client.key --with chain=@ca.pem
`;

await runCommandLine(HELP, async (argv) => {
  const { values } = parseArgs({
    args: argv,
    options: {
      with: { type: 'string', multiple: true, default: [] },
      workspace: { type: 'string', default: '.' },
      env: { type: 'string', multiple: true, default: [] },
      'id-tokens': { type: 'string' },
      claim: { type: 'string', multiple: true, default: [] },
      artifacts: { type: 'string' },
      page: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      action: { type: 'string' },
    },
  });
  if (values.with.length === 0 && values.action === undefined) {
    const hint = '--with mode=rehearse --with files=dist/** needs no credentials; --help has an example with them.';
    throw new ToolError('ARGUMENT_INVALID', 'No input is given: each is an option --with NAME=VALUE.', { hint });
  }
  const given = (path: string | undefined) => (path === undefined ? undefined : resolvePath(path));
  // Checked before the step runs, so that nothing is signed that cannot be stored.
  const [artifactsDirectory, pagePath] = [given(values.artifacts), given(values.page)];
  if (artifactsDirectory !== undefined) provideDirectory('--artifacts', artifactsDirectory);
  if (pagePath !== undefined) provideFile('--page', pagePath);
  return performStep({
    actionDirectory: given(values.action) ?? join(import.meta.dirname, '..', '..'),
    workspace: resolveDirectory('--workspace', values.workspace),
    inputs: await readAssignments('--with', values.with),
    env: await readAssignments('--env', values.env),
    idTokens:
      values['id-tokens'] === undefined
        ? undefined
        : { port: readPort(values['id-tokens']), claims: await readAssignments('--claim', values.claim) },
    artifactsDirectory,
    pagePath,
    detail: values.verbose ? 'full' : 'short',
    print: (text) => process.stdout.write(text),
  });
});

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new ToolError('ARGUMENT_INVALID', '--id-tokens must be a port from 1 to 65535.');
  return port;
}
