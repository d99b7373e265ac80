import type { Outcome } from './suite.ts';

/** What preload-links.ts says. */
const NO_LINKS = 'Wine makes no symbolic links';

/** Beginnings or ends of titles, by the file of the tests below `__tests__`. */
type Titles = Readonly<Record<string, readonly string[]>>;

/** Tests that cannot pass under Windows' Node for a reason that their message does not tell, by this reason. */
const LISTED: Readonly<Record<string, Titles>> = {
  [NO_LINKS]: {
    'faults/files.test.ts': ['a file that is replaced by a link while it is signed fails alone'],
  },
  'Windows has no rights that a file can lack by its mode': {
    'files/links.test.ts': ['directories that cannot be read'],
    'files/no-right.test.ts': ['writing is explained', 'a signature that cannot be read says why'],
    'files/open-file.test.ts': ['a file that may not be read is named, with its path and the reason'],
  },
  'Wine takes longer paths than Linux': {
    'files/links.test.ts': ['a huge tree is not entered when it is excluded'],
  },
  'Windows has no FIFOs, and no sockets in its file systems': {
    'files/links.test.ts': ['what is no regular file is refused, and named'],
    'files/open-file.test.ts': ['a FIFO does not make the run hang'],
    'files/signature-file.test.ts': ['reads nothing through a link, and nothing that is no file or too large'],
  },
  'Windows has no names that are not UTF-8': {
    'faults/files.test.ts': ['that are not UTF-8 are refused with their bytes, before any connection'],
    'files/left-out.test.ts': ['whatever it is called and whether or not it can be read'],
    'modes/verify.test.ts': ['results are kept when the search for orphans fails'],
    'scenarios/own-files.test.ts': ['a manifest is replaced also when the run ends before it knows its files'],
  },
  'Windows finds a name in another case': {
    'faults/files.test.ts': ['and unusual names, are each signed under their own name'],
    'files/discover.test.ts': ['that differ only by composition or case are different files'],
    'files/left-out.test.ts': ['a signature moved to another name covers nothing'],
    'files/real-path.test.ts': [
      'two spellings are one place only where the file system finds one file by both',
      'hard links whose names differ only in case or composition are two places',
    ],
    'scenarios/left-out.test.ts': [
      'a hard link to the checksums in another case is a file of the release, which has no signature',
    ],
  },
  'a backslash divides directories on Windows, and escapes nothing': {
    'files/discover.test.ts': ['patterns "dist/app[.]zip\\ndist/app\\\\.txt"'],
    'files/glob.test.ts': ['a search begins behind the names that hold no wildcard'],
    'files/patterns.test.ts': ['lines "a[,]b\\na\\\\,b', 'lines "a\\\\"'],
    'scenarios/planned.test.ts': ['one error lists everything that is in the way'],
    'mistakes/mistakes.test.ts': ['The pattern has backslashes', 'messages.md has every message as a user reads it'],
  },
  'Windows says of a missing right what it says of a file that another program has open': {
    'files/patience.test.ts': ['is repeated only where a write has succeeded before'],
  },
  'Wine gives no file the name of one that is open': {
    'files/open-file.test.ts': [
      'that is replaced by one of the same size after it was opened has changed',
      'copied over itself and the same bytes has not changed',
    ],
  },
  'Windows tells no reason for a name that is too long': {
    'files/signature-file.test.ts': ['gives the reason of the system, and what to do'],
  },
  'Windows ends a process where other systems send it a signal': {
    'faults/environment.test.ts': ['a crash report of the process holds no input and no environment'],
    'faults/runner.test.ts': ['cancelled while'],
    'scenarios/cancel.test.ts': ['ends within a second, red, with a summary and no half file'],
    'scenarios/secrets.test.ts': ['are not in a diagnostic report of the process'],
    'rehearsal/serve.test.ts': ['ends it, and its files are gone'],
    'tools/runner-ends.test.ts': ['cancelling sends SIGINT first, and the post step still runs'],
    'tools/step.test.ts': ['Ctrl+C cancels the step as GitHub does: it says how far it came'],
  },
  'Windows has no limit of open files that another program can set': {
    'faults/files.test.ts': ['a low limit of open files costs time and loses no file'],
  },
  'Windows drops no connection because a queue is full': {
    'faults/addresses.test.ts': [
      'a dead first address costs its share of the time once, and nothing else',
      'when no address answers, the error names each with its result',
    ],
  },
  'bash or sh is not installed': {
    'docs/consistency.test.ts': ['the commands of the README check what the action signed'],
    'docs/identity.test.ts': ['docs/identity.md, each command run as it stands'],
    'docs/inventory.test.ts': ['each option of a sentence is one that its command knows'],
    'docs/verify-release.test.ts': ['a whole directory', 'an empty directory is no sound release'],
    'docs/verify.test.ts': ['the command for one file', 'what comes before it', 'a time stamp is checked'],
    'page/guide.test.ts': ['with the checksums'],
    'scenarios/kit.test.ts': ['the commands of the kit accept the release, and the key is the one that signed'],
    'scenarios/timestamp.test.ts': ['the kit names the stamp, and its command for the time works too'],
    'rehearsal/serve.test.ts': ['the printed command signs with the action on this machine', 'with given certificates'],
  },
  'Wine tells at once that a connection has ended, not with the next request': {
    'connection/doubtful.test.ts': ['a server that worked before and now speaks another protocol has an outage'],
  },
  'Windows’ Node comes without the headers of OpenSSL': {
    'connection/tls-failure.test.ts': [''],
  },
  'only Linux lists open files in /proc': {
    'worker/worker.test.ts': ['a cancelled task ends early, and its file is closed only when the task has ended'],
  },
};

