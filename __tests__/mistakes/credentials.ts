import type { Mistake } from './play.ts';

const FORK = { pull_request: { head: { repo: { full_name: 'stranger/app' } } } };
const NOTHING = { key: '', 'app-secret': '', cert: '', chain: '', 'app-key': '', 'verify-key': '' };

/** Mistakes with secrets, variables and the material in them. */
export const CREDENTIAL_MISTAKES: readonly Mistake[] = [
  {
    what: 'The credentials are stored in an environment, and the job does not name it',
    inputs: () => NOTHING,
    names: /environment:/,
  },
  {
    what: 'The variables are stored in the repository, the secrets in an environment that the job does not name',
    inputs: () => ({ key: '', 'app-secret': '' }),
    names: /No secret arrived.*environment:/,
  },
  {
    what: 'A pull request of a fork runs the workflow of the release',
    inputs: () => NOTHING,
    env: { GITHUB_EVENT_NAME: 'pull_request' },
    event: FORK,
    names: /no secrets to pull requests of forks.*this run.*is one of them.*if-no-credentials: rehearse/,
  },
  {
    what: 'Dependabot opens a pull request',
    inputs: () => ({ key: '', 'app-secret': '' }),
    env: { GITHUB_EVENT_NAME: 'pull_request', GITHUB_ACTOR: 'dependabot[bot]' },
    names: /Dependabot.*this run.*is one of them/,
  },
  { what: 'The name of one secret is mistyped', inputs: () => ({ 'app-secret': '' }), names: /mistyped/ },
  { what: 'The name of one variable is mistyped', inputs: () => ({ chain: '' }), names: /Input chain .*mistyped/s },
  {
    what: 'if-no-credentials: skip is set, and the environment is missing on a tag',
    inputs: () => ({ ...NOTHING, 'if-no-credentials': 'skip' }),
    names: /environment:.*if-no-credentials: skip has an effect only on pull requests of forks/,
  },
  {
    what: 'The workflow runs on pull_request_target',
    env: { GITHUB_EVENT_NAME: 'pull_request_target' },
    event: FORK,
    names: /pull_request_target.*stranger/,
  },
  {
    what: 'A path stands in place of the key',
    inputs: () => ({ key: 'certs/client.key' }),
    names: /input key.*looks like a path/is,
  },
  {
    what: 'Certificate and key are swapped',
    inputs: ({ inputs: { cert = '', key = '' } }) => ({ cert: key, key: cert }),
    names: /cert.*private key|swapped/i,
  },
  {
    what: 'The key belongs to an older certificate',
    inputs: ({ other }) => ({ key: other.client.key }),
    names: /does not belong to the client certificate/,
  },
  { what: 'The passphrase was not stored', inputs: ({ sealedKey }) => ({ key: sealedKey }), names: /key-passphrase/ },
  {
    what: 'The passphrase is another one',
    inputs: ({ sealedKey }) => ({ key: sealedKey, 'key-passphrase': 'wrong' }),
    names: /key-passphrase/,
  },
  {
    what: 'The certificate has expired',
    inputs: ({ expired }) => ({ cert: expired.cert, key: expired.key }),
    names: /CN=build-server expired/,
  },
  {
    what: 'The certificate request was stored, not the certificate',
    inputs: ({ request }) => ({ cert: request }),
    names: /certificate request/i,
  },
  {
    what: 'The key was copied without its last lines',
    inputs: ({ inputs: { key = '' } }) => ({ key: key.slice(0, 120) }),
    names: /key.*(?:cut off|END)/,
  },
  {
    what: 'The key was copied from a log that masks it',
    inputs: () => ({ key: '-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----' }),
    names: /key/,
  },
  {
    what: 'The public key was stored as the private one',
    inputs: ({ inputs }) => ({ key: inputs['verify-key'] ?? '' }),
    names: /public key/i,
  },
  {
    what: 'chain holds the CA of the client certificates, which is another one',
    inputs: ({ clientAuthority }) => ({ chain: clientAuthority }),
    names: /chain holds CN=Client CA.*operators/s,
  },
  {
    what: 'The certificate is from the CA of another stage',
    inputs: ({ other }) => ({ cert: other.client.cert, key: other.client.key }),
    names: /probably rejects.*\(CN=rehearsal-client/,
  },
  {
    what: 'The intermediate certificate was left out',
    inputs: ({ inputs: { cert = '' } }) => ({
      cert: `${cert.split('-----END CERTIFICATE-----')[0]}-----END CERTIFICATE-----\n`,
    }),
    names: /intermediate/,
  },
  { what: 'The app key is mistyped', inputs: () => ({ 'app-key': 'release-4' }), names: /app-key/ },
  {
    what: 'The app secret is that of another app key',
    inputs: () => ({ 'app-secret': 'of-another' }),
    names: /app-secret/,
  },
  {
    what: 'App key and secret were stored in one text',
    inputs: ({ inputs }) => ({ 'app-key': `${inputs['app-key']}\nsecret` }),
    names: /app-key has several lines/,
  },
  {
    what: 'verify-key is the key of another stage',
    inputs: ({ other }) => ({ 'verify-key': other.signingPublicKeyPem }),
    names: /verify-key/,
  },
  {
    what: 'verify-key is a private key',
    inputs: ({ inputs: { key = '' } }) => ({ 'verify-key': key }),
    names: /verify-key.*private/i,
  },
  {
    what: 'verify-key names a file that is not in the checkout',
    inputs: () => ({ 'verify-key': 'keys/public.pem' }),
    names: /verify-key.*keys\/public\.pem/,
  },
  {
    what: 'signature-algorithm is that of another kind of key',
    inputs: () => ({ 'signature-algorithm': 'rsa-pkcs1-sha256' }),
    names: /signature-algorithm/,
  },
];
