import { appendFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import {
  debug,
  endGroup,
  error,
  getIDToken,
  info,
  notice,
  saveState,
  setOutput,
  setSecret,
  startGroup,
  warning,
} from '@actions/core';
import { ActionError } from './errors.ts';
import { show } from './files/names.ts';
import { Masks } from './runner/masks.ts';

/** What the runner tells about the job, and the only way to tell the runner something. */
export interface Runner {
  readonly facts: RunnerFacts;
  /** Returns an input without the white space around it, or `undefined` when it is empty, and takes it out of the environment. */
  readonly takeInput: (name: string) => string | undefined;
  /** Keeps values out of everything that is printed from now on. */
  readonly mask: (secrets: Iterable<string>) => void;
  /**
   * Replaces every masked value, in every form in which a text may repeat it, and then cuts after `maxLength` characters.
   *
   * Meant for texts of others at the place where they come in: after another cut, part of a secret would not be found.
   */
  readonly scrub: (text: string, maxLength?: number) => string;
  readonly line: (text: string) => void;
  readonly debug: (text: string) => void;
  /** Opens a group of lines; the one before is closed. */
  readonly openGroup: (title: string) => void;
  readonly closeGroup: () => void;
  readonly annotate: (level: 'notice' | 'warning' | 'error', title: string, text: string) => void;
  readonly output: (name: string, value: string) => void;
  readonly saveState: (name: string, value: string) => void;
  /** Draws a new OIDC token of this job for an audience; it is masked. Throws `ID_TOKEN_MISSING`, `ID_TOKEN_REFUSED`. */
  readonly drawIdToken: (audience: string) => Promise<string>;
  /** Page of an artifact of this run, empty without an id. */
  readonly artifactUrl: (id: number | undefined) => string;
  /** Appends Markdown to the job summary; names in it must be escaped already. */
  readonly summary: (markdown: string) => void;
}

/** The job around us; paths are absolute. */
export interface RunnerFacts {
  readonly workspace: string;
  readonly temporaryDirectory: string;
  readonly eventName: string;
  /** 1 for the first run of a job, more for a re-run. */
  readonly runAttempt: number;
  readonly isDebug: boolean;
  /** False on a terminal, where a command that masks a secret would show it. */
  readonly isOnRunner: boolean;
  /** GitHub gives no secrets to this run: a pull request of another repository, or Dependabot. */
  readonly secretsWithheld: boolean;
  readonly httpsProxy: string | undefined;
  readonly noProxy: string | undefined;
  /** Variables that would weaken or tap TLS if we heeded them. */
  readonly suspiciousVariables: readonly string[];
}

/** Values that would turn TLS verification off, add trust, or write secrets to a file or the log. */
const SUSPICIOUS = [
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_EXTRA_CA_CERTS',
  'SSLKEYLOGFILE',
  'NODE_DEBUG',
  'ACTIONS_ALLOW_UNSECURE_COMMANDS',
];

const PRINT = { notice, warning, error };

/** Connects to the runner that started this process. */
export function createRunner(environment: NodeJS.ProcessEnv = process.env): Runner {
  const masks = new Masks();
  const line = (text: string): string => show(masks.scrub(text));
  return {
    facts: readFacts(completeProxies(environment)),
    takeInput(name) {
      const variable = `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`;
      const value = environment[variable]?.trim();
      // A crash report or a child process must not carry it.
      delete environment[variable];
      return value === '' ? undefined : value;
    },
    mask(secrets) {
      for (const secret of secrets) for (const form of masks.add(secret)) if (isOnRunner(environment)) setSecret(form);
    },
    scrub: (text, maxLength) => masks.scrub(text, maxLength),
    line: (text) => info(line(text)),
    debug: (text) => debug(line(text)),
    openGroup: (title) => startGroup(line(title)),
    closeGroup: endGroup,
    annotate(level, title, text) {
      PRINT[level](text.split('\n').map(line).join('\n'), { title: line(title) });
    },
    // Ours to the letter: a short secret must not turn a count into stars, and none of them is made of a secret.
    output: setOutput,
    saveState,
    drawIdToken: (audience) => drawIdToken(audience, environment),
    artifactUrl(id) {
      const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = environment;
      return id === undefined ? '' : `${server}/${repository}/actions/runs/${run}/artifacts/${id}`;
    },
    summary(markdown) {
      const file = environment['GITHUB_STEP_SUMMARY'];
      if (file) appendFileSync(file, masks.scrub(markdown));
    },
  };
}

async function drawIdToken(audience: string, environment: NodeJS.ProcessEnv): Promise<string> {
  if (!environment['ACTIONS_ID_TOKEN_REQUEST_URL'] || !environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN']) {
    throw new ActionError('ID_TOKEN_MISSING', 'This job has no OIDC token to prove with what it is.', {
      hint: 'Give the job permissions: id-token: write, in the calling workflow as well. Runs from forks never get a token.',
    });
  }
  try {
    return await getIDToken(audience);
  } catch (error) {
    throw new ActionError('ID_TOKEN_REFUSED', `The token service of the runner gave no OIDC token for ${audience}.`, {
      hint: 'Run the job again; if this repeats, check oidc-audience and the status page of the CI system.',
      cause: error,
    });
  }
}

/** The artifact client reads these variables too, and breaks on a proxy without a scheme, which other tools take. */
function completeProxies(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  for (const name of ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']) {
    const value = environment[name]?.trim();
    if (value && !value.includes('://')) environment[name] = `http://${value}`;
  }
  return environment;
}

function readFacts(environment: NodeJS.ProcessEnv): RunnerFacts {
  return {
    workspace: environment['GITHUB_WORKSPACE'] ?? process.cwd(),
    temporaryDirectory: resolve(environment['RUNNER_TEMP'] || tmpdir()),
    eventName: environment['GITHUB_EVENT_NAME'] ?? '',
    runAttempt: Number(environment['GITHUB_RUN_ATTEMPT'] ?? 1),
    isDebug: environment['RUNNER_DEBUG'] === '1',
    isOnRunner: isOnRunner(environment),
    secretsWithheld: areSecretsWithheld(environment),
    httpsProxy: environment['https_proxy'] ?? environment['HTTPS_PROXY'],
    noProxy: environment['no_proxy'] ?? environment['NO_PROXY'],
    suspiciousVariables: SUSPICIOUS.filter((name) => isSuspicious(name, environment[name])),
  };
}

/** GitHub's runner sets it, as those of Gitea and Forgejo and `act` do. */
function isOnRunner(environment: NodeJS.ProcessEnv): boolean {
  return Boolean(environment['GITHUB_ACTIONS']);
}

const PULL_REQUEST_EVENTS = ['pull_request', 'pull_request_review', 'pull_request_review_comment'];

function areSecretsWithheld(environment: NodeJS.ProcessEnv): boolean {
  if (environment['GITHUB_ACTOR'] === 'dependabot[bot]') return true;
  if (!PULL_REQUEST_EVENTS.includes(environment['GITHUB_EVENT_NAME'] ?? '')) return false;
  try {
    const event: { pull_request?: { head: { repo: { full_name: unknown } | null } } } = JSON.parse(
      readFileSync(environment['GITHUB_EVENT_PATH'] ?? '', 'utf8'),
    );
    if (event.pull_request === undefined) return false;
    // A fork that was deleted has no repository any more.
    return event.pull_request.head.repo?.full_name !== environment['GITHUB_REPOSITORY'];
  } catch {
    // Without the event nothing proves that secrets are withheld, so a missing one stays an error.
    return false;
  }
}

function isSuspicious(name: string, value: string | undefined): boolean {
  if (!value) return false;
  return name !== 'NODE_TLS_REJECT_UNAUTHORIZED' || value === '0';
}
