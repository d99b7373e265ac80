import { constants } from 'node:buffer';
import { readSmallFile } from '../files/reading/read-small.ts';
import { parseJson } from '../json.ts';

/** Who can start or influence a run. */
export interface EventFacts {
  /** Name of the event that started the run, such as `push`. */
  readonly eventName: string;
  /** Whether GitHub withholds secrets by design: a pull request from another repository, or Dependabot. */
  readonly secretsWithheld: boolean;
  /**
   * How somebody without write access to the repository can influence this run.
   *
   * - `nothing`: only people with write access, or a schedule, can start it.
   * - `starts`: strangers can start it, but it builds the repository's own code, unless the workflow checks out theirs.
   * - `steers`: it is about a stranger's changes, and has secrets.
   */
  readonly stranger: 'nothing' | 'starts' | 'steers';
  /** Who can start it, as the subject of a sentence; empty when strangers cannot influence it. */
  readonly starters: string;
}

/** The parts of an event's payload that tell whose changes it is about; untrusted. */
interface Payload {
  readonly pull_request?: {
    readonly head?: { readonly repo?: Repository };
    readonly base?: { readonly ref?: unknown };
  };
  readonly workflow_run?: { readonly event?: unknown; readonly head_repository?: Repository };
}
/** `null` for a repository that was deleted. */
type Repository = { readonly full_name?: unknown } | null;

const PULL_REQUEST_EVENTS = ['pull_request', 'pull_request_review', 'pull_request_review_comment'];

/** Events that only people with write access, administrators or GitHub itself can start. */
const TRUSTED_EVENTS = `
  branch_protection_rule check_run check_suite create delete deployment deployment_status image_version label
  merge_group milestone page_build project project_card project_column public pull_request push registry_package
  release repository_dispatch schedule status workflow_call workflow_dispatch workflow_run
`
  .trim()
  .split(/\s+/);

/** Events that anybody who can see the repository can start. */
const OPEN_EVENTS: Readonly<Record<string, string>> = {
  discussion: 'Everyone who can open a discussion',
  discussion_comment: 'Everyone who can comment on a discussion',
  fork: 'Everyone who can fork the repository',
  gollum: 'Everyone who can edit the wiki',
  issue_comment: 'Everyone who can comment on an issue or a pull request',
  issues: 'Everyone who can open an issue',
  pull_request_comment: 'Everyone who can comment on a pull request',
  pull_request_review: 'Everyone who can review a pull request',
  pull_request_review_comment: 'Everyone who can comment on a pull request',
  watch: 'Everyone who can give the repository a star',
};

/** Events for which GitHub documents that runs of Dependabot get no secrets. */
const WITHHELD_FROM_DEPENDABOT = [...PULL_REQUEST_EVENTS, 'push', 'create', 'deployment', 'deployment_status'];

/** Finds out who can influence this run, from the runner's variables and the event's payload. */
export function readEvent(environment: NodeJS.ProcessEnv): EventFacts {
  const eventName = environment['GITHUB_EVENT_NAME'] ?? '';
  const payload = readPayload(environment['GITHUB_EVENT_PATH']);
  const about = {
    eventName,
    payload,
    repository: environment['GITHUB_REPOSITORY'],
    actor: environment['GITHUB_ACTOR'],
  };
  return { eventName, secretsWithheld: areSecretsWithheld(about), ...strangerOf(about) };
}

interface About {
  readonly eventName: string;
  readonly payload: Payload | undefined;
  readonly repository: string | undefined;
  readonly actor: string | undefined;
}

function areSecretsWithheld(about: About): boolean {
  const { eventName, payload, actor } = about;
  if (actor === 'dependabot[bot]') {
    const base = payload?.pull_request?.base?.ref;
    const isOwnBase = typeof base === 'string' && base.startsWith('dependabot/');
    return WITHHELD_FROM_DEPENDABOT.includes(eventName) || (eventName === 'pull_request_target' && isOwnBase);
  }
  // Only a payload that names another repository proves that secrets are withheld; otherwise they must be there.
  return PULL_REQUEST_EVENTS.includes(eventName) && isPullRequestOfFork(about);
}

function isPullRequestOfFork({ payload, repository }: About): boolean {
  return originOf(payload?.pull_request?.head?.repo, repository) === 'other';
}

/** Compares the source repository of the changes with that of the run; `unknown` when the payload does not name it. */
function originOf(head: Repository | undefined, repository: string | undefined): 'own' | 'other' | 'unknown' {
  // A deleted fork has no repository.
  if (head === null) return 'other';
  if (typeof head?.full_name !== 'string' || repository === undefined) return 'unknown';
  return head.full_name.toLowerCase() === repository.toLowerCase() ? 'own' : 'other';
}

function strangerOf(about: About): Pick<EventFacts, 'stranger' | 'starters'> {
  const { eventName } = about;
  if (eventName === 'pull_request_target') {
    return { stranger: 'steers', starters: 'Everyone who can open a pull request' };
  }
  if (eventName === 'workflow_run') return strangerBehindRun(about);
  if (eventName === 'pull_request' && isPullRequestOfFork(about)) {
    return { stranger: 'starts', starters: 'The author of a pull request from another repository' };
  }
  const starters = Object.entries(OPEN_EVENTS).find(([name]) => name === eventName)?.[1];
  if (starters !== undefined) return { stranger: 'starts', starters };
  if (eventName === '' || TRUSTED_EVENTS.includes(eventName)) return { stranger: 'nothing', starters: '' };
  return {
    stranger: 'starts',
    starters: 'Perhaps somebody without write access, since this version does not know the event,',
  };
}

/** Judges a run that follows another run: it has secrets, even if the other run had none, and usually uses its results. */
function strangerBehindRun({ payload, repository }: About): Pick<EventFacts, 'stranger' | 'starters'> {
  const { event, head_repository: head } = payload?.workflow_run ?? {};
  if (typeof event !== 'string')
    return { stranger: 'steers', starters: 'Somebody whom the payload of the event does not name' };
  // Refused unless the payload proves that the changes come from this repository.
  if (event.startsWith('pull_request') && originOf(head, repository) !== 'own') {
    return { stranger: 'steers', starters: 'The author of a pull request from another repository' };
  }
  // The previous run may itself follow a pull request, which this payload does not mention.
  if (event === 'workflow_run')
    return {
      stranger: 'steers',
      starters: 'Whoever started the first of these runs, whom the payload of the event does not name,',
    };
  if (event !== 'pull_request_target' && TRUSTED_EVENTS.includes(event)) {
    return { stranger: 'nothing', starters: '' };
  }
  return { stranger: 'starts', starters: `Everyone who can start the workflow before it, which ran on ${event},` };
}

/** Reads the payload; `undefined` when it cannot be read. */
function readPayload(path: string | undefined): Payload | undefined {
  if (!path) return undefined;
  const file = readSmallFile(path, { maxBytes: constants.MAX_STRING_LENGTH, longer: 'refused', links: 'followed' });
  const value = parseJson(file?.bytes?.toString() ?? '');
  return typeof value === 'object' && value !== null ? value : undefined;
}
