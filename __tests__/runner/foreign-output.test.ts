import { describe, expect, test } from 'vitest';
import { show } from '../../src/files/names.ts';
import { captureForeignOutput } from '../../src/runner/foreign-output.ts';

/** A stream whose output is captured, and what came out of it. */
function capture() {
  const printed: string[] = [];
  const masks: string[] = [];
  let flushed = 0;
  const stream: { write: (chunk: string | Uint8Array, ...rest: unknown[]) => boolean } = {
    write: (chunk, callback) => {
      printed.push(String(chunk));
      if (typeof callback === 'function') {
        flushed++;
        callback();
      }
      return true;
    },
  };
  const own = captureForeignOutput([stream], {
    line: show,
    mask: (secret) => void masks.push(secret),
    command: (text) => `::debug::${show(text)}`,
  });
  return { stream, own, masks, text: () => printed.join(''), flushed: () => flushed };
}

describe('what a library prints', () => {
  test.each([
    ['an ordinary line', 'Uploaded bytes 22\n', 'Uploaded bytes 22\n'],
    [
      'a command in the middle',
      'Uploading artifact: ##[add-mask]a.zip\n',
      'Uploading artifact: ##\\x5b' + 'add-mask]a.zip\n',
    ],
    [
      'a command after a line end in a name',
      'Error: open /w/a\n::add-mask::root\n',
      'Error: open /w/a\n\\x3a:add-mask::root\n',
    ],
    ['a command after a carriage return', 'a\r::stop-commands::x\n', 'a\n\\x3a:stop-commands::x\n'],
    ['a command behind blanks', ' ::warning::x\n', ' \\x3a:warning::x\n'],
    ['a line in two pieces', 'half a line', 'half a line\n'],
    ['bytes', Buffer.from('ünï\n'), 'ünï\n'],
    ['a warning of its own', '::warning title=x::It failed%0Aagain, 100%25\n', '::debug::It failed\\nagain, 100%\n'],
    ['nothing', '', ''],
  ])('%s', (_, chunk, expected) => {
    const { stream, text, masks } = capture();
    stream.write(chunk);
    expect(text()).toBe(expected);
    expect(masks).toEqual([]);
  });

  test('a mask is taken over and not printed twice', () => {
    const { stream, text, masks } = capture();
    stream.write('::add-mask::a%25b\n');
    expect(masks).toEqual(['a%b']);
    expect(text()).toBe('');
  });

  test('calls back when it is written, in each form of the call', () => {
    const { stream, flushed } = capture();
    let called = 0;
    stream.write('a', 'utf8', () => called++);
    stream.write('', () => called++);
    expect([called, flushed()]).toEqual([2, 2]);
  });
});

test('what is printed as our own passes as it is, also from within', () => {
  const { stream, own, text } = capture();
  own(() => own(() => stream.write('::notice::1\n')) && stream.write('::notice::2\n'));
  expect(() =>
    own(() => {
      throw new Error('x');
    }),
  ).toThrow('x');
  stream.write('::notice::3\n');
  expect(text()).toBe('::notice::1\n::notice::2\n::debug::3\n');
});
