import type { Handout } from './client-files.ts';

/** Stand-ins for the files of a client who has a certificate of its own. */
const OWN_CLIENT = { cert: 'your-certificate.pem', key: 'your-private-key.pem' };

/** The paths of a client's files, whether they were written here or are the client's own. */
export interface Paths extends Handout {
  readonly client: { readonly cert: string; readonly key: string };
}

/** What a guide tells. */
export interface Guide {
  /** Inputs of the action besides certificates and keys, with their values, and `server-url` first. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What a client needs, as text. */
  readonly material: Handout;
  /** The same, as paths of files. */
  readonly paths: Handout;
  /** What comes last. */
  readonly renderEnd: (paths: Paths) => string;
}

/** Says how to use a service that runs alone: its address, the action's inputs, the command that runs the action here, and more. */
export function renderGuide({ inputs, material, paths, renderEnd }: Guide): string {
  const { client = OWN_CLIENT, ...files } = paths;
  const all = { ...files, client };
  const given = { ...inputs, ...paths.inputs, ...client, chain: paths.chain, 'verify-key': paths.verifyKey };
  const width = Math.max(...Object.keys(given).map((name) => name.length)) + 2;
  const lines = Object.entries(given).map(([name, value]) => `  ${name.padEnd(width)}${value}\n`);
  return `The signing service listens on ${inputs['server-url']}. Everything below is thrown away when it ends (Ctrl+C).

${lines.join('')}
# The action on this machine: paste this into a second terminal, in the repository of the action.

${renderStep(inputs, all)}
# Inputs for a workflow that runs on this machine:

${renderInputs(inputs, material)}
${renderEnd(all)}`;
}

function renderStep(inputs: Guide['inputs'], { client, chain, verifyKey, inputs: files }: Paths): string {
  const values = { files: '**', ...inputs };
  const written = { ...files, ...client, chain, 'verify-key': verifyKey };
  const lines = Object.entries({
    ...values,
    ...Object.fromEntries(Object.entries(written).map(([name, path]) => [name, `@${path}`])),
  }).map(([name, value]) => `  --with ${quoteForShell(`${name}=${value}`)}`);
  return `mkdir -p build/hello && printf 'hello\\n' > build/hello/hello.txt
npm run step -- --workspace build/hello \\\n${lines.join(' \\\n')}\n`;
}

/** Returns the inputs of the action as YAML, with the material itself in them. */
function renderInputs(inputs: Guide['inputs'], { chain, verifyKey, client }: Handout): string {
  const block = (name: string, text: string): string => `  ${name}: |\n${text.trim().replace(/^(?=.)/gm, '    ')}\n`;
  const line = ([name, value]: [string, string]): string =>
    value.includes('\n')
      ? block(name, value)
      : `  ${name}: ${/^[\w./:+*-]+$/.test(value) ? value : JSON.stringify(value)}\n`;
  const own = client && block('cert', client.cert) + block('key', client.key);
  const theirs = '  # and cert and key: a certificate that the given client CA issued, with its private key\n';
  return `with:
  files: hello.txt
${Object.entries(inputs).map(line).join('')}${own ?? theirs}${block('chain', chain)}${block('verify-key', verifyKey)}`;
}

/** Puts a text into quotes for a shell. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
