/** Actions of others that workflows here may use: their commit, the release it belongs to, and the inputs that we set. */
export const KNOWN_ACTIONS: Readonly<Record<string, { commit: string; release: string; inputs: readonly string[] }>> = {
  'actions/checkout': {
    commit: '3d3c42e5aac5ba805825da76410c181273ba90b1',
    release: 'v7.0.1',
    inputs: ['persist-credentials', 'repository', 'ref', 'path'],
  },
  'actions/setup-node': {
    commit: '820762786026740c76f36085b0efc47a31fe5020',
    release: 'v7.0.0',
    inputs: ['node-version', 'package-manager-cache'],
  },
  'actions/upload-artifact': {
    commit: 'bbbca2ddaa5d8feaa63e36b76fdaad77386f024f',
    release: 'v7.0.0',
    inputs: ['name', 'path', 'if-no-files-found', 'include-hidden-files', 'overwrite', 'retention-days'],
  },
  'actions/download-artifact': {
    commit: '3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c',
    release: 'v8.0.1',
    inputs: ['name', 'artifact-ids', 'pattern', 'path', 'merge-multiple', 'run-id', 'github-token', 'repository'],
  },
  'actions/attest': {
    commit: '1e69f48acb82d1966a394da916b4c1698aa569d6',
    release: 'v4.2.2',
    inputs: ['subject-path', 'subject-checksums'],
  },
  'ossf/scorecard-action': {
    commit: '2d1146689b8cda280b9bc96326124645441f03bc',
    release: 'v2.4.4',
    inputs: ['results_file', 'results_format', 'publish_results'],
  },
  'github/codeql-action': {
    commit: '8aad20d150bbac5944a9f9d289da16a4b0d87c1e',
    release: 'v4.36.2',
    inputs: ['languages', 'build-mode', 'queries', 'config', 'category', 'sarif_file'],
  },
  'zizmorcore/zizmor-action': {
    commit: 'f52a838cfabf134edcbaa7c8b3677dde20045018',
    release: 'v0.1.1',
    inputs: ['inputs', 'online-audits', 'advanced-security'],
  },
};

/** Names an action by its repository, without the path inside and the ref. */
export function repositoryOf(uses: string): string {
  return uses.split('@')[0]?.split('/').slice(0, 2).join('/') ?? '';
}
