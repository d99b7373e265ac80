import { describe, expect, test } from 'vitest';
import { createPki } from '../../src/rehearsal/pki.ts';
import { jsonAnswer } from '../../src/rehearsal/requests/call.ts';
import { compressed, hugeBody, webPage, wrongSignData } from '../rehearsal/fault-samples.ts';
import type { Fault } from '../rehearsal/faulty-service.ts';
import { contentOf, meet, signatureOf } from './meeting.ts';

const text = (body: string, headers: Readonly<Record<string, string>> = {}): Fault => ({
  kind: 'answer',
  answer: { status: 200, headers, body },
});

describe.concurrent('an HTML page with status 200', { tags: ['fault-51'] }, () => {
  test('is repeated, and fails one file at most', async () => {
    const files = { once: [webPage('Sign in')], always: webPage('Sign in') };
    const { run, errors, receipts, signed } = await meet({ files, inputs: { attempts: '3' } });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['RESP_HTML']);
    expect(run.log).toContain('answered 200 with a page titled “Sign in”');
    expect(receipts['once']).toMatchObject({ status: 'signed', attempts: 2 });
    expect(receipts['always']).toMatchObject({ status: 'failed', attempts: 3 });
    expect(signed).toEqual(['canary', 'once']);
  });

  test('ends the run when the first two answers are nothing else', async () => {
    const login = webPage('<script>alert(1)</script> Corporate login');
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`f${at}`, login]));
    // One at a time: after its head start a late canary no longer holds the others back.
    const { run, errors, requests, signed } = await meet({ canary: login, files, inputs: { concurrency: '1' } });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['RESP_HTML']);
    expect(requests.length).toBeLessThanOrEqual(4);
    expect(signed).toEqual([]);
    expect(run.summary).not.toContain('<script>');
  });
});

test.concurrent('valid JSON is accepted with a wrong content type or a byte order mark, invalid JSON is repeated twice', {
  tags: ['fault-52', 'fault-53'],
}, async () => {
  const pki = await createPki();
  const good = (name: string): string => JSON.stringify({ signData: signatureOf(pki, contentOf(files, name)) });
  const cut = text('{"signData":"QUFB');
  const files: Record<string, Fault | Fault[]> = {
    plain: cut,
    html: cut,
    bom: cut,
    cut,
    cutOnce: [cut],
    empty: text(''),
    none: { kind: 'answer', answer: { status: 204 } },
  };
  files['plain'] = text(good('plain'), { 'content-type': 'text/plain' });
  files['html'] = text(good('html'), { 'content-type': 'text/html' });
  files['bom'] = text(`\uFEFF${good('bom')}`);
  const { run, errors, receipts, signed } = await meet({ files, service: { pki } });
  expect(run.exitCode).toBe(1);
  expect(signed).toEqual(['bom', 'canary', 'cutOnce', 'html', 'plain']);
  const told = run.annotations.filter(({ title }) => title === 'Content type');
  expect(
    told.map(({ type, message }) => [type, /^The service labels its answers text\/(html|plain) instead/.test(message)]),
  ).toEqual([['warning', true]]);
  expect(errors.toSorted()).toEqual(['RESP_EMPTY', 'RESP_NOT_JSON', 'STATUS_UNEXPECTED']);
  for (const name of ['plain', 'html', 'bom']) expect(receipts[name], name).toMatchObject({ attempts: 1 });
  for (const name of ['cut', 'empty', 'none'])
    expect(receipts[name], name).toMatchObject({ status: 'failed', attempts: 3 });
});

describe.concurrent('signData', { tags: ['fault-54'] }, () => {
  const wrong = {
    missing: [undefined, 'has no signData'],
    empty: ['', 'signData is empty'],
    nothing: [null, 'signData is null'],
    number: [12, 'signData is of type number'],
    list: [['AAAA'], 'signData is an array'],
    object: [{ toString: 'AAAA' }, 'signData is of type object'],
    flag: [true, 'signData is of type boolean'],
    huge: ['A'.repeat(65_537), '65537 [^.]*more than 65536'],
    nul: ['AA\u0000AA', '\\(5 characters\\) holds control characters'],
    escape: ['AA\u001b[31mAA', 'control characters'],
    tab: ['AA\tAA', 'control characters'],
  } as const;
  const shapes = {
    nested: '{"data":{"signData":"AAAA"}}',
    proto: '{"__proto__":{"signData":"AAAA"}}',
    array: '["AAAA"]',
    bare: '"AAAA"',
  };

  test('that is not valid text fails its file alone, is never shown, and is not repeated', async () => {
    const files = {
      ...Object.fromEntries(Object.entries(wrong).map(([name, [value]]) => [name, wrongSignData(value)])),
      ...Object.fromEntries(Object.entries(shapes).map(([name, body]) => [name, text(body)])),
    };
    const { run, errors, receipts, signed } = await meet({ files });
    expect(run.exitCode).toBe(1);
    expect(errors).toEqual(['RESP_BAD_SIGNATURE']);
    expect(signed).toEqual(['canary']);
    for (const name of Object.keys(files)) {
      expect(receipts[name], name).toMatchObject({
        status: 'failed',
        attempts: 1,
        error: { code: 'RESP_BAD_SIGNATURE' },
      });
    }
    for (const [name, [, message]] of Object.entries(wrong)) {
      expect(receipts[name]?.error?.message, name).toMatch(new RegExp(message));
    }
    expect(run.log).not.toContain('AAAA');
  });

  test('in an error envelope counts as the status it names', async () => {
    const envelope = (code: unknown): Fault => ({
      kind: 'answer',
      answer: jsonAnswer(200, { code, message: 'As told' }),
    });
    const files = { busy: [envelope(503)], refused: envelope('404'), own: envelope(12_345) };
    const { run, receipts, signed } = await meet({ files });
    expect(run.exitCode).toBe(1);
    expect(receipts['busy']).toMatchObject({ status: 'signed', attempts: 2 });
    expect(receipts['refused']).toMatchObject({ status: 'failed', attempts: 6, error: { code: 'NOT_FOUND' } });
    expect(receipts['own']).toMatchObject({ status: 'failed', error: { code: 'REQUEST_REFUSED' } });
    expect(signed).toEqual(['busy', 'canary']);
  });
});

