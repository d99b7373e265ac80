import type { Service } from '../../src/rehearsal/service.ts';
import type { Handout } from './client-files.ts';

type Target = Pick<Service, 'url' | 'signPath' | 'appKey' | 'appSecret'>;

/** Stand-ins for the files of a client who has a certificate of its own. */
const OWN_CLIENT = { cert: 'your-certificate.pem', key: 'your-private-key.pem' };

/**
 * Says how to use a service that runs alone: its address, the action's inputs, the command that runs the action here, and a shell script.
 *
 * @param material as PEM
 * @param paths the same, as paths of files
 */
export function renderGuide(target: Target, material: Handout, paths: Handout): string {
  const client = paths.client ?? OWN_CLIENT;
  return `The signing service listens on ${target.url}. Everything below is thrown away when it ends (Ctrl+C).

  server-url   ${target.url}
  sign-path    ${target.signPath}
  app-key      ${target.appKey}
  app-secret   ${target.appSecret}
  cert         ${client.cert}
  key          ${client.key}
  chain        ${paths.chain}
  verify-key   ${paths.verifyKey}

# The action on this machine: paste this into a second terminal, in the repository of the action.

${renderStep(target, { ...paths, client })}
# Inputs for a workflow that runs on this machine:

${renderInputs(target, material)}
# Without the action: paste this into a shell with openssl and curl.

${renderScript(target, { ...paths, client })}`;
}

interface Paths extends Handout {
  readonly client: { readonly cert: string; readonly key: string };
}

function renderStep({ url, signPath, appKey, appSecret }: Target, { client, chain, verifyKey }: Paths): string {
  const inputs = {
    files: '**',
    'server-url': url,
    'sign-path': signPath,
    'app-key': appKey,
    'app-secret': appSecret,
    cert: `@${client.cert}`,
    key: `@${client.key}`,
    chain: `@${chain}`,
    'verify-key': `@${verifyKey}`,
  };
  const lines = Object.entries(inputs).map(([name, value]) => `  --with ${quoteForShell(`${name}=${value}`)}`);
  return `mkdir -p build/hello && printf 'hello\\n' > build/hello/hello.txt
npm run step -- --workspace build/hello \\\n${lines.join(' \\\n')}\n`;
}

/** Returns the inputs of the action as YAML, with the material itself in them. */
function renderInputs({ url, appKey, appSecret }: Target, { chain, verifyKey, client }: Handout): string {
  const block = (name: string, pem: string): string => `  ${name}: |\n${pem.trim().replace(/^/gm, '    ')}\n`;
  const own = client && block('cert', client.cert) + block('key', client.key);
  const theirs = '  # and cert and key: a certificate that the given client CA issued, with its private key\n';
  return `with:
  files: hello.txt
  server-url: ${url}
  app-key: ${appKey}
  app-secret: ${appSecret}
${own ?? theirs}${block('chain', chain)}${block('verify-key', verifyKey)}`;
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns shell commands that have one file signed and check its signature; needs openssl and curl. */
function renderScript(service: Target, { chain, verifyKey, client }: Paths): string {
  const head = `POST${service.signPath}es-auth-appkey:${service.appKey}es-auth-nonce:`;
  return `sign_file() (
  set -eu
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  quote() {
    sed -e 's/%/%25/g' -e 's/{/%7B/g' -e 's/}/%7D/g' -e 's/"/%22/g' -e 's/:/%3A/g' \\
      -e 's|/|%2F|g' -e 's/+/%2B/g' -e 's/=/%3D/g' | tr -d '\\n'
  }
  { printf '{"data":"'; openssl base64 -A -in "$1"; printf '"}'; } > "$work/body"
  nonce=$(openssl rand -hex 8)
  timestamp=$(date +%s)000
  sign=$({
    printf '%s' ${quoteForShell(head)}"$nonce"'es-auth-timestamp:'"$timestamp"'json='
    cat "$work/body"
    printf '%s' ${quoteForShell(service.appSecret)}
  } | quote | openssl dgst -sha256 -r | cut -c 1-64)
  curl -sS --noproxy '*' -o "$work/answer" \\
    --cacert ${quoteForShell(chain)} \\
    --cert ${quoteForShell(client.cert)} \\
    --key ${quoteForShell(client.key)} \\
    -H 'Content-Type: application/json' \\
    -H ${quoteForShell(`es-auth-appkey: ${service.appKey}`)} \\
    -H "es-auth-nonce: $nonce" \\
    -H "es-auth-timestamp: $timestamp" \\
    -H "es-auth-sign: $sign" \\
    --data-binary "@$work/body" \\
    ${quoteForShell(service.url + service.signPath)}
  sed -n 's/.*"signData":"\\([^"]*\\)".*/\\1/p' "$work/answer" | tr -d '\\n' > "$work/sign"
  test -s "$work/sign" || { cat "$work/answer" >&2; exit 1; }
  openssl base64 -d -A -in "$work/sign" -out "$work/signature"
  openssl dgst -sha256 -verify ${quoteForShell(verifyKey)} -signature "$work/signature" "$1"
  cp "$work/sign" "$1.sign"
)

printf 'hello\\n' > hello.txt
sign_file hello.txt
`;
}
