import { type Algorithm, DIGEST_BYTES } from '../../verifying/algorithm.ts';
import type { Verification } from '../../verifying/check.ts';
import { isGreen, type Report, totalsOf } from '../report.ts';
import { code, link, page } from './markup.ts';
import { plural } from './units.ts';

/** Lists what the reader should do now, as Markdown. */
export function nextSteps(report: Report, around: Surroundings): string[] {
  if (!isGreen(report)) return report.mode === 'preflight' ? afterFindings(around) : afterFailure(report, around);
  switch (report.mode) {
    case 'sign':
      return afterSigning(report, around);
    case 'rehearse':
      return afterRehearsal(around);
    case 'preflight':
      return [
        'Sign with the same inputs and <code>mode: sign</code>. To prove patterns and upload too, without any secret, run <code>mode: rehearse</code>.',
      ];
    case 'verify':
      return around.isPullRequest
        ? ['Verify again where the release is made, with the key as text in the workflow.']
        : ['Use the files. The manifest lists them with their SHA-256.'];
    case 'skipped':
      return [
        ...(around.secretsWithheld ? [WITHHELD] : []),
        'To prove patterns, names and upload here all the same, set <code>if-no-credentials: rehearse</code>.',
      ];
    default:
      return [];
  }
}

/** Renders the command that verifies a file, for a complete release with verified signatures. */
export function renderCommand(report: Report): string[] {
  const { mode, verification, suffix } = report;
  if (mode !== 'sign' || verification === undefined || !isGreen(report) || totalsOf(report).files === 0) return [];
  return [['```sh', verifyCommand(verification, suffix), '```'].join('\n')];
}

/** Number of files that the summary names at least. */
const LISTED = 10;
/** Without the input, the manifest is in RUNNER_TEMP; the output names it even after a failure. */
const KEEP_MANIFEST =
  'The manifest lists every file. To keep it, give this step <code>id: sign</code>, and upload <code>$&#123;{ steps.sign.outputs.manifest }}</code> with <code>actions/upload-artifact</code> in a step with <code>if: always()</code>.';

const WITHHELD = 'Nothing is missing here: GitHub gives no secrets to pull requests of forks and to Dependabot.';

function afterFindings({ docs }: Surroundings): string[] {
  return [
    'Work from the top: a check that was not made waits for a failure above it.',
    `Run the preflight again. It costs one request at most, and touches no file of the release. ${explains(docs)}`,
  ];
}

function explains(docs: string): string {
  return `${page(docs, 'faults.md')}${docs === '' ? ', in the repository of the action,' : ''} explains every code.`;
}

function afterSigning(report: Report, { isPullRequest, artifactUrl, docs }: Surroundings): string[] {
  const { artifact, manifest, checksums, verification, suffix, shard } = report;
  if (totalsOf(report).files === 0) return ['Nothing: there was no file to sign.'];
  const name = artifact && link(code(artifact.name), artifactUrl);
  const check = verification
    ? `anyone with your public key can check a file with the command below; ${page(docs, 'verify.md')} has other ways, and other forms of signature.`
    : 'give <code>verify-key</code>, so that each signature is checked here before a customer does it.';
  return [
    ...(isPullRequest
      ? [
          'These signatures are real, and this code is not merged yet. Let pull requests run <code>mode: preflight</code>.',
        ]
      : []),
    ...(shard.count > 1
      ? [
          `This is shard ${shard.index} of ${shard.count}. Publish when the signatures of all shards have been collected.`,
        ]
      : []),
    name
      ? `<strong>Publish</strong> each file with its <code>${suffix}</code>: the signatures are in the artifact ${name}.`
      : `<strong>Publish</strong> each file with its <code>${suffix}</code> in a later step of this job: the signatures are on this runner only.`,
    ...(checksums ? [`<strong>Checksums</strong> of all files, signed as well, are in ${code(checksums)}.`] : []),
    ...(manifest
      ? [`<strong>Keep</strong> the manifest, which lists every file with its SHA-256: ${code(manifest)}.`]
      : []),
    `<strong>Check</strong>: ${check}`,
  ];
}

function afterRehearsal({ secretsWithheld }: Surroundings): string[] {
  return [
    ...(secretsWithheld ? [WITHHELD] : []),
    'To sign for real, set <code>mode: sign</code>, <code>server-url</code>, <code>cert</code>, <code>key</code>, <code>chain</code>, <code>app-key</code>, <code>app-secret</code>, and <code>verify-key</code> so that each signature is checked. <code>mode: preflight</code> tells whether they work.',
    'Let publishing steps run only if the output <code>mode</code> is <code>sign</code>.',
  ];
}

function afterFailure(report: Report, { docs }: Surroundings): string[] {
  const { mode, failure, requests, verification } = report;
  const { signed, reused, files, failed, notTried } = totalsOf(report);
  const keep = failed + notTried > LISTED ? [KEEP_MANIFEST] : [];
  if (mode === 'verify') {
    return [
      'Do not publish or use a file that is named above.',
      `Fetch it and its signature again, or sign it again, and verify once more. ${explains(docs)}`,
      ...keep,
    ];
  }
  const kept = signed + reused;
  return [
    `Correct what is named above, and run the job again. ${explains(docs)}`,
    ...keep,
    ...(files > 0 && requests === 0 ? ['No request was sent to the service.'] : []),
    ...(mode === 'sign' && kept > 0 ? [afterwards(kept, verification !== undefined)] : []),
    ...(mode === 'sign' && failure && failure.code !== 'CANCELLED'
      ? ['<code>mode: preflight</code> lists everything that is wrong with credentials, network and service at once.']
      : []),
  ];
}

/** A later run keeps a signature only if it can verify the signature and finds it on the same disk. */
function afterwards(kept: number, isChecked: boolean): string {
  return isChecked
    ? `The next run keeps ${plural(kept, 'valid signature')} if it finds the same workspace, as on a runner of your own. A fresh machine signs all files again.`
    : 'The next run signs all files again: without <code>verify-key</code> no signature that is there can be trusted.';
}

/** Returns the shell command that verifies the file `FILE` with only OpenSSL. */
export function verifyCommand({ verifier, encoding }: Verification, suffix: string): string {
  const decode =
    encoding === 'hex' ? `tr a-f A-F < FILE${suffix} | basenc --base16 -d` : `openssl base64 -d -A -in FILE${suffix}`;
  return `${decode} |\n  ${checkOf(verifier.algorithm)}`;
}

function checkOf(algorithm: Algorithm): string {
  if (algorithm.scheme === 'ed25519') {
    return 'openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in FILE -sigfile /dev/stdin';
  }
  // The action also requires a salt as long as the hash.
  const padding =
    algorithm.scheme === 'rsa-pss'
      ? `-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:${DIGEST_BYTES[algorithm.hash]} `
      : '';
  return `openssl dgst -${algorithm.hash} ${padding}-verify public-key.pem -signature /dev/stdin FILE`;
}

/** Facts about the workflow run for the summary. */
export interface Surroundings {
  readonly isPullRequest: boolean;
  /** Whether GitHub gives no secrets to this run. */
  readonly secretsWithheld: boolean;
  /** URL of the uploaded artifact; empty without one. */
  readonly artifactUrl: string;
  /** URL of the action's directory `docs`; empty if unknown. */
  readonly docs: string;
  /** Origin of the code: `owner/name`, tag or branch, and commit; each may be empty. */
  readonly origin: readonly [repository: string, refName: string, commit: string];
  /** URL of the commit; may be empty. */
  readonly commitUrl: string;
}
