/** What becomes of a line that a library prints. */
interface ForeignLines {
  /** A line for people; names in it are not safe yet. */
  readonly line: (text: string) => string;
  /** A value that a library wants masked. */
  readonly mask: (secret: string) => void;
  /** A command of a library other than a mask, as text; empty when nothing is to be printed. */
  readonly command: (text: string) => string;
}

/** Both streams of a process whose lines the runner reads. */
type Streams = readonly Pick<NodeJS.WriteStream, 'write'>[];

/**
 * Sends everything that is printed past the runner's own functions through the encoder.
 *
 * The runner finds commands anywhere in both streams. Libraries print names of files and texts of servers raw: a line end
 * in a name would begin a command. Returns a function in whose callback printing is our own and passes as it is.
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

/** A command is one only when it is all that a library prints at once: in the middle of a text it comes from a name. */
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

/** Undoes the escapes of a command's data. */
function unescapeData(data: string): string {
  return data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}
