import { connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ActionError } from '../../src/errors.ts';
import type { Service } from '../../src/rehearsal/service.ts';
import { type Clock, createClock } from '../../src/signing/schedule/clock.ts';
import type { Signer } from '../../src/signing/signer.ts';
import { listenInTest } from '../helpers/listen.ts';
import { eventually } from '../helpers/time.ts';
import { openService, openWay, plantMany, signTree } from '../signing/signing-run.ts';

test('connections can be opened ahead: requests then find them, and open no others', async () => {
  let connections = 0;
  const service = await openService({ acceptConnection: () => ++connections > 0, script: () => ({ kind: 'silence' }) });
  const way = openWay(service);
  // Few, because on a busy machine the first of many would be idle for too long before the last one stands.
  way.prepare(4, new AbortController().signal);
  await eventually(() => expect(connections).toBe(4));
  expect(service.log).toEqual([]);
  const over = new AbortController();
  const body = Buffer.from('{}');
  const request = { method: 'POST', path: '/', headers: ['content-length', '2'], body };
  const requests = Array.from({ length: 4 }, () => way.post(request, over.signal).catch(() => {}));
  await eventually(() => expect(service.log).toHaveLength(4));
  over.abort(new Error('enough'));
  await Promise.all(requests);
  expect(connections).toBe(4);
});

test('connections are no longer opened ahead once the run no longer needs them', async () => {
  const over = new AbortController();
  let connections = 0;
  const service = await openService({
    acceptConnection: () => {
      if (++connections === 3) over.abort();
      return true;
    },
  });
  openWay(service).prepare(60, over.signal);
  await setTimeout(300);
  // A handful was under way.
  expect(connections).toBeLessThanOrEqual(20);
});

test('a run opens as many connections ahead as its first requests need', async () => {
  const counts: number[] = [];
  const service = await openService();
  for (const concurrency of [100, 7]) {
    const prepared = Promise.withResolvers<void>();
    const prepare = (count: number): void => {
      counts.push(count);
      prepared.resolve();
    };
    // A service that answers no sooner than connections are opened ahead, however busy the machine is.
    const wrap = (signer: Signer): Signer => ({
      async sign(...args) {
        const signature = await signer.sign(...args);
        await prepared.promise;
        return signature;
      },
    });
    await signTree(service, plantMany(20), { prepare, wrap, concurrency });
  }
  expect(counts).toEqual([19, 6]);
});

test('once the head start of the canary at a slow service has ended, all files of one wave are sent before the first answer', async () => {
  const allAreSent = new AbortController();
  const service = await openService({
    script: ({ inFlight }) => {
      if (inFlight === 40) allAreSent.abort(new ActionError('CANCELLED', 'All files are in flight.'));
      return { kind: 'silence' };
    },
  });
  const run = await signTree(service, plantMany(40), { signal: allAreSent.signal });
  expect(run.ending?.code).toBe('CANCELLED');
});

test('on a busy machine the head start of the first file is longer', async () => {
  let [mostBeforeAnswer, answered] = [0, false];
  const service = await openService({
    script: ({ index, inFlight }) => {
      if (index === 0) {
        void setTimeout(150).then(() => {
          answered = true;
        });
      }
      if (!answered) mostBeforeAnswer = Math.max(mostBeforeAnswer, inFlight);
      return index === 0 ? { kind: 'delay', ms: 150 } : undefined;
    },
  });
  const clock = createClock();
  const late: Clock = { ...clock, after: (ms, callback) => clock.after(ms + 40, callback) };
  await signTree(service, plantMany(20), { clock: late });
  expect(mostBeforeAnswer).toBe(1);
});

test('a fast service gets no more connections than it needs', async () => {
  let connections = 0;
  const service = await openService({ acceptConnection: () => ++connections > 0 });
  const run = await signTree(service, plantMany(200));
  expect(run.outcomes.filter(({ status }) => status === 'signed')).toHaveLength(200);
  expect(connections).toBeLessThanOrEqual(16);
});

/** Passes bytes on; whatever is opened while the first file is alone is cut off a little later. */
async function openCutter(service: Service): Promise<{ readonly url: string; cuts(): number }> {
  let [opened, cut] = [0, 0];
  const server = createServer((client: Socket) => {
    const target = connect(service.port, '127.0.0.1');
    for (const socket of [client, target]) socket.on('error', () => {});
    client.pipe(target).pipe(client);
    const isPrepared = opened++ > 0 && service.log.length <= 1;
    if (!isPrepared) return;
    void setTimeout(25).then(() => {
      cut++;
      client.destroy();
      target.destroy();
    });
  });
  const port = await listenInTest(server);
  return { url: `https://127.0.0.1:${port}`, cuts: () => cut };
}

test('prepared connections that close before they are used cost no file', async () => {
  const service = await openService({ script: () => ({ kind: 'delay', ms: 150 }) });
  const cutter = await openCutter(service);
  const run = await signTree({ ...service, url: cutter.url }, plantMany(30));
  expect(cutter.cuts()).toBeGreaterThan(0);
  expect(run.outcomes.filter(({ status }) => status === 'signed')).toHaveLength(30);
});

test('no connection outlives the transport, used or not', async () => {
  let open = 0;
  const service = await openService();
  const counter = createServer((client: Socket) => {
    open++;
    const target = connect(service.port, '127.0.0.1');
    for (const socket of [client, target]) socket.on('error', () => {});
    client.on('close', () => open--);
    client.pipe(target).pipe(client);
  });
  const port = await listenInTest(counter);
  const way = openWay({ ...service, url: `https://127.0.0.1:${port}` });
  way.prepare(10, new AbortController().signal);
  await eventually(() => expect(open).toBe(10));
  await setTimeout(100);
  way.close();
  await eventually(() => expect(open).toBe(0));
});
