import { errorWithCode } from '../../errors.ts';
import { tooLarge } from '../exchange.ts';
import type { ExchangeProgress } from '../exchange-progress.ts';
import {
  answerLength,
  foreign,
  type Headers,
  isChunked,
  MAX_HEADER_BYTES,
  malformed,
  readHeaders,
  readStatus,
} from './answer-head.ts';

/** Most pieces of an answer: each one is searched for the end of a line. */
const MAX_PIECES = 8192;

/** What comes next: a line of the head, of chunks (`size`, the `gap` behind one, `trailer`), or bytes of the body; `rest` ends with the connection. */
type Part = 'head' | 'size' | 'gap' | 'trailer' | 'chunk' | 'body' | 'rest' | 'nothing';

/** Reads one answer piece by piece, with the tolerance that `exchangeLeniently` describes; throws when it is no HTTP/1.1 all the same. */
export class AnswerReader {
  readonly #progress: ExchangeProgress;
  readonly #upTo: 'head' | 'body';
  #next: Part = 'head';
  /** What has come and was not read yet. */
  #bytes: Buffer = Buffer.alloc(0);
  #pieces = 0;
  #wireBytes = 0;
  /** Status of a head that is not whole yet, 0 before its line. */
  #status = 0;
  /** Further lines of that head. */
  #lines: string[] = [];
  /** Bytes of lines since the last byte of a body. */
  #lineBytes = 0;
  /** Bytes that are left of the body, or of a chunk. */
  #left = 0;

  /** Notes in `progress` how far the answer has come, and collects its body there; with `head` the answer is whole with its headers. */
  constructor(progress: ExchangeProgress, upTo: 'head' | 'body' = 'body') {
    this.#progress = progress;
    this.#upTo = upTo;
  }

  /** Takes the next bytes; returns whether the answer is whole. */
  add(piece: Buffer): boolean {
    if (++this.#pieces > MAX_PIECES)
      throw this.#upTo === 'head'
        ? headersTooLarge()
        : tooLarge(`comes in more than ${MAX_PIECES} pieces`, this.#progress);
    this.#wireBytes += piece.length;
    this.#bytes = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece]);
    while (this.#next !== 'nothing' && this.#step());
    return this.#next === 'nothing';
  }

  /** Returns what has come behind the answer. */
  get rest(): Buffer {
    return this.#bytes;
  }

  /** Tells whether the answer is whole when the connection ends now. */
  get mayEnd(): boolean {
    return this.#next === 'nothing' || this.#next === 'rest';
  }

  /** Reads one line or one run of bytes; returns `false` when more bytes are needed. */
  #step(): boolean {
    if (this.#next === 'body' || this.#next === 'chunk' || this.#next === 'rest') return this.#takeBytes();
    const line = this.#takeLine();
    if (line === undefined) return false;
    this.#read(line);
    return true;
  }

  #read(line: string): void {
    if (this.#next === 'head') this.#readHead(line);
    else if (this.#next === 'size') this.#beginChunk(line);
    else if (this.#next === 'trailer') this.#next = line === '' ? 'nothing' : 'trailer';
    else if (line === '') this.#next = 'size';
    else throw malformed('Expected the end of a chunk');
  }

  #readHead(line: string): void {
    // An empty line before the status line is a remainder of something else.
    if (line === '' && this.#status === 0) return;
    if (this.#status === 0) {
      this.#status = readStatus(line);
      this.#progress.beginsOddly ||= !/^HTTP\/1\.[01] \d/.test(line);
    } else if (line !== '') this.#lines.push(line);
    else this.#endHead(this.#status, this.#lines.splice(0));
  }

  #endHead(status: number, lines: readonly string[]): void {
    this.#status = 0;
    // In the words of the strict client, so that both have one failure for it.
    if (status === 101 && this.#upTo === 'body') throw new Error('bad upgrade');
    if (status >= 200 || status === 101) this.#beginBody(status, readHeaders(lines));
  }

  #beginBody(status: number, headers: Headers): void {
    this.#progress.status = status;
    this.#progress.headers = headers;
    if (this.#upTo === 'head' || status === 204 || status === 304) this.#next = 'nothing';
    else if (isChunked(headers)) this.#next = 'size';
    else {
      const length = answerLength(headers);
      this.#left = length ?? Number.POSITIVE_INFINITY;
      this.#next = length === undefined ? 'rest' : 'body';
    }
  }

  #beginChunk(line: string): void {
    const size = /^([\da-f]{1,8})[ \t]*(?:;.*)?$/is.exec(line)?.[1];
    if (size === undefined) throw malformed('Invalid character in chunk size');
    this.#left = Number.parseInt(size, 16);
    this.#next = this.#left === 0 ? 'trailer' : 'chunk';
  }

  #takeBytes(): boolean {
    const taken = this.#bytes.subarray(0, Math.min(this.#left, this.#bytes.length));
    this.#bytes = this.#bytes.subarray(taken.length);
    this.#left -= taken.length;
    this.#lineBytes = 0;
    const refusal = taken.length > 0 ? this.#progress.body.add(taken, this.#wireBytes) : undefined;
    if (refusal !== undefined) throw tooLarge(refusal, this.#progress);
    if (this.#left > 0) return false;
    this.#next = this.#next === 'chunk' ? 'gap' : 'nothing';
    return true;
  }

  /** Takes a line that ends in LF, with or without a CR; `undefined` when its end has not come. */
  #takeLine(): string | undefined {
    const end = this.#bytes.indexOf('\n');
    const isFirst = this.#next === 'head' && this.#status === 0;
    if (end < 0 && isFirst) checkBeginning(this.#bytes.toString('latin1'));
    if (this.#lineBytes + (end < 0 ? this.#bytes.length : end) > MAX_HEADER_BYTES) throw headersTooLarge();
    if (end < 0) return undefined;
    this.#lineBytes += end + 1;
    const line = this.#bytes.toString('latin1', 0, end).replace(/\r$/, '');
    this.#bytes = this.#bytes.subarray(end + 1);
    return line;
  }
}

/** Nobody should wait for the end of a line of what is no HTTP, or ends its lines in CR alone. */
function checkBeginning(text: string): void {
  if (!'HTTP/'.startsWith(text.trimStart().slice(0, 5).toUpperCase())) throw foreign(text);
  if (/\r./s.test(text.trimStart())) throw malformed('Missing expected LF after the status line');
}

function headersTooLarge(): Error {
  return errorWithCode('HPE_HEADER_OVERFLOW', 'Header overflow');
}
