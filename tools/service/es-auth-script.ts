import type { Service } from '../../src/rehearsal/service.ts';
import { type Paths, quoteForShell } from './guide.ts';

/** Returns shell commands that sign a file and verify its signature; they need openssl and curl. */
export function renderScript(
  service: Pick<Service, 'url' | 'signPath' | 'appKey' | 'appSecret'>,
  { chain, verifyKey, client }: Paths,
): string {
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