test.concurrent('signatures that are valid only at a repeat make no file fail, and are told', async () => {
  const pki = await createPki();
  const otherOnce = [wrongSignData(signatureOf(pki, 'the bytes of another file'))];
  const { run } = await meet({
    files: { otherOnce },
    service: { pki },
    inputs: { 'verify-key': pki.signingPublicKeyPem },
  });
  expect([run.exitCode, run.log]).toEqual([
    0,
    expect.stringMatching(/^ *3 requests for 2 files, repeated after 1 × SIGNATURE_INVALID$/m),
  ]);
  expect(run.annotations.map(({ title }) => title)).toContain('Invalid signatures');
  expect(run.summary).toContain(
    '1 answer held a signature that is not valid for its file, and repeats brought valid ones',
  );
});

test.concurrent('with verify-key, a signature that is not for these bytes is repeated once and never written', {
  tags: ['fault-55'],
}, async () => {
  const pki = await createPki();
  const other = wrongSignData(signatureOf(pki, 'the bytes of another file'));
  const files = {
    rubbish: wrongSignData('QUFBQQ=='),
    other,
    otherOnce: [other],
    hex: wrongSignData('41414141'),
    wrapped: wrongSignData(`${signatureOf(pki, 'x').slice(0, 64)}\n${signatureOf(pki, 'x').slice(64)}`),
  };
  const { run, errors, receipts, signed } = await meet({
    files,
    service: { pki },
    inputs: { 'verify-key': pki.signingPublicKeyPem },
  });
  expect(run.exitCode).toBe(1);
  expect(signed).toEqual(['canary', 'otherOnce']);
  expect(errors.toSorted()).toEqual(['RESP_BAD_SIGNATURE', 'SIGNATURE_INVALID']);
  for (const name of ['rubbish', 'other', 'hex']) {
    expect(receipts[name], name).toMatchObject({ status: 'failed', attempts: 2, error: { code: 'SIGNATURE_INVALID' } });
  }
  expect(receipts['otherOnce']).toMatchObject({ status: 'signed', attempts: 2 });
  expect(receipts['wrapped']).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'RESP_BAD_SIGNATURE' } });
  expect(run.log).toContain('The service wraps its base64');
  expect(run.outputs['verified-count']).toBe('2');
});

test.concurrent('a compressed answer is refused without being decompressed, stacked encodings too', {
  tags: ['fault-56'],
}, async () => {
  const json = '{"signData":"QUFBQQ=="}';
  const bomb = compressed(JSON.stringify({ signData: 'A'.repeat(64 * 1024 * 1024) }));
  const stacked = compressed(json, 'br, gzip, deflate');
  const { run, errors, receipts, requests } = await meet({
    files: { gzip: compressed(json), bomb, stacked, once: [compressed(json)] },
  });
  expect(run.exitCode).toBe(1);
  expect(errors).toEqual(['RESP_ENCODED']);
  for (const name of ['gzip', 'bomb', 'stacked']) expect(receipts[name], name).toMatchObject({ attempts: 3 });
  expect(receipts['once']).toMatchObject({ status: 'signed', attempts: 2 });
  for (const { request } of requests) expect(request.headers['accept-encoding']).toBe('identity');
  expect(run.peakRssKb ?? 0).toBeLessThan(200 * 1024);
});

test.concurrent('an answer of 50 MB is not read to its end', { tags: ['fault-46'] }, async () => {
  const { run, errors, receipts, signed } = await meet({ files: { body: hugeBody(50_000_000), fine: undefined } });
  expect(run.exitCode).toBe(1);
  expect(errors).toEqual(['RESP_TOO_LARGE']);
  expect(receipts['body']).toMatchObject({ status: 'failed', attempts: 1 });
  expect(signed).toEqual(['canary', 'fine']);
  expect(run.peakRssKb ?? 0).toBeLessThan(160 * 1024);
});
