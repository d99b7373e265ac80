import { constants } from 'node:buffer';
import { readSmallFile } from '../files/reading/read-small.ts';

/** Who can bring about a run of an event. */
export interface EventFacts {
  /** Name of the event that started the run, such as `push`. */
  readonly eventName: string;
  /** GitHub gives no secrets to this run, by design: a pull request of another repository, or Dependabot. */
  readonly secretsWithheld: boolean;
  /**
   * What somebody without write access to the repository can do about this run.
   *
   * - `nothing`: only people with write access, or a schedule, start it.
   * - `starts`: strangers may start it, but what it builds is the repository's own, unless the workflow checks theirs out.
   * - `steers`: it is about a stranger's changes, and it has secrets.
   */
  readonly stranger: 'nothing' | 'starts' | 'steers';
  /** Who can start it, as the subject of a sentence; empty when strangers can do nothing. */
  readonly starters: string;
}

/** The parts of an event's payload that say whose changes it is about; all of it is untrusted. */
interface Payload {
  readonly pull_request?: { readonly head?: Head; readonly base?: { readonly ref?: unknown } };
  readonly workflow_run?: { readonly event?: unknown; readonly head_repository?: Repository };
}
interface Head {
  readonly repo?: Repository;
}
/** `null` for a repository that was deleted. */
type Repository = { readonly full_name?: unknown } | null;

const PULL_REQUEST_EVENTS = ['pull_request', 'pull_request_review', 'pull_request_review_comment'];

/** Events that GitHub starts for people with write access, for administrators, or by itself. */
const TRUSTED_EVENTS = `
  branch_protection_rule check_run check_suite create delete deployment deployment_status image_version label
  merge_group milestone page_build project project_card project_column public pull_request push registry_package
  release repository_dispatch schedule status workflow_call workflow_dispatch workflow_run
`
  .trim()
  .split(/\s+/);

/** Events that anybody can start who can see the repository. */
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

/** GitHub documents that runs of these events that Dependabot starts get no secrets. */
const WITHHELD_FROM_DEPENDABOT = [...PULL_REQUEST_EVENTS, 'push', 'create', 'deployment', 'deployment_status'];

/** Reads who can bring about this run, from the variables of the runner and the event's payload. */
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
  // Only a payload that names another repository proves that secrets are withheld; without it, a missing one is an error.
  return PULL_REQUEST_EVENTS.includes(eventName) && isPullRequestOfFork(about);
}

function isPullRequestOfFork({ payload, repository }: About): boolean {
  return originOf(payload?.pull_request?.head?.repo, repository) === 'other';
}

/** Compares the repository that changes come from with that of the run; `unknown` when the payload does not name it. */
function originOf(head: Repository | undefined, repository: string | undefined): 'own' | 'other' | 'unknown' {
  // A fork that was deleted has no repository any more.
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

/** A run that follows another run has secrets, whatever the other one had, and usually works on what the other one made. */
function strangerBehindRun({ payload, repository }: About): Pick<EventFacts, 'stranger' | 'starters'> {
  const { event, head_repository: head } = payload?.workflow_run ?? {};
  if (typeof event !== 'string')
    return { stranger: 'steers', starters: 'Somebody whom the payload of the event does not name' };
  // A payload that names no repository proves nothing, and what proves nothing is refused.
  if (event.startsWith('pull_request') && originOf(head, repository) !== 'own') {
    return { stranger: 'steers', starters: 'The author of a pull request from another repository' };
  }
  // The run before may itself follow a pull request, of which this payload says nothing.
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

/** Reads the payload; `undefined` when there is none that can be read. */
function readPayload(path: string | undefined): Payload | undefined {
  if (!path) return undefined;
  const file = readSmallFile(path, { maxBytes: constants.MAX_STRING_LENGTH, longer: 'refused', links: 'followed' });
  try {
    const value: unknown = JSON.parse(file?.bytes?.toString() ?? '');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
