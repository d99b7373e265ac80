import type { Mistake } from './play.ts';

const VERIFY = { mode: 'verify' };

/** Mistakes with addresses, patterns, settings and what a build leaves. */
export const WORKFLOW_MISTAKES: readonly Mistake[] = [
  { what: 'server-url has no https://', inputs: () => ({ 'server-url': 'sign.example.com' }), names: /https:\/\// },
  {
    what: 'server-url begins with http://',
    inputs: ({ service }) => ({ 'server-url': service.url.replace('https', 'http') }),
    names: /https:\/\//,
  },
  {
    what: 'server-url holds the path of the request as well',
    inputs: ({ service }) => ({ 'server-url': service.url + service.signPath }),
    names: /server-url ends with \/api\/v1\/sign_file/,
  },
  {
    what: 'The path of the API is another one',
    inputs: () => ({ 'sign-path': '/api/v2/sign' }),
    names: /404.*POST https:.*\/api\/v2\/sign/s,
  },
  {
    what: 'A gateway sends clients to a login page',
    inputs: () => ({ 'sign-path': '/login' }),
    names: /sso\.example\.com/,
  },
  {
    what: 'The client is known and may not sign',
    inputs: () => ({ 'sign-path': '/forbidden' }),
    names: /403.*client is not enabled for signing/s,
  },
  {
    what: 'A web server in front of the service forbids the path',
    inputs: () => ({ 'sign-path': '/filtered' }),
    names: /own page titled “403 Forbidden”.*client certificate was CN=rehearsal-client, issuer CN=/s,
  },
  {
    what: 'A gateway compresses the answers',
    inputs: () => ({ 'sign-path': '/compressed' }),
    names: /content-encoding: gzip.*operators must turn that off/s,
  },
  {
    what: 'The application is disabled, and the service says so with status 200',
    inputs: () => ({ 'sign-path': '/disabled' }),
    names: /The service answered 200 and refused: “4003: application disabled”/,
  },
  { what: 'The path takes no POST', inputs: () => ({ 'sign-path': '/read-only' }), names: /405.*POST https/s },
  {
    what: 'The address is that of the web page of the service',
    inputs: () => ({ 'sign-path': '/page' }),
    names: /HTML|html/,
  },
  {
    what: 'The port is wrong',
    inputs: () => ({ 'server-url': 'https://127.0.0.1:1' }),
    names: /127\.0\.0\.1:8444/,
  },
  {
    what: 'The host name is mistyped',
    inputs: () => ({ 'server-url': 'https://sgin.invalid' }),
    names: /sgin\.invalid/,
  },
  {
    what: 'The certificate of the service is for another name',
    inputs: ({ named }) => ({ 'server-url': named.url }),
    names: /sign\.example\.com/,
  },
  { what: 'mode is mistyped', inputs: () => ({ mode: 'singing' }), names: /mode is “singing”/ },
  { what: 'A boolean is yes', inputs: () => ({ upload: 'yes' }), names: /upload is “yes”.*true or false/ },
  { what: 'A time has a unit', inputs: () => ({ timeout: '60s' }), names: /timeout is “60s”.*whole number/ },
  {
    what: 'Artifacts shall be kept for longer than the repository allows',
    inputs: () => ({ 'retention-days': '365', upload: 'true' }),
    env: { GITHUB_RETENTION_DAYS: '90' },
    names: /retention-days is “365”.*90/,
  },
  {
    what: 'The artifact is named like a path',
    inputs: () => ({ 'artifact-name': 'release/signatures', upload: 'true' }),
    names: /artifact-name/,
  },
  { what: 'files is empty', inputs: () => ({ files: '' }), names: /files/ },
  { what: 'The build did not run', files: {}, names: /there is no dist/ },
  {
    what: 'The build wrote into another directory',
    inputs: () => ({ files: 'dist/release/**' }),
    names: /dist is there, dist\/release is not/,
  },
  {
    what: 'The pattern has backslashes',
    inputs: () => ({ files: 'dist\\*.zip' }),
    names: /a backslash does not separate directories/,
  },
  {
    what: 'Two patterns stand on one line with \\n between',
    inputs: () => ({ files: 'dist/*.zip\\ndist/*.txt' }),
    names: /a backslash and an n, not a line end/,
  },
  {
    what: 'Two patterns stand on one line with a comma between',
    inputs: () => ({ files: 'dist/*.zip,dist/*.txt' }),
    names: /comma/,
  },
  { what: 'The pattern has braces', inputs: () => ({ files: 'dist/*.{zip,txt}' }), names: /brace/ },
  { what: 'The pattern has quotes', inputs: () => ({ files: '"dist/*.zip"' }), names: /quotes/ },
  {
    what: 'A variable of the shell stands in the pattern',
    inputs: () => ({ files: '$GITHUB_WORKSPACE/dist/**' }),
    names: /no shell replaces the variable/,
  },
  {
    what: 'A variable of cmd stands in the pattern',
    inputs: () => ({ files: '%GITHUB_WORKSPACE%\\dist\\**' }),
    names: /no shell replaces the variable/,
  },
  { what: 'The path is that of Git Bash', inputs: () => ({ files: '/d/a/app/app/dist/**' }), names: /Git Bash/ },
  { what: 'The home directory stands in the pattern', inputs: () => ({ files: '~/dist/**' }), names: /~/ },
  { what: 'The pattern leads out of the workspace', inputs: () => ({ files: '../dist/**' }), names: /\.\.\/dist/ },
  { what: 'An exclude leaves nothing over', inputs: () => ({ files: 'dist/**\n!**' }), names: /exclude/ },
  { what: 'root is outside the workspace', inputs: () => ({ root: '/tmp' }), names: /root.*workspace/ },
  {
    what: 'The checkout has pointers of Git LFS in place of the files',
    files: { 'dist/app.zip': `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n` },
    names: /LFS/,
  },
  { what: 'shard counts from zero', inputs: () => ({ shard: '0/4' }), names: /shard/ },
  { what: 'The files to verify were never signed', inputs: () => VERIFY, names: /no signature dist\/app\.zip\.sign/ },
  {
    what: 'Another program wrote the .sign files',
    inputs: () => VERIFY,
    files: { 'dist/app.zip': 'app', 'dist/app.zip.sign': 'bm8gc2lnbmF0dXJl' },
    names: /dist\/app\.zip/,
  },
  { what: 'verify has no key', inputs: () => ({ ...VERIFY, 'verify-key': '' }), names: /verify-key is empty/ },
  {
    what: 'protocol: vault is chosen, and app-key and app-secret are still there',
    inputs: () => ({ protocol: 'vault', 'signing-key': 'release' }),
    names: /app-key.*does not belong to protocol: vault/,
  },
  {
    what: 'The address of Vault ends with /v1',
    inputs: ({ service }) => ({
      protocol: 'vault',
      'signing-key': 'release',
      'app-key': '',
      'app-secret': '',
      'server-url': `${service.url}/v1`,
    }),
    names: /server-url must end before \/v1/,
  },
  {
    what: 'login: oidc without the permission of the job',
    inputs: () => ({
      protocol: 'vault',
      'signing-key': 'release',
      'app-key': '',
      'app-secret': '',
      login: 'oidc',
      role: 'release',
    }),
    names: /id-token: write/,
  },
  {
    what: 'The token stands in the request itself',
    inputs: () => ({
      protocol: 'http',
      'app-key': '',
      'app-secret': '',
      request: 'POST /sign\nAuthorization: Bearer abcdef0123456789\n\n{digest}',
    }),
    names: /\{token\}/,
  },
  {
    what: 'The file of checksums is outside the workspace',
    inputs: () => ({ checksums: '/tmp/SHA256SUMS' }),
    names: /checksums/,
  },
];
