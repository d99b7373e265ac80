import { ActionError } from '../errors.ts';
import { secretsOf } from '../identity/secrets.ts';
import { isBlank } from '../identity/text/blocks.ts';
import { idTokenMissing } from '../runner/id-token.ts';
import type { Runner } from '../runner.ts';
import type { TakenInputs } from './field-reader.ts';
import { neededCredentials } from './protocols/protocol-fields.ts';
import type { Credential } from './protocols/protocol-task.ts';

/** A mode that uses the credentials. */
type SigningMode = 'sign' | 'preflight';

/**
 * Decides which mode runs on this event.
 *
 * Missing credentials turn a run into a rehearsal, or skip it, only where GitHub withholds secrets by design: pull
 * requests of forks and runs of Dependabot. Anywhere else they are a mistake, and the run must fail.
 */
export function admit<Mode extends SigningMode>(
  mode: Mode,
  taken: TakenInputs,
  runner: Runner,
): Mode | 'rehearse' | 'skipped' {
  const { reader } = taken;
  const { facts } = runner;
  const isAllowed = reader.boolean('allow-pull-request-target', false);
  const otherwise = reader.choice('if-no-credentials', ['error', 'rehearse', 'skip']);
  // A preflight continues after a problem and uses the key, so it must stop here.
  const refuse = (problem: ActionError): void => {
    if (mode === 'preflight') throw problem;
    reader.add(problem);
  };
  if (facts.stranger === 'steers' && !isAllowed) refuse(steeredByStranger(facts));
  const needed = neededCredentials(reader);
  const missing = needed.filter((each) => !isThere(each, taken, facts));
  const hasCredentials = missing.length < needed.length;
  if (otherwise !== 'error' && !hasCredentials) {
    if (facts.secretsWithheld) return otherwise === 'rehearse' ? 'rehearse' : 'skipped';
    for (const each of missing) if (each !== 'OIDC') reader.miss(each);
  }
  if (missing.includes('OIDC')) reader.add(idTokenMissing());
  if (facts.stranger === 'starts' && hasCredentials) warnOfStarters(runner);
  if (facts.taps.length > 0) refuse(tapped(facts.taps));
  return mode;
}

function isThere(
  credential: Credential,
  { identity, appSecret, token }: TakenInputs,
  { hasIdTokens }: Runner['facts'],
): boolean {
  switch (credential) {
    case 'key':
      return !isBlank(identity.key) || secretsOf({ cert: identity.cert ?? '' }).length > 0;
    case 'app-secret':
      return appSecret !== undefined;
    case 'token':
      return token !== undefined;
    case 'OIDC':
      return hasIdTokens;
  }
}

/** Warns when outsiders can start the run: the workflow may check out or build their code. */
function warnOfStarters({ facts, annotate }: Runner): void {
  annotate(
    'warning',
    'Who can start this run',
    `${facts.starters} can start a run of ${facts.eventName}, also without write access to this repository, and this run has secrets. Make sure that it builds and signs nothing of theirs, or sign on push, tag or release events.`,
  );
}

function steeredByStranger({ eventName, starters }: Runner['facts']): ActionError {
  const isTarget = eventName === 'pull_request_target';
  return new ActionError(
    isTarget ? 'PULL_REQUEST_TARGET' : 'WORKFLOW_RUN_OF_FORK',
    isTarget
      ? 'This run was started by pull_request_target, which gives secrets to runs that a stranger can steer.'
      : `This run was started by workflow_run: it has secrets, and it follows a run that somebody without write access may have steered. ${starters} decided what that run made.`,
    {
      hint: 'Sign on push, tag or release events, and use pull_request for pull requests. If the workflow never runs, builds or signs anything of the pull request, set allow-pull-request-target: true.',
    },
  );
}

/** Builds the error for options that expose the memory or the TLS keys of this process, and so the private key. */
function tapped(options: readonly string[]): ActionError {
  const names = options.join(' and ');
  return new ActionError(
    'NODE_OPTIONS_REFUSED',
    `Node runs with ${names}, which lets others read what TLS and the private key protect.`,
    {
      hint: `Remove ${names} from NODE_OPTIONS: look at env: in the workflow, at earlier steps, and at the settings of the runner.`,
    },
  );
}