/** Tests that pass at times, when the machine has little else to do. */
const AT_TIMES: Readonly<Record<string, Titles>> = {
  'Wine loses at times what was sent when a reset follows': {
    'faults/status.test.ts': [
      'fails its file alone, with its size and the reason that the service gives, and is not repeated',
    ],
    'rehearsal/faults-answer.test.ts': [
      'answer: 413 in the middle of the upload, then a reset',
      'cut: half an answer by content-length, then reset',
    ],
  },
  'a service under Wine is at times too slow to count as fast': {
    'connection/prepared-connections.test.ts': ['a fast service gets no more connections than it needs'],
  },
};

/** Returns why a failed test cannot pass under Windows' Node; `undefined` when no reason is listed. */
export function reasonOf(outcome: Outcome): string | undefined {
  const tool = /\bspawn(?:Sync)? ([\w.-]+) ENOENT/.exec(outcome.messages)?.[1];
  if (tool !== undefined) return `${tool} is not installed`;
  if (outcome.messages.includes(NO_LINKS)) return NO_LINKS;
  // Node prints the path of the file that it cannot make: after its drive it holds what Windows refuses in names.
  if (/\bENOENT: no such file or directory, (?:open|mkdir|copyfile) '[A-Z]:\\[^']*["<>|?*:\n]/.test(outcome.messages))
    return 'Windows refuses the name of a file of the test';
  return [...ALWAYS, ...entriesOf(AT_TIMES)].find((entry) => means(entry, outcome))?.reason;
}

interface Entry {
  readonly reason: string;
  readonly file: string;
  readonly title: string;
}

function entriesOf(listed: Readonly<Record<string, Titles>>): Entry[] {
  return Object.entries(listed).flatMap(([reason, files]) =>
    Object.entries(files).flatMap(([file, titles]) => titles.map((title) => ({ reason, file, title }))),
  );
}

const ALWAYS: readonly Entry[] = entriesOf(LISTED);

function means({ file, title }: Entry, outcome: Outcome): boolean {
  return `__tests__/${file}` === outcome.file && (outcome.title.startsWith(title) || outcome.title.endsWith(title));
}

/** Lists what stands here although none of its tests failed, of the files that ran: it passes by now, or has another name. */
export function needless(outcomes: readonly Outcome[]): readonly string[] {
  const failed = outcomes.filter(({ status }) => status === 'failed');
  const files = new Set(outcomes.map(({ file }) => file));
  const ran = ALWAYS.filter(({ file }) => files.has(`__tests__/${file}`));
  return ran
    .filter((entry) => !failed.some((outcome) => means(entry, outcome)))
    .map(({ file, title }) => `${file}: ${title}`);
}
