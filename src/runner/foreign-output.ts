/** Handlers for the lines that a library prints. */
interface ForeignLines {
  /** Converts a line of text, in which names are not escaped yet. */
  readonly line: (text: string) => string;
  /** Masks a value for a library. */
  readonly mask: (secret: string) => void;
  /** Converts a command other than a mask to text; empty to print nothing. */
  readonly command: (text: string) => string;
}

/** The streams of a process that the runner reads. */
type Streams = readonly Pick<NodeJS.WriteStream, 'write'>[];

/**
 * Escapes everything that is printed without this action's own functions.
 *
 * The runner finds commands anywhere in both streams, and libraries print file names and server texts raw, so that a
 * line end in a name could start a command. Returns a function in whose callback output passes unchanged.
 */
export function captureForeignOutput(streams: Streams, foreign: ForeignLines): <T>(print: () => T) => T {
  let isOwn = false;
  for (const stream of streams) {
    const original = stream.write.bind(stream);
    stream.write = (chunk: string | Uint8Array, second?: unknown, third?: unknown): boolean => {
      const callback = [second, third].find(isCallback);
      if (isOwn) return original(chunk, callback);
      return original(encode(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString(), foreign), callback);
    };
  }
  return (print) => {
    const before = isOwn;
    isOwn = true;
    try {
      return print();
    } finally {
      isOwn = before;
    }
  };
}

function isCallback(value: unknown): value is (error?: Error | null) => void {
  return typeof value === 'function';
}

/** Matches a command only if it is the whole output of a call; inside a text it comes from a name. */
const COMMAND = /^::([a-z-]+)(?: [^\r\n]*?)?::([^\r\n]*)\r?\n?$/;

function encode(text: string, foreign: ForeignLines): string {
  const [, command, data = ''] = COMMAND.exec(text) ?? [];
  if (command === 'add-mask') {
    foreign.mask(unescapeData(data));
    return '';
  }
  if (command !== undefined) return ended(foreign.command(unescapeData(data)));
  const lines = text.replace(/(?:\r\n|\r|\n)$/, '').split(/\r\n|\r|\n/);
  return text === '' ? '' : lines.map((line) => ended(foreign.line(line))).join('');
}

function ended(line: string): string {
  return line === '' ? '' : `${line}\n`;
}

/** Decodes the escapes of a command's data. */
function unescapeData(data: string): string {
  return data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}
