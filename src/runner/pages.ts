/** URLs of pages that help a reader of a run; each is empty when the runner does not tell enough. */
export interface Pages {
  /** The commit of the run. */
  readonly commit: string;
  /** The run itself. */
  readonly run: string;
  /** The directory `docs` of the action, at the ref that runs. */
  readonly docs: string;
  /** Host of the artifact service, which a firewall must let through. */
  readonly artifactHost: string;
}

const SERVER = /^https?:\/\/[\w.-]+(?::\d+)?$/;
const REPOSITORY = /^[\w.-]+\/[\w.-]+$/;

/** Builds the URLs from the runner's variables. */
export function readPages(environment: NodeJS.ProcessEnv): Pages {
  const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: repository = '', GITHUB_SHA: commit = '' } = environment;
  const run = environment['GITHUB_RUN_ID'] ?? '';
  const results = environment['ACTIONS_RESULTS_URL'] ?? '';
  const artifactHost = URL.canParse(results) ? new URL(results).host : '';
  if (!SERVER.test(server)) return { commit: '', run: '', docs: '', artifactHost };
  const home = REPOSITORY.test(repository) ? `${server}/${repository}` : '';
  return {
    commit: home && /^[0-9a-f]{40,64}$/.test(commit) ? `${home}/commit/${commit}` : '',
    run: home && /^\d+$/.test(run) ? `${home}/actions/runs/${run}` : '',
    docs: docsOf(environment, server),
    artifactHost,
  };
}

/** Returns an empty text for an action from the checkout, and on Gitea, which does not tell the action's server. */
function docsOf(environment: NodeJS.ProcessEnv, server: string): string {
  const { GITHUB_ACTION_REPOSITORY: repository = '', GITHUB_ACTION_REF: ref } = environment;
  const isElsewhere = Boolean(environment['GITEA_ACTIONS'] || environment['FORGEJO_ACTIONS']);
  if (!REPOSITORY.test(repository) || isElsewhere) return '';
  const path = (ref || 'HEAD').split('/').map(encodeURIComponent).join('/').replaceAll("'", '%27');
  return `${server}/${repository}/blob/${path}/docs`;
}
