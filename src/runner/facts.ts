import { url as inspectorUrl } from 'node:inspector';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { ProxyVariable } from '../environment.ts';
import { show } from '../files/names.ts';
import { findSuspicious, findTaps } from './environment.ts';
import { type EventFacts, readEvent } from './event.ts';
import { type Pages, readPages } from './pages.ts';

/** The job around this step; paths are absolute. */
export interface RunnerFacts extends EventFacts {
  readonly workspace: string;
  readonly temporaryDirectory: string;
  /** `owner/name`; empty when nothing says it, as are the next two. */
  readonly repository: string;
  /** Name of the tag or branch. */
  readonly refName: string;
  readonly commit: string;
  readonly pages: Pages;
  /** 1 for the first run of a job, more for a re-run. */
  readonly runAttempt: number;
  /** Most days that GitHub keeps an artifact of this repository. */
  readonly maxRetentionDays: number;
  readonly isDebug: boolean;
  /** Whether the job may draw OIDC tokens: it has the permission `id-token: write`, and is none of a fork. */
  readonly hasIdTokens: boolean;
  /** False on a terminal, where a command that masks a secret would show it. */
  readonly isOnRunner: boolean;
  readonly httpsProxy: ProxyVariable | undefined;
  readonly httpProxy: ProxyVariable | undefined;
  readonly noProxy: string | undefined;
  /** Variables that weaken or tap TLS, or change what this process runs, with what they carry. */
  readonly suspiciousVariables: readonly string[];
  /** Options of Node that let others read keys from TLS connections or from memory. */
  readonly taps: readonly string[];
}

/** Days that GitHub keeps an artifact at most, where the runner does not say what the repository allows. */
const MAX_RETENTION_DAYS = 400;

/** Reads what the runner tells about the job in its variables. */
export function readFacts(environment: NodeJS.ProcessEnv): RunnerFacts {
  // An inspector may be there by another way than NODE_OPTIONS.
  const taps = findTaps(environment);
  return {
    ...readEvent(environment),
    // What would end a line of a summary or a guide is escaped here, once for all places that show it.
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
    // GitHub's runner sets it, as those of Gitea and Forgejo and `act` do.
    isOnRunner: Boolean(environment['GITHUB_ACTIONS']),
    httpsProxy: proxyVariable(environment, 'https_proxy') ?? generalProxy(environment),
    httpProxy: proxyVariable(environment, 'http_proxy') ?? generalProxy(environment),
    noProxy: proxyVariable(environment, 'no_proxy')?.value,
    suspiciousVariables: findSuspicious(environment),
    taps: taps.length === 0 && inspectorUrl() !== undefined ? ['--inspect'] : taps,
  };
}

/** The name in lower case wins, and an empty value is none, as in curl and in the libraries of actions. */
function proxyVariable(environment: NodeJS.ProcessEnv, name: string): ProxyVariable | undefined {
  const known = [name, name.toUpperCase()].map((each) => ({ name: each, value: environment[each] ?? '' }));
  return known.find(({ value }) => value !== '');
}

/** Curl takes `all_proxy` for every scheme; one of SOCKS is for other programs. */
function generalProxy(environment: NodeJS.ProcessEnv): ProxyVariable | undefined {
  const variable = proxyVariable(environment, 'all_proxy');
  return variable && /^https?:/i.test(variable.value) ? variable : undefined;
}

function positive(text: string | undefined): number | undefined {
  return text && /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}
