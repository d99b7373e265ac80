/** What runs under Windows' Node: the start of the paths of test files. The rest of the suite has not been looked at there. */
export const SCOPE: readonly string[] = [
  '__tests__/layers.test.ts',
  '__tests__/report/',
  '__tests__/protocols/',
  '__tests__/worker/',
  '__tests__/signing/run-',
  '__tests__/signing/policy',
  '__tests__/connection/connection-failure',
  '__tests__/connection/like-curl',
  '__tests__/tools/commands',
  '__tests__/scenarios/input-errors',
  '__tests__/scenarios/own-files',
];
