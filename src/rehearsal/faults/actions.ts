import { STATUS_CODES } from 'node:http';
import { constants } from 'node:http2';
import type { Answer, Call } from '../requests/call.ts';
import type { Fault, Framing } from './faults.ts';

/** Reads a request, checks it against the rules, and returns the regular answer. */
type Judge = () => Promise<Answer>;

type Drip = Extract<Fault, { kind: 'drip' }>;
type Http2Fault = Extract<Fault, { kind: 'http2' }>;

/** Performs the fault of a request. */
export async function performFault(fault: Fault, call: Call, judge: Judge): Promise<void> {
  switch (fault.kind) {
    case 'delay':
      await call.wait(fault.ms);
      return fault.next === undefined ? answerRegularly(call, judge) : performFault(fault.next, call, judge);
    case 'end':
      await call.receive(fault.when);
      call.end(fault.by);
      return;
    case 'silence':
      await call.receive('after-body');
      await call.waitForEnd();
      return;
    case 'answer':
      await call.receive(fault.when ?? 'after-body');
      await call.send(fault.answer);
      if (fault.by !== undefined) call.end(fault.by);
      return;
    case 'inform':
      if (fault.status === 100) call.parts.response.writeContinue();
      else call.parts.response.writeEarlyHints({ link: '</>; rel=preload' });
      return answerRegularly(call, judge);
    case 'raw':
      await call.receive('after-body');
      await call.write(fault.bytes);
      if (fault.by !== undefined) call.end(fault.by);
      return;
    case 'cut':
      await call.write(halve(await judge(), fault.framing));
      call.end(fault.by);
      return;
    case 'drip':
      return drip(fault, call, await judge());
    case 'drop':
      return answerAndDrop(fault, call, judge);
    case 'http2':
      return failSession(fault, call, judge);
  }
}

async function answerRegularly(call: Call, judge: Judge): Promise<void> {
  await call.send(await judge());
}

async function answerAndDrop(fault: Extract<Fault, { kind: 'drop' }>, call: Call, judge: Judge): Promise<void> {
  await answerRegularly(call, judge);
  await call.wait(fault.afterMs);
  call.end(fault.by);
}

function writeHead(answer: Answer, framing: string): string {
  const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  return `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n${headers.join('')}${framing}\r\n\r\n`;
}

function halve(answer: Answer, framing: Framing): Buffer {
  const body = Buffer.from(answer.body ?? '');
  const half = body.subarray(0, body.length / 2);
  switch (framing) {
    case 'content-length':
      return Buffer.concat([Buffer.from(writeHead(answer, `content-length: ${body.length}`)), half]);
    case 'chunked':
      return Buffer.concat([
        Buffer.from(`${writeHead(answer, 'transfer-encoding: chunked')}${body.length.toString(16)}\r\n`),
        half,
      ]);
    case 'close':
      return Buffer.concat([Buffer.from(writeHead(answer, 'connection: close')), half]);
  }
}

async function drip(fault: Drip, call: Call, answer: Answer): Promise<void> {
  const body = Buffer.from(answer.body ?? '');
  const head = Buffer.from(writeHead(answer, `content-length: ${body.length}`));
  if (fault.from === 'body') await call.write(head);
  const slow = fault.from === 'body' ? body : Buffer.concat([head, body]);
  for (let at = 0; at < slow.length; at++) {
    await call.wait(fault.everyMs);
    await call.write(slow.subarray(at, at + 1));
  }
}

async function failSession(fault: Http2Fault, call: Call, judge: Judge): Promise<void> {
  const { request } = call.parts;
  if (!('stream' in request)) return answerRegularly(call, judge);
  switch (fault.error) {
    case 'goaway':
      request.stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
      return answerRegularly(call, judge);
    case 'refused-stream':
      await call.receive('after-body');
      request.stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    case 'internal-error':
      await call.receive('after-body');
      request.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
  }
}
