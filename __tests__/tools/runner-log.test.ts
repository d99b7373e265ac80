import { expect, test } from 'vitest';
import { play } from './fixture.ts';

test('lines end at CR, LF and CRLF, on both outputs, and the last needs no end', async () => {
  const run = await play([['out', 'one\rtwo\r\nthree\n\nfour']]);
  expect(run.log).toBe('one\ntwo\nthree\n\nfour\n');
  const error = await play([['err', 'to stderr\r::error::from stderr\n']]);
  expect(error.log).toBe('to stderr\nError: from stderr\n');
});

test('a CR inside a line makes a command of what follows', async () => {
  const run = await play([['out', 'signing c\r::warning::hidden in a name\n']]);
  expect(run.commands).toMatchObject([{ name: 'warning', form: '::', data: 'hidden in a name' }]);
});

test('annotations carry title and file, unescaped; the log shows them as words', async () => {
  const run = await play([['out', '  ::error title=Bad%3A%2C one,file=a.txt,line=3::50%25 lost%0Aread on\n']]);
  expect(run.annotations).toEqual([
    { type: 'error', title: 'Bad:, one', message: '50% lost\nread on', file: 'a.txt', line: '3' },
  ]);
  expect(run.log).toBe('Error: 50% lost\nread on\n');
});

test('a bracket command counts anywhere in a line and hides what stands before it', async () => {
  const run = await play([['out', 'signed b##[error title=x%5D%3B]t%5D\nharmless ::error::here\n']]);
  expect(run.log).toBe('Error: t]\nharmless ::error::here\n');
  expect(run.annotations).toMatchObject([{ type: 'error', title: 'x];', message: 't]' }]);
});

test('unknown commands are printed and noted', async () => {
  const run = await play([['out', '::fancy x=1::data\n##[section]Start\n']]);
  expect(run.log).toBe('::fancy x=1::data\n##[section]Start\n');
  expect(run.commands).toEqual([]);
  expect(run.unknownCommands.map(({ name }) => name)).toEqual(['fancy', 'section']);
});

test('commands stop until the token comes', async () => {
  const run = await play([
    ['out', '::stop-commands::token-1\n::error::not obeyed\n##[error]nor this\n::TOKEN-1::\n::notice::obeyed\n'],
  ]);
  expect(run.commands.map(({ name }) => name)).toEqual(['stop-commands', 'token-1', 'notice']);
  expect(run.annotations).toMatchObject([{ type: 'notice', message: 'obeyed' }]);
  expect(run.log).toBe('::stop-commands::***\n::error::not obeyed\n##[error]nor this\n::TOKEN-1::\nNotice: obeyed\n');
});

test('groups fold the lines between them', async () => {
  const run = await play([['out', '::group::First\na\n::group::Second\nb\n::endgroup::\nc\n']]);
  expect(run.groups).toEqual([
    { title: 'First', lines: ['a'] },
    { title: 'Second', lines: ['b'] },
  ]);
  expect(run.log).toBe('▼ First\n  a\n▼ Second\n  b\nc\n');
});

test('debug lines are shown with RUNNER_DEBUG only', async () => {
  const quiet = await play([['out', '::debug::details\n']]);
  expect(quiet.log).toBe('');
  const loud = await play([['out', '::debug::details\n']], { env: { RUNNER_DEBUG: '1' } });
  expect(loud.log).toBe('##[debug]details\n');
});

test('the page shows ten annotations of each type, the log all of them', async () => {
  const run = await play([
    ['out', Array.from({ length: 12 }, (_, index) => `::error::number ${index}\n`).join('')],
    ['out', `::warning::${'x'.repeat(5000)}\n`],
  ]);
  expect(run.annotations.filter(({ type }) => type === 'error')).toHaveLength(10);
  expect(run.log).toContain('Error: number 11');
  expect(run.annotations.at(-1)?.message).toHaveLength(4096);
});

test('a message is cut at 4096 characters, in the log as on the page, after it was masked', async () => {
  const run = await play([['out', `::error::${'x'.repeat(4094)} a secret and more\n`]], { secrets: ['a secret'] });
  expect(run.log).toBe(`Error: ${'x'.repeat(4094)} *\n`);
  expect(run.annotations[0]?.message).toBe(`${'x'.repeat(4094)} *`);
});

test('only the message of an annotation is masked, not its title and its file', async () => {
  const run = await play([['out', '::warning title=a secret,file=a secret.txt::a secret\n']], {
    secrets: ['a secret'],
  });
  expect(run.annotations).toMatchObject([{ title: 'a secret', file: 'a secret.txt', message: '***' }]);
});

test.each([
  ['a zero-width blank in the second pair of colons', '::error:\u200b:x', 'x'],
  ['a soft hyphen before the colons', '\u00ad::error::x', 'x'],
  ['a byte order mark before the colons', '\ufeff::error::x', 'x'],
  ['a tatweel between the colons', ':\u0640:error::x', 'x'],
  ['a word joiner in the bracket notation', 'b #\u2060#[error]x', 'x'],
])('characters without weight count as absent: %s', async (_, line, message) => {
  const run = await play([['out', `${line}\n`]]);
  expect(run.annotations).toMatchObject([{ type: 'error', message }]);
});

