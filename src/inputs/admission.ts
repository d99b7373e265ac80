import { ActionError } from '../errors.ts';
import { secretsOf } from '../identity/secrets.ts';
import { isBlank } from '../identity/text/inputs.ts';
import type { Runner } from '../runner.ts';
import type { TakenInputs } from './taken.ts';

/** A mode that uses the credentials. */
type SigningMode = 'sign' | 'preflight';

/**
 * Decides what a mode that needs credentials becomes on this event.
 *
 * Without credentials it becomes a rehearsal or nothing only where GitHub withholds secrets by design: pull requests of
 * forks and runs of Dependabot. Anywhere else missing credentials are a mistake, and a release must not be green for it.
 */
export function admit<Mode extends SigningMode>(
  mode: Mode,
  taken: TakenInputs,
  runner: Runner,
): Mode | 'rehearse' | 'skipped' {
  const { reader } = taken;
  const { facts } = runner;
  const allowed = reader.boolean('allow-pull-request-target', false);
  if (facts.eventName === 'pull_request_target' && !allowed) reader.add(targetRefused());
  const otherwise = reader.choice('if-no-credentials', ['error', 'rehearse', 'skip']);
  if (otherwise === 'error' || hasCredentials(taken)) return mode;
  if (!facts.secretsWithheld) {
    reader.add(notWithheld(facts.eventName));
    return mode;
  }
  return otherwise === 'rehearse' ? 'rehearse' : 'skipped';
}

function hasCredentials({ identity, appSecret }: TakenInputs): boolean {
  return !isBlank(identity.key) || appSecret !== undefined || secretsOf({ cert: identity.cert ?? '' }).length > 0;
}

function targetRefused(): ActionError {
  return new ActionError(
    'PULL_REQUEST_TARGET',
    'This run was started by pull_request_target, which gives secrets to runs that a stranger can steer.',
    {
      hint: 'Sign on push, tag or release events, and use pull_request for pull requests. If the workflow never runs code of the pull request, set allow-pull-request-target: true.',
    },
  );
}

function notWithheld(eventName: string): ActionError {
  return new ActionError(
    'CREDENTIALS_MISSING',
    `Inputs key and app-secret are empty, and a ${eventName || 'run of this kind'} event is not one that GitHub withholds secrets from.`,
    {
      hint: 'Check the names of the secrets in the workflow, and that the environment they belong to is the one of this job. if-no-credentials counts for pull requests of forks and for Dependabot only.',
    },
  );
}
