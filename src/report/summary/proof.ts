import { isGreen, type Report, totalsOf } from '../report.ts';
import { plural } from './units.ts';

/** What a successful run proves and does not prove, each as the end of a sentence. */
interface Proof {
  readonly proved: string;
  readonly notProved: string;
}

/** Describes what a run other than a signing proved; `undefined` for a signing or a failed run. */
export function proofOf(report: Report, event: { readonly isPullRequest: boolean }): Proof | undefined {
  if (!isGreen(report)) return undefined;
  switch (report.mode) {
    case 'rehearse':
      return rehearsed(report);
    case 'preflight':
      return lookedAhead(report);
    case 'verify':
      return {
        proved: 'every listed file has a signature that is valid for its bytes as they are now.',
        notProved: event.isPullRequest
          ? 'that the files, the signatures and a key from the checkout are the publisher’s: whoever wrote the pull request chose them.'
          : 'whose key it is: compare its SHA-256 with the one that the publisher told you.',
      };
    case 'skipped':
      return { proved: 'nothing.', notProved: 'that the release can be signed. No file was looked at.' };
    default:
      return undefined;
  }
}

function rehearsed(report: Report): Proof {
  const { files } = totalsOf(report);
  const never = 'that the credentials are right, that the service answers, and that its signatures are valid';
  if (files === 0) return { proved: 'nothing, since no file was matched.', notProved: `${never}.` };
  const matched = `the patterns match ${plural(files, 'file')}, and each can be read`;
  if (report.artifact === undefined)
    return { proved: `${matched}.`, notProved: `${never}; nor that the upload works.` };
  return { proved: `${matched}; the names can be uploaded, and the upload works.`, notProved: `${never}.` };
}

function lookedAhead({ verification }: Report): Proof {
  return {
    proved: `credentials, network and clock are right, and the service signed a canary${verification ? ' with the key you gave' : ''}.`,
    notProved: `that the patterns match and the files can be read: preflight looks at no file.${verification ? '' : ' Nor that the signatures are valid: verify-key is empty.'}`,
  };
}