test('the markers of composite actions are no markers in the output of a step', async () => {
  const run = await play([['out', 'x ##[start-action display=a;id=b]\n##[end-action id=b]\n']]);
  expect(run.log).toBe('x ##[\\start-action display=a;id=b]\n##[\\end-action id=b]\n');
});

test('secrets lose the white space around them and around their lines before they are masked', async () => {
  const run = await play([['out', 'it is first and second too\n']], {
    secrets: ['\t first \u00a0\n\t second\t\n\u2003'],
  });
  expect(run.log).toBe('it is *** and *** too\n');
  expect(run.masks).toEqual(['first \u00a0\n\t second', 'first', 'second']);
});

test.each([
  ['the last &', 'start1&middle&finish', 'start1&middle&', 'finish'],
  ['the first &+, with the character behind it shown', 'start1&+Xfinish&end', 'start1&+', 'finish&end'],
])('PowerShell prints a secret with & in two pieces, and both are masked: %s', async (_, secret, ...pieces) => {
  const run = await play([['out', pieces.map((piece) => `<${piece}>\n`).join('')]], { secrets: [secret] });
  expect(run.log).toBe('<***>\n<***>\n');
});

test('secrets of the workflow are masked before anything runs, whole and by line', async () => {
  const run = await play([['out', 'it is first-line\nand second-line too\n']], {
    secrets: ['first-line\nsecond-line\n'],
  });
  expect(run.log).toBe('it is ***\nand *** too\n');
  expect(run.masks).toContain('second-line');
  expect(run.rawLog.toString()).toContain('first-line');
});

test('a mask added by the action holds from there on, in every form the runner knows', async () => {
  const secret = 'p"ss w/rd&1';
  const forms = [
    secret,
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).subarray(1).toString('base64'),
    Buffer.from(secret).subarray(2).toString('base64'),
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    'p&quot;ss w/rd&amp;1',
  ];
  const run = await play([
    ['out', `${secret}\n::add-mask::${secret}\n`],
    ['out', forms.map((form) => `<${form}>\n`).join('')],
    ['out', `::error title=${secret}::${secret}\n`],
    ['file', 'STEP_SUMMARY', `# ${secret}\n`],
    ['file', 'OUTPUT', `safe=1\nunsafe=x${secret}\n`],
  ]);
  expect(run.log).toBe(`${secret}\n${'<***>\n'.repeat(forms.length)}Error: ***\n`);
  expect(run.annotations).toMatchObject([{ title: secret, message: '***' }]);
  expect(run.summary).toBe('# ***\n');
  expect(run.secretOutputs).toEqual(['unsafe']);
});

test('overlapping secrets become one mask', async () => {
  const run = await play([['out', 'xabcdefx ab\n']], { secrets: ['abcd', 'cdef'] });
  expect(run.log).toBe('x***x ab\n');
});

test('outputs: plain and multi-line, the deprecated command, and the last one wins', async () => {
  const run = await play([
    ['out', '::set-output name=old::before\n::set-output name=answer::41\n'],
    ['file', 'OUTPUT', 'answer=42=6*7\nnotes<<END=1\nfirst <<\n\n last\nEND=1\nnone<<E\nE\n'],
    ['file', 'OUTPUT', 'answer=43\n'],
  ]);
  expect(run.outputs).toEqual({ old: 'before', answer: '43', notes: 'first <<\n\n last', none: '' });
  expect(run.annotations.map(({ type }) => type)).toEqual(['warning', 'warning']);
});

test.each([
  ['a line without a value', 'novalue\n'],
  ['a delimiter that never comes', 'x<<EOF\nvalue\n'],
  ['an empty delimiter', 'x<<\n\n'],
])('an output file with %s fails the step', async (_, text) => {
  const run = await play([['file', 'OUTPUT', text]]);
  expect(run).toMatchObject({ exitCode: 0, conclusion: 'failure' });
  expect(run.log).toContain("Error: Unable to process file command 'output' successfully.");
});

test('set-env and add-path fail the step, and change nothing', async () => {
  const run = await play([['out', '::set-env name=LD_PRELOAD::x\n']]);
  expect(run).toMatchObject({ exitCode: 0, conclusion: 'failure' });
  expect(run.exported.env).toEqual({});
});

test('a summary of more than one MiB is dropped with an error', async () => {
  const run = await play([['file', 'STEP_SUMMARY', 'x'.repeat(1025), 1024]]);
  expect(run.summary).toBe('');
  expect(run.log).toContain('supports content up to a size of 1024k');
});

test('a summary and file commands may begin with a byte order mark, and a summary may end its lines as it likes', async () => {
  const run = await play([
    ['file', 'STEP_SUMMARY', '\ufeff# one\r\ntwo\rthree'],
    ['file', 'OUTPUT', '\ufeffname=value\n'],
  ]);
  expect(run.summary).toBe('# one\ntwo\nthree\n');
  expect(run.outputs).toEqual({ name: 'value' });
});

test('echo shows the lines of commands until it is switched off', async () => {
  const run = await play([['out', '::echo::on\n::group::G\n::endgroup::\n::echo::off\n::group::H\n']]);
  expect(run.log).toBe('::group::G\n▼ G\n  ::endgroup::\n::echo::off\n▼ H\n');
});
