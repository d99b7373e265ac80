import { debug, endGroup, error, getIDToken, info, notice, setSecret, startGroup, warning } from '@actions/core';
import { show } from './files/names.ts';
import { CommandFile, type FilePlace } from './runner/command-file.ts';
import { tidyEnvironment } from './runner/environment.ts';
import { type RunnerFacts, readFacts } from './runner/facts.ts';
import { captureForeignOutput } from './runner/foreign-output.ts';
import { drawIdToken } from './runner/id-token.ts';
import { guardSecrets } from './runner/job-tokens.ts';
import { Masks } from './runner/masks.ts';

/** The facts of the job, and the only way to print, to mask and to set outputs. */
export interface Runner {
  readonly facts: RunnerFacts;
  /** Returns an input without surrounding white space, `undefined` when empty, and removes it from the environment. */
  readonly takeInput: (name: string) => string | undefined;
  /** Keeps values out of everything that is printed from now on. */
  readonly mask: (secrets: Iterable<string>) => void;
  /** Replaces each masked value, then cuts; call it where a text comes in, as an earlier cut would hide a secret. */
  readonly scrub: (text: string, maxLength?: number) => string;
  /** Replaces every masked value in a text of this action. */
  readonly scrubOwn: (text: string) => string;
  /** Tells whether a text contains a masked value that is too long to be there by chance. */
  readonly holdsSecret: (text: string) => boolean;
  readonly line: (text: string) => void;
  /** Prints lines in one write, in a tenth of the time that single writes take. */
  readonly lines: (texts: readonly string[]) => void;
  readonly debug: (text: string) => void;
  /** Opens a group of lines and closes the previous one. */
  readonly openGroup: (title: string) => void;
  readonly closeGroup: () => void;
  readonly annotate: (level: 'notice' | 'warning' | 'error', title: string, text: string) => void;
  /** Throws, as `output` and `saveState` would, when the runner's files for outputs or state cannot be written. */
  readonly checkFiles: () => void;
  /**
   * Stops using the runner's files that are also release files, which must not be changed. `whatIs` describes such a
   * file, or returns `undefined`. Returns a description for each variable that names one.
   */
  readonly giveUpFiles: (whatIs: (file: FilePlace) => string | undefined) => string[];
  readonly output: (name: string, value: string) => void;
  readonly saveState: (name: string, value: string) => void;
  /** Requests an OIDC token of this job for an audience, masked. Throws `ID_TOKEN_MISSING`, `ID_TOKEN_REFUSED`. */
  readonly drawIdToken: (audience: string) => Promise<string>;
  /** URL of an artifact of this run; empty without an id, or when the runner does not provide enough for a URL. */
  readonly artifactUrl: (id: number | undefined) => string;
  /** Appends Markdown to the job summary; names in it must be escaped already. */
  readonly summary: (markdown: string) => void;
}

const PRINT = { notice, warning, error };
const LABELS = { notice: 'Notice', warning: 'Warning', error: 'Error' };

/** Connects to the runner; what libraries print on the streams may quote a server: it is scrubbed and escaped. */
export function createRunner(
  environment: NodeJS.ProcessEnv,
  streams: Parameters<typeof captureForeignOutput>[0] = [],
): Runner {
  const masks = new Masks();
  const line = (text: string): string => show(masks.scrub(text));
  const foreignLine = (text: string): string => show(masks.scrubForeign(text));
  const command = (text: string): string => (facts.isOnRunner ? debugCommand(foreignLine(text)) : '');
  const mask = (secret: string): void => {
    own(() => {
      for (const form of masks.add(secret)) if (facts.isOnRunner) setSecret(form);
    });
  };
  const own = captureForeignOutput(streams, { line: foreignLine, mask, command });
  const outputs = new CommandFile(environment, 'GITHUB_OUTPUT');
  const states = new CommandFile(environment, 'GITHUB_STATE');
  const summaries = new CommandFile(environment, 'GITHUB_STEP_SUMMARY');
  const facts = readFacts(environment);
  guardSecrets(environment, mask);
  tidyEnvironment(environment);
  return {
    facts,
    takeInput: (name) => takeInput(environment, name),
    mask: (secrets) => [...secrets].forEach(mask),
    scrub: (text, maxLength) => masks.scrubForeign(text, maxLength),
    scrubOwn: (text) => masks.scrub(text),
    holdsSecret: (text) => masks.isIn(text),
    ...choosePrinter(facts, line, own),
    checkFiles() {
      for (const file of [outputs, states]) file.check();
    },
    giveUpFiles: (whatIs) => [outputs, states, summaries].flatMap((file) => giveUp(file, whatIs)),
    output: (name, value) => outputs.set(name, masks.scrubValue(value)),
    saveState: (name, value) => states.set(name, value),
    drawIdToken: (audience) => drawIdToken(() => getIDToken(audience), audience, facts),
    artifactUrl: (id) => (id === undefined || facts.pages.run === '' ? '' : `${facts.pages.run}/artifacts/${id}`),
    summary: (markdown) => summaries.append(masks.scrub(markdown)),
  };
}

/** Builds the command of a debug line: a library's warnings and errors come a second time as ours, with what they mean here. */
function debugCommand(line: string): string {
  return `::debug::${line.replaceAll('%', '%25')}`;
}

function giveUp(file: CommandFile, whatIs: (file: FilePlace) => string | undefined): string[] {
  const place = file.look();
  const what = place && whatIs(place);
  if (what === undefined) return [];
  file.giveUp();
  return [`${file.variable} names ${what}`];
}

type Printer = Pick<Runner, 'line' | 'lines' | 'debug' | 'openGroup' | 'closeGroup' | 'annotate'>;

function choosePrinter(
  { isOnRunner, isDebug }: RunnerFacts,
  line: (text: string) => string,
  own: ReturnType<typeof captureForeignOutput>,
): Printer {
  return isOnRunner ? createPrinter(line, own) : createPlainPrinter(line, own, isDebug ? 'shown' : 'hidden');
}

/** Prints to the log of a runner; `line` masks and escapes each line. */
function createPrinter(line: (text: string) => string, own: ReturnType<typeof captureForeignOutput>): Printer {
  return {
    line: (text) => own(() => info(line(text))),
    lines: (texts) => own(() => info(texts.map(line).join('\n'))),
    debug: (text) => own(() => debug(line(text))),
    openGroup: (title) => own(() => startGroup(line(title))),
    closeGroup: () => own(endGroup),
    annotate(level, title, text) {
      own(() => PRINT[level](text.split('\n').map(line).join('\n'), { title: line(title) }));
    },
  };
}

/** Prints to a terminal, where no runner turns commands into groups and annotations. */
function createPlainPrinter(
  line: (text: string) => string,
  own: ReturnType<typeof captureForeignOutput>,
  debugLines: 'shown' | 'hidden',
): Printer {
  const print = (text: string): void => own(() => info(line(text)));
  return {
    line: print,
    lines: (texts) => own(() => info(texts.map(line).join('\n'))),
    debug: (text) => (debugLines === 'shown' ? print(text) : undefined),
    openGroup: (title) => print(`▼ ${title}`),
    closeGroup: () => {},
    annotate(level, title, text) {
      const label = LABELS[level];
      for (const [at, each] of text.split('\n').entries())
        print(at === 0 ? `${label}: ${title}: ${each}` : `  ${each}`);
    },
  };
}

function takeInput(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const variable = `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`;
  const value = environment[variable]?.trim();
  // Keeps the input out of crash reports and child processes.
  delete environment[variable];
  return value === '' ? undefined : value;
}
