import type { Handout } from './client-files.ts';

/** Placeholders for the files of a client with its own certificate. */
const OWN_CLIENT = { cert: 'your-certificate.pem', key: 'your-private-key.pem' };

/** Paths of a client's files, written by this tool or the client's own. */
export interface Paths extends Handout {
  readonly client: { readonly cert: string; readonly key: string };
}

/** Content of a guide. */
export interface Guide {
  /** Inputs of the action other than certificates and keys, with `server-url` first. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Material of the client, as texts. */
  readonly material: Handout;
  /** The same, as paths of files. */
  readonly paths: Handout;
  /** Renders the end of the guide. */
  readonly renderEnd: (paths: Paths) => string;
}

/** Renders how to use the service: its URL, the action's inputs, and the command that runs the action here. */
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

/** Returns the inputs of the action as YAML, including the material. */
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

/** Quotes a text for a shell. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
