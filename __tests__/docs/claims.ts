/** Who runs or checks the blocks of a document: a test, or a reason why none can. */
interface Claim {
  readonly document: string;
  readonly language: string;
  /** Headings that the blocks stand below; all when absent. */
  readonly below?: RegExp;
  /** The test file, or the helper of several, that takes the blocks out of the document. */
  readonly by?: string;
  /** Why the blocks cannot be run by the tests. */
  readonly notRun?: string;
}

/** All blocks but those of YAML: `__tests__/workflows/syntax.test.ts` gives each of these to GitHub's own language service. */
export const CLAIMS: readonly Claim[] = [
  { document: 'README.md', language: 'text', below: /^Start$/, by: '__tests__/workflows/readme.test.ts' },
  { document: 'README.md', language: 'sh', by: '__tests__/docs/consistency.test.ts' },
  { document: 'CONTRIBUTING.md', language: 'ts', by: '__tests__/protocols/toy.test.ts' },
  { document: 'CONTRIBUTING.md', language: 'diff', by: '__tests__/protocols/toy.test.ts' },
  { document: 'docs/adopting.md', language: 'text', below: /^8\./, by: '__tests__/docs/adopting.test.ts' },
  { document: 'docs/identity.md', language: 'sh', by: '__tests__/docs/identity.test.ts' },
  { document: 'docs/identity.md', language: 'text', below: /^[1-4]\./, by: '__tests__/docs/identity.test.ts' },
  { document: 'docs/keyless.md', language: 'sh', by: '__tests__/peers/keyless/guide.test.ts' },
  { document: 'docs/keyless.md', language: 'nginx', by: '__tests__/peers/keyless/guide.test.ts' },
  { document: 'docs/keyless.md', language: 'json', by: '__tests__/soak/keyless.test.ts' },
  { document: 'docs/keyless.md', language: 'text', by: '__tests__/soak/keyless.test.ts' },
  {
    document: 'docs/performance.md',
    language: 'sh',
    notRun: 'a measurement beside other tests takes minutes and measures those; the tests hold its options',
  },
  { document: 'docs/protocol.md', language: 'http', by: '__tests__/docs/protocol.test.ts' },
  { document: 'docs/protocol.md', language: 'text', by: '__tests__/docs/protocol.test.ts' },
  { document: 'docs/protocol.md', language: 'json', by: '__tests__/docs/protocol.test.ts' },
  { document: 'docs/protocol.md', language: 'python', by: '__tests__/peers/runners/documents.test.ts' },
  { document: 'docs/protocols.md', language: 'sh', by: '__tests__/rehearsal/serve.test.ts' },
  { document: 'docs/runners.md', language: 'sh', by: '__tests__/peers/runners/documents.test.ts' },
  { document: 'docs/runners.md', language: 'gitattributes', by: '__tests__/peers/runners/documents.test.ts' },
  { document: 'docs/verify.md', language: 'sh', by: '__tests__/docs/verify-release.test.ts' },
  {
    document: 'docs/verify.md',
    language: 'powershell',
    notRun:
      'PowerShell is no package of Debian; a test holds the listings together, and the document says that none runs them',
  },
];

/** Commands within sentences that no test can run, with the reason. Those of npm and of programs on every machine need none. */
export const COMMANDS_NOT_RUN: Readonly<Record<string, string>> = {
  'gh api repos/your-org/mtls-release-signing/commits/v1.0.0 --jq .sha': 'asks GitHub about a repository of the reader',
  'gh attestation verify dist/index.js --repo': 'asks GitHub for an attestation that a release of the reader has',
  'apt-get install nginx-light libnginx-mod-http-echo python3-venv curl openssl': 'installs packages; `.ci/run` does',
  'curl --parallel': 'names one of the clients that the bench compares',
  'openssl version': 'tells the reader which OpenSSL there is',
  'shasum -a 256 -c SHA256SUMS': 'the form of macOS',
  'bao login': 'the name of a command, without arguments; the test of the guide sets the token that it would give',
};
