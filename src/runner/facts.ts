import { url as inspectorUrl } from 'node:inspector';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { ProxyVariable } from '../environment.ts';
import { show } from '../files/names.ts';
import { findSuspicious, findTaps } from './environment.ts';
import { type EventFacts, readEvent } from './event.ts';
import { type Pages, readPages } from './pages.ts';

/** Facts about the job of this step; paths are absolute. */
export interface RunnerFacts extends EventFacts {
  readonly workspace: string;
  readonly temporaryDirectory: string;
  /** `owner/name`; empty when unknown, as are the next two. */
  readonly repository: string;
  /** Name of the tag or branch. */
  readonly refName: string;
  readonly commit: string;
  readonly pages: Pages;
  /** 1 for the first run of a job, more for a re-run. */
  readonly runAttempt: number;
  /** Longest retention of this repository's artifacts, in days. */
  readonly maxRetentionDays: number;
  readonly isDebug: boolean;
  /** Whether the job may request OIDC tokens: it has the permission `id-token: write` and does not run for a fork. */
  readonly hasIdTokens: boolean;
  /** False on a terminal, where a mask command would show the secret. */
  readonly isOnRunner: boolean;
  readonly httpsProxy: ProxyVariable | undefined;
  readonly httpProxy: ProxyVariable | undefined;
  readonly noProxy: string | undefined;
  /** Variables that weaken or tap TLS, or change what this process runs, with their values. */
  readonly suspiciousVariables: readonly string[];
  /** Options of Node that expose keys of TLS connections or memory. */
  readonly taps: readonly string[];
}

/** GitHub's longest retention of artifacts in days, used when the runner does not tell the repository's. */
const MAX_RETENTION_DAYS = 400;

/** Reads the facts about the job from the runner's variables. */
export function readFacts(environment: NodeJS.ProcessEnv): RunnerFacts {
  // An inspector may also have been enabled without NODE_OPTIONS.
  const taps = findTaps(environment);
  return {
    ...readEvent(environment),
    // Line ends are escaped once here, for all places that show these values.
    eventName: show(environment['GITHUB_EVENT_NAME'] ?? ''),
    workspace: environment['GITHUB_WORKSPACE'] ?? process.cwd(),
    temporaryDirectory: resolve(environment['RUNNER_TEMP'] || tmpdir()),
    repository: show(environment['GITHUB_REPOSITORY'] ?? ''),
    refName: show(environment['GITHUB_REF_NAME'] ?? ''),
    commit: show(environment['GITHUB_SHA'] ?? ''),
    pages: readPages(environment),
    runAttempt: Number(environment['GITHUB_RUN_ATTEMPT'] ?? 1),
    maxRetentionDays: positive(environment['GITHUB_RETENTION_DAYS']) ?? MAX_RETENTION_DAYS,
    isDebug: environment['RUNNER_DEBUG'] === '1',
    hasIdTokens: Boolean(environment['ACTIONS_ID_TOKEN_REQUEST_URL'] && environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN']),
    // Set by the runners of GitHub, Gitea and Forgejo, and by `act`.
    isOnRunner: Boolean(environment['GITHUB_ACTIONS']),
    httpsProxy: proxyVariable(environment, 'https_proxy') ?? generalProxy(environment),
    httpProxy: proxyVariable(environment, 'http_proxy') ?? generalProxy(environment),
    noProxy: proxyVariable(environment, 'no_proxy')?.value,
    suspiciousVariables: findSuspicious(environment),
    taps: taps.length === 0 && inspectorUrl() !== undefined ? ['--inspect'] : taps,
  };
}

/** Prefers the lower-case name and ignores empty values, as curl and the libraries of actions do. */
function proxyVariable(environment: NodeJS.ProcessEnv, name: string): ProxyVariable | undefined {
  const known = [name, name.toUpperCase()].map((each) => ({ name: each, value: environment[each] ?? '' }));
  return known.find(({ value }) => value !== '');
}

/** Returns `all_proxy`, which curl uses for every scheme, unless it is a SOCKS proxy for other programs. */
function generalProxy(environment: NodeJS.ProcessEnv): ProxyVariable | undefined {
  const variable = proxyVariable(environment, 'all_proxy');
  return variable && /^https?:/i.test(variable.value) ? variable : undefined;
}

function positive(text: string | undefined): number | undefined {
  return text && /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}
