import { generateKeyPairSync } from 'node:crypto';
import { ActionError } from '../../src/errors.ts';
import type { FileOutcome } from '../../src/files/release-file.ts';
import { failed, notChecked, passed, warned } from '../../src/preflight/finding.ts';
import { type Report, ReportBuilder } from '../../src/report/report.ts';
import type { Surroundings } from '../../src/report/summary/next-steps.ts';
import { type AlgorithmName, algorithmOf } from '../../src/verifying/algorithm.ts';
import { readVerifyKey } from '../../src/verifying/key.ts';
import { createVerifier } from '../../src/verifying/verifier.ts';

/** A push to the repository, with an artifact. */
export const PUSH: Surroundings = {
  isPullRequest: false,
  secretsWithheld: false,
  artifactUrl: 'https://github.com/octocat/hello-world/actions/runs/1/artifacts/2',
  docs: 'https://github.com/your-org/mtls-release-signing/blob/v1/docs',
  origin: ['octocat/hello-world', 'v1.2.3', '5f1d0a7c3b9e4d2f8a6c1e0b7d4f3a2c9e8b7d6a'],
  commitUrl: 'https://github.com/octocat/hello-world/commit/5f1d0a7c3b9e4d2f8a6c1e0b7d4f3a2c9e8b7d6a',
};
/** A pull request of somebody else. */
export const FORK: Surroundings = {
  ...PUSH,
  isPullRequest: true,
  secretsWithheld: true,
  artifactUrl: '',
  origin: ['octocat/hello-world', '12/merge', '5f1d0a7c3b9e4d2f8a6c1e0b7d4f3a2c9e8b7d6a'],
};
/** A runner that does not tell what runs, such as a checkout on a laptop. */
export const UNKNOWN: Surroundings = {
  isPullRequest: false,
  secretsWithheld: false,
  artifactUrl: '',
  docs: '',
  origin: ['', '', ''],
  commitUrl: '',
};
/** A pull request of the repository itself. */
export const PULL_REQUEST: Surroundings = { ...FORK, secretsWithheld: false };

const SHA256 = 'a1b2c3d4e5f60718'.repeat(4);

/** A number from 0 up to 1 that depends on nothing but its own. */
function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43758.5453;
  return value - Math.floor(value);
}

/** Outcomes of files that were signed in 20 ms to some seconds, as a service does it. */
export function signedFiles(count: number, status: FileOutcome['status'] = 'signed'): FileOutcome[] {
  return Array.from({ length: count }, (_, at) => ({
    file: { path: `dist/packages/part-${at % 37}/module-${at}.so`, size: 1200 + at * 731 },
    status,
    sha256: SHA256,
    attempts: status === 'verified' ? 0 : noise(at) > 0.98 ? 2 : 1,
    elapsedMs: 18 + 60 * noise(at + 0.5) ** 2 + 2500 * noise(at + 0.25) ** 40,
  }));
}

/** Outcomes of files that failed for one reason. */
export function failedFiles(paths: readonly string[], error: ActionError): FileOutcome[] {
  return paths.map((path) => ({ file: { path, size: 10 }, status: 'failed', attempts: 8, elapsedMs: 31_000, error }));
}

/** A key, an algorithm and how signatures are written. */
export function verificationOf(
  name: AlgorithmName,
  encoding: 'base64' | 'hex',
  publicKeyPem: string,
): NonNullable<Report['verification']> {
  return { verifier: createVerifier(readVerifyKey(publicKeyPem), algorithmOf(name)), encoding };
}

/** Checks with a key of this process. */
const VERIFICATION = verificationOf(
  'ecdsa-sha256',
  'base64',
  String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' })),
);

function report(facts: Partial<Report>): Report {
  return { ...new ReportBuilder().build(), ...facts };
}

const SIGNED = {
  mode: 'sign',
  verification: VERIFICATION,
  service: 'https://sign.example.com',
  certificate: {
    subject: 'C=DE, O=Example GmbH, CN=release-signing',
    issuer: 'CN=Example Issuing CA',
    serial: '1A2B3C',
    notBefore: '2026-06-30T12:00:00.000Z',
    notAfter: '2027-06-30T12:00:00.000Z',
    sha256: SHA256,
    publicKeySha256: SHA256,
  },
  manifest: '/home/runner/work/_temp/mtls-release-signing-output-Xk2/manifest.json',
} as const;

/** A release of many files, all signed. */
export function green(count = 1204): Report {
  return report({
    ...SIGNED,
    outcomes: [
      ...signedFiles(count),
      ...signedFiles(40, 'reused').map((one, at) => ({ ...one, file: { path: `kept-${at}`, size: 9 } })),
    ],
    requests: count + 12,
    durationMs: 8412,
    checksums: '/home/runner/work/hello-world/hello-world/SHA256SUMS',
    artifact: { name: 'signatures', id: 2, digest: SHA256, bytes: 412_345 },
  });
}

/** What a pull request of a fork runs. */
export function rehearsed(): Report {
  return report({
    mode: 'rehearse',
    verification: VERIFICATION,
    service: 'https://127.0.0.1:41234',
    certificate: { ...SIGNED.certificate, subject: 'CN=rehearsal-client' },
    outcomes: signedFiles(7),
    requests: 7,
    durationMs: 412,
    artifact: { name: 'rehearsal-signatures', id: 3, digest: SHA256, bytes: 4123 },
  });
}

