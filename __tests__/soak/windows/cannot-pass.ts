import type { Outcome } from './suite.ts';

interface Listed {
  readonly reason: string;
  readonly file: string;
  readonly titles: readonly string[];
}

/** Tests that cannot pass under Windows' Node for a reason that their message does not tell. */
const LISTED: readonly Listed[] = [
  {
    reason: 'Wine gives no links',
    file: '__tests__/scenarios/own-files.test.ts',
    titles: [
      'output-dir may not lead out of the workspace through a link',
      'output-dir may not be a link, nor lie behind one: what it leads to is signed, or not, by another name',
      'a workspace behind a link is the same place by its real path, for every input that is a path',
    ],
  },
  {
    reason: 'Wine gives no links',
    file: '__tests__/worker/worker.test.ts',
    titles: [
      'when one signature of a batch cannot be written, only its own file fails',
      'a path that leads out of the tree is refused with the same error as in this thread',
    ],
  },
  {
    reason: 'only Linux lists open files in /proc',
    file: '__tests__/worker/worker.test.ts',
    titles: ['a cancelled task ends early, and its file is closed only when the task has ended'],
  },
  {
    reason: 'Windows has no names that are not UTF-8',
    file: '__tests__/scenarios/own-files.test.ts',
    titles: ['a manifest is replaced also when the run ends before it knows its files'],
  },
  {
    reason: 'a backslash separates directories on Windows',
    file: '__tests__/scenarios/input-errors.test.ts',
    titles: ['a line end that is none'],
  },
];

/** Returns why a failed test cannot pass under Windows' Node; `undefined` when no reason is listed. */
export function reasonOf({ file, title, messages }: Outcome): string | undefined {
  const tool = /\bspawn(?:Sync)? ([\w.-]+) ENOENT/.exec(messages)?.[1];
  if (tool !== undefined) return `${tool} is not installed`;
  // Node prints the path of the file that it cannot make: after its drive it holds what Windows refuses in names.
  if (/\bENOENT: no such file or directory, (?:open|mkdir|copyfile) '[A-Z]:\\[^']*["<>|?*:\n]/.test(messages)) {
    return 'Windows refuses the name of a file of the test';
  }
  return LISTED.find((each) => each.file === file && each.titles.some((listed) => title.endsWith(listed)))?.reason;
}
