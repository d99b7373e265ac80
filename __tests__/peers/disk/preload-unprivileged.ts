import { chmodSync, chownSync } from 'node:fs';
import { dirname } from 'node:path';

// Loaded ahead of the program with --import, as root, whom no permission stops: goes on as an ordinary user.
const NOBODY = 65_534;
const { RUNNER_TEMP = '', GITHUB_WORKSPACE = '' } = process.env;
chmodSync(dirname(GITHUB_WORKSPACE), 0o755);
for (const name of ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV', 'GITHUB_PATH']) {
  const path = process.env[name];
  if (path) {
    chownSync(path, NOBODY, NOBODY);
    chmodSync(dirname(path), 0o755);
  }
}
chownSync(RUNNER_TEMP, NOBODY, NOBODY);
process.setgroups?.([]);
process.setgid?.(NOBODY);
process.setuid?.(NOBODY);
