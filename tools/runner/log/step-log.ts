import { type Annotation, Annotations, type AnnotationType, shortenMessage } from './annotations.ts';
import { type Command, type CommandName, isCommandName, parseCommand } from './commands.ts';
import { type Group, LogPrinter } from './log-printer.ts';
import { type Masks, trimBlanks } from './masks.ts';

/** Result of the lines of a step. */
export interface StepLogResult {
  /** The log as a user reads it, masked, without colours or times; each line ends in LF. */
  readonly log: string;
  /** Annotations as shown on the page of the run: at most ten of each type, masked, at most 4096 characters each. */
  readonly annotations: readonly Annotation[];
  /** All executed commands in order, so that a test finds commands that are not the action's own. */
  readonly commands: readonly Command[];
  /** Lines in the form of a command with an unknown name, which the runner prints unchanged. */
  readonly unknownCommands: readonly Command[];
  readonly groups: readonly Group[];
  /** Outputs and state from the deprecated `::set-output` and `::save-state`; those from files are separate. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  /** Reasons for which the runner fails a step regardless of its exit code. */
  readonly failures: readonly string[];
}

interface StepLogOptions {
  /** Masks of all steps of a job; `::add-mask::` adds to them. */
  readonly masks: Masks;
  /** `shown` when step debugging is on. */
  readonly debug: 'shown' | 'hidden';
  /** Receives each new line of the log. */
  readonly onLine?: ((line: string) => void) | undefined;
}

const PREFIXES: Readonly<Record<AnnotationType, string>> = {
  error: 'Error: ',
  warning: 'Warning: ',
  notice: 'Notice: ',
};

/** Commands that `::echo::on` does not show, because they print something themselves or contain secrets. */
const NOT_ECHOED: ReadonlySet<string> = new Set(['add-mask', 'debug', 'error', 'warning', 'notice', 'stop-commands']);

/**
 * Executes and prints the lines of a step as GitHub's runner does.
 *
 * Problem matchers are accepted and ignored. `set-env` and `add-path` fail the step, as they do by default.
 */
export class StepLog {
  readonly #masks: Masks;
  readonly #debug: 'shown' | 'hidden';
  readonly #printer: LogPrinter;
  readonly #annotations: Annotations;
  readonly #commands: Command[] = [];
  readonly #unknownCommands: Command[] = [];
  readonly #outputs: Record<string, string> = {};
  readonly #state: Record<string, string> = {};
  readonly #failures: string[] = [];
  #stopToken: string | undefined;
  #echo: 'on' | 'off' = 'off';

  constructor(options: StepLogOptions) {
    this.#masks = options.masks;
    this.#debug = options.debug;
    this.#printer = new LogPrinter(options.masks, options.onLine);
    this.#annotations = new Annotations(options.masks);
  }

  /** Takes the next line of standard output or standard error. */
  accept(line: string): void {
    const command = parseCommand(line, (name) => isCommandName(name) || name === this.#stopToken);
    if (command === undefined) {
      this.#noteUnknown(line);
      this.#printer.print(defuseMarkers(line));
    } else if (this.#stopToken !== undefined) {
      this.#acceptWhileStopped(command);
    } else if (isCommandName(command.name)) {
      this.#commands.push(command);
      if (this.#echo === 'on' && !NOT_ECHOED.has(command.name)) this.#printer.print(line);
      this.#obey(command.name, command);
    }
  }

  /** Adds a message of the runner. */
  issue(type: AnnotationType, message: string): void {
    this.#issue(type, { data: message, properties: {} });
  }

  /** Adds an error of the runner that fails the step. */
  fail(message: string): void {
    this.#failures.push(message);
    this.issue('error', message);
  }

  /** The result so far. */
  get result(): StepLogResult {
    return {
      log: this.#printer.text,
      annotations: this.#annotations.shown,
      commands: [...this.#commands],
      unknownCommands: [...this.#unknownCommands],
      groups: this.#printer.groups,
      outputs: { ...this.#outputs },
      state: { ...this.#state },
      failures: [...this.#failures],
    };
  }

  #noteUnknown(line: string): void {
    const unknown = parseCommand(line, (name) => /^[a-z][a-z-]*$/.test(name));
    if (unknown !== undefined) this.#unknownCommands.push(unknown);
  }

  #acceptWhileStopped(command: Command): void {
    this.#printer.print(command.line);
    if (command.name !== this.#stopToken) return;
    this.#commands.push(command);
    this.#stopToken = undefined;
  }

  #obey(name: CommandName, command: Command): void {
    switch (name) {
      case 'error':
      case 'warning':
      case 'notice':
        this.#issue(name, command);
        break;
      case 'debug':
        if (this.#debug === 'shown') this.#printer.print(`##[debug]${command.data}`);
        break;
      case 'group':
        this.#printer.openGroup(command.data);
        break;
      case 'endgroup':
        this.#printer.closeGroup();
        break;
      case 'add-mask':
        this.#addMask(command);
        break;
      case 'set-output':
        this.#setDeprecated(this.#outputs, command);
        break;
      case 'save-state':
        this.#setDeprecated(this.#state, command);
        break;
      case 'echo':
        this.#setEcho(command);
        break;
      case 'stop-commands':
        this.#stop(command);
        break;
      case 'set-env':
      case 'add-path':
        this.fail(`The '${name}' command is disabled. Please upgrade to using Environment Files.`);
        break;
      case 'add-matcher':
      case 'remove-matcher':
        break;
    }
  }

  #issue(type: AnnotationType, message: Pick<Command, 'data' | 'properties'>): void {
    this.#annotations.add(type, message);
    this.#printer.print(PREFIXES[type] + shortenMessage(this.#masks.mask(message.data)));
  }

  #addMask(command: Command): void {
    if (trimBlanks(command.data) === '') {
      this.issue('warning', "Can't add secret mask for empty string in ##[add-mask] command.");
    } else {
      if (this.#echo === 'on') this.#printer.print('::add-mask::***');
      this.#masks.add(command.data);
    }
  }

  #setDeprecated(values: Record<string, string>, { name: command, properties, data }: Command): void {
    const { name } = properties;
    if (name === undefined) {
      this.fail(`Required field 'name' is missing in ##[${command}] command.`);
    } else {
      values[name] = data;
      this.issue('warning', `The \`${command}\` command is deprecated. Please upgrade to using Environment Files.`);
    }
  }

  #setEcho(command: Command): void {
    const value = command.data.trim().toLowerCase();
    if (value === 'on' || value === 'off') this.#echo = value;
    else this.fail(`Invalid echo command value: '${command.data}'. Possible values are 'on' and 'off'.`);
  }

  #stop(command: Command): void {
    const token = command.data.toLowerCase();
    if (token === '' || token === 'pause-logging' || isCommandName(token)) {
      this.fail(`The token of stop-commands may not be empty, 'pause-logging' or a command: '${command.data}'.`);
      return;
    }
    if (token.length > 6) this.#masks.add(command.data);
    this.#stopToken = token;
    this.#printer.print(command.line);
  }
}

/** The runner marks steps of composite actions with these two markers, and changes them in output. */
function defuseMarkers(line: string): string {
  return line.replaceAll(/##\[(?=(?:start|end)-action)/g, '##[\\');
}
