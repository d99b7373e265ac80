import { ActionError } from '../errors.ts';
import { secretsOf } from '../identity/secrets.ts';
import type { RunnerFacts } from '../runner/facts.ts';
import type { TakenInputs } from './field-reader.ts';

const SECRETS = ['key', 'app-secret', 'token'];
const CREDENTIALS = [...SECRETS, 'cert', 'chain', 'app-key'];

/** Builds one problem for all required inputs that are empty, with the likely cause; `undefined` without any. */
export function explainMissing(taken: TakenInputs, facts: RunnerFacts): ActionError | undefined {
  const names = taken.reader.missing;
  const [first] = names;
  if (first === undefined) return undefined;
  const are =
    names.length === 1 ? `Input ${first} is` : `Inputs ${names.slice(0, -1).join(', ')} and ${names.at(-1)} are`;
  if (!names.some((name) => CREDENTIALS.includes(name)))
    return new ActionError('INPUT_INVALID', `${are} empty.`, {
      hint: `Give ${names.length === 1 ? 'it' : 'each'} a value under with: in the workflow.`,
    });
  return new ActionError('CREDENTIALS_MISSING', `${are} empty.`, { hint: hintOf(taken, facts) });
}

function hintOf(taken: TakenInputs, { eventName, secretsWithheld }: RunnerFacts): string {
  const wish = taken.reader.choice('if-no-credentials', ['error', 'rehearse', 'skip']);
  if (secretsWithheld) {
    return `GitHub gives no secrets to pull requests of forks and to runs of Dependabot, and this run (${eventName}) is one of them. Set if-no-credentials: rehearse to try patterns and names without credentials, or skip; the input has an effect only if all secrets are empty.`;
  }
  const scope =
    wish === 'error'
      ? ''
      : ` if-no-credentials: ${wish} has an effect only on pull requests of forks and on runs of Dependabot, and this run (${eventName || 'no event'}) is neither.`;
  return likelyCause(taken) + scope;
}

/** Explains a missing secret: whether other credentials arrived shows if the job gets secrets at all. */
function likelyCause({ identity, appSecret, token, reader }: TakenInputs): string {
  const hasSecret =
    [identity.key, appSecret, token].some(Boolean) || secretsOf({ cert: identity.cert ?? '' }).length > 0;
  const isSecretMissing = reader.missing.some((name) => SECRETS.includes(name));
  const blind =
    'the credentials are stored in an environment, and the job does not name it with environment:; or the job is in a reusable workflow, and the caller does not pass the secrets by name under secrets:; or nothing is stored under these names in this repository';
  if (!isSecretMissing || hasSecret) {
    return 'Other credentials arrived, so a name is probably mistyped: GitHub gives an empty text for a name that does not exist. Compare the names in the workflow with Settings → Secrets and variables → Actions, which lists secrets.NAME and vars.NAME apart. Values that are stored in an environment also need environment: in the job.';
  }
  const none = [identity.cert, identity.chain, reader.text('app-key')].some(Boolean)
    ? 'No secret'
    : 'None of the credentials';
  return `${none} arrived. Probable causes, the most frequent first: ${blind}.`;
}