const MISSING = new ActionError('SIGNATURE_MISSING', 'dist/new.bin has no signature dist/new.bin.sign.', {
  hint: 'Sign the file, fetch its signature, or exclude the file; output-dir and suffix must be those of the signing run.',
});
const INVALID = new ActionError('SIGNATURE_INVALID', 'The signature of dist/app.bin is not valid.', {
  hint: 'Fetch file and signature again, or sign it again.',
});

/** A release that failed for several reasons. */
export function failedForSeveralReasons(): Report {
  const down = new ActionError('UNAVAILABLE', 'The service answered 503: maintenance until 14:00', {
    hint: 'The service, or what it depends on, is in trouble; ask its operators.',
  });
  const large = new ActionError('FILE_TOO_LARGE_FOR_SERVER', 'The service answered 413 to a file of 734003200 bytes.', {
    hint: 'Ask the operators of the service to raise its limit.',
  });
  return report({
    ...SIGNED,
    outcomes: [
      ...signedFiles(812),
      ...failedFiles(
        Array.from({ length: 24 }, (_, at) => `dist/late/module-${at}.so`),
        down,
      ),
      ...failedFiles(['dist/images/disk.img', 'dist/images/disk (copy).img'], large),
      ...signedFiles(160, 'not-tried').map((one) => ({ ...one, elapsedMs: 0, attempts: 0, sha256: undefined })),
    ],
    requests: 1020,
    durationMs: 63_000,
    failure: new ActionError('SERVICE_DOWN', 'No file was signed for two minutes, so the run was ended.', {
      hint: 'Ask the operators of the service, and run the job again when it is back.',
    }),
    notes: ['The clock of the service is 41 s ahead of this runner’s; requests are dated accordingly.'],
  });
}

/** A preflight that found something. */
export function preflight(): Report {
  return report({
    ...SIGNED,
    mode: 'preflight',
    verification: VERIFICATION,
    requests: 0,
    durationMs: 840,
    findings: [
      passed('inputs', 'every other input is valid'),
      passed('key', 'P-256, belongs to the certificate'),
      warned('certificate', 'ends in 12 days, on 2026-02-01', 'renew it now; docs/identity.md tells how'),
      failed(
        'TLS',
        new ActionError(
          'TLS_CLIENT_REJECTED',
          'the server closed after our certificate: probably rejected\nit asks for certificates of: CN=Another CA',
          { hint: 'Check that cert is the certificate the service expects.' },
        ),
        212,
      ),
      notChecked('canary', 'the handshake failed'),
      notChecked('signature', 'no canary was signed'),
    ],
  });
}

/** A preflight without a problem. */
export function soundPreflight(): Report {
  const findings = [
    passed('inputs', 'every other input is valid'),
    passed('canary', 'the service signed 32 random bytes', 81),
  ];
  return report({ ...SIGNED, mode: 'preflight', requests: 1, durationMs: 640, findings });
}

/** A verification with findings. */
export function unverified(): Report {
  const orphan = new ActionError('SIGNATURE_ORPHANED', 'dist/gone.bin.sign signs dist/gone.bin, which is not there.', {
    hint: 'Restore the file, or delete the signature: a customer would miss what it promises.',
  });
  return report({
    mode: 'verify',
    verification: VERIFICATION,
    outcomes: [
      ...signedFiles(120, 'verified'),
      ...failedFiles(['dist/app.bin'], INVALID).map((one) => ({ ...one, attempts: 0, elapsedMs: 12 })),
      ...failedFiles(['dist/new.bin', 'dist/newer.bin'], MISSING).map((one) => ({ ...one, attempts: 0, elapsedMs: 1 })),
      {
        ...(failedFiles(['dist/gone.bin.sign'], orphan)[0] ?? {
          file: { path: '', size: 0 },
          status: 'failed',
          attempts: 0,
          elapsedMs: 0,
        }),
        stray: 'orphan',
      },
    ],
    durationMs: 340,
  });
}

/** A verification without a finding. */
export function verified(): Report {
  return report({
    mode: 'verify',
    verification: VERIFICATION,
    outcomes: signedFiles(3, 'verified'),
    durationMs: 40,
  });
}

/** A run without credentials that was to do nothing then. */
export function skipped(): Report {
  return report({ mode: 'skipped' });
}

/** A run that never began. */
export function neverBegan(): Report {
  const problems = ['Input server-url is empty.', 'Input retention-days: “400” is not a whole number from 1 to 90.'];
  return report({
    failure: new ActionError('INPUT_INVALID', problems.join('\n'), { hint: 'README.md lists all inputs.' }),
  });
}

/** A result of each kind: what it is, its report, and the run around it. */
export const ALL: readonly (readonly [string, Report, Surroundings])[] = [
  ['a release', green(), PUSH],
  ['a release from a pull request', green(3), PULL_REQUEST],
  ['a rehearsal of a fork', rehearsed(), FORK],
  ['a release that failed', failedForSeveralReasons(), PUSH],
  ['a preflight with findings', preflight(), PULL_REQUEST],
  ['a sound preflight', soundPreflight(), PULL_REQUEST],
  ['a verification with findings', unverified(), PUSH],
  ['a sound verification', verified(), PULL_REQUEST],
  ['a run that was skipped', skipped(), FORK],
  ['a run that never began', neverBegan(), UNKNOWN],
];
