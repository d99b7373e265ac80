import { createServer } from 'node:tls';
import { expect, test } from 'vitest';
import type { WireResponse } from '../../src/connection/exchange.ts';
import { createPki } from '../../src/rehearsal/pki.ts';
import { listenInTest } from '../helpers/listen.ts';
import { openTo, REQUEST } from './open.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
const never = new AbortController().signal;
const pki = await createPki();

/** Frames a text in chunks of so many bytes, each with an extension. */
function chunked(text: string, bytes: number, extension = ''): string {
  const pieces = text.match(new RegExp(`.{1,${bytes}}`, 'gs')) ?? [];
  return `${pieces.map((piece) => `${piece.length.toString(16)}${extension}\r\n${piece}\r\n`).join('')}0\r\n\r\n`;
}

/** Sends one request to a server that answers every request with these bytes. */
async function ask(answer: string): Promise<WireResponse> {
  const server = createServer({ key: pki.server.key, cert: pki.server.cert }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(answer));
  });
  return openTo(pki, await listenInTest(server)).post(REQUEST, never);
}

test.each([
  ['4,096 pieces of one byte', 'ab'.repeat(2048), 1],
  ['one piece', 'whole', 1000],
  ['1 MiB in large pieces', 'x'.repeat(2 ** 20), 60_000],
  ['pieces of several sizes, across the growth of the buffer', 'abcdefg'.repeat(5000), 977],
  ['no body', '', 1],
])('an answer is read whole: %s', async (_, text, bytes) => {
  const { body } = await ask(HEAD + chunked(text, bytes));
  expect(body.toString()).toBe(text);
});

test.each([
  ['more than 4,096 pieces', HEAD + chunked('x'.repeat(4097), 1), 'comes in more than 4096 pieces'],
  ['more than 1 MiB', HEAD + chunked('x'.repeat(2 ** 20 + 1), 60_000), 'is larger than 1 MiB'],
  [
    'more than 4 MiB of framing around a small body',
    HEAD + chunked('x'.repeat(3000), 1, `;e="${'y'.repeat(1600)}"`),
    'takes more than 4 MiB on the connection',
  ],
])('an answer is given up: %s', async (_, answer, why) => {
  await expect(ask(answer)).rejects.toMatchObject({
    kind: 'file',
    code: 'RESP_TOO_LARGE',
    hint: expect.stringMatching(/^Ask the operators of the service, .* debug mode/),
    message: `The answer (status 200, JSON) ${why}; a signature is a few hundred bytes.`,
  });
});

test('the error for a web page that is too large asks about another site first', async () => {
  const page = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12000000\r\n\r\n${'x'.repeat(2 ** 20 + 1)}`;
  await expect(ask(page)).rejects.toMatchObject({
    message: expect.stringMatching(
      /^The answer \(status 200, HTML, 12000000 bytes by its headers\) is larger than 1 MiB/,
    ),
    hint: expect.stringMatching(/^Check server-url, .* not to another site\./),
  });
});
