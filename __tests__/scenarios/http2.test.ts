import { describe, expect, test } from 'vitest';
import { runInProcess } from '../helpers/in-process.ts';
import { createScenario } from '../helpers/scenario.ts';

const SMALL = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`dist/${i}`, `content ${i}`]));

describe('http2: true', () => {
  test('signs everything over one connection', async () => {
    await using scenario = await createScenario({ files: SMALL, service: { http2: true, delayMs: 30 } });
    const run = await scenario.green({
      http2: 'true',
      'verify-key': scenario.service.credentials.verifyKeyPem,
      upload: 'false',
    });
    expect(run.outputs['verified-count']).toBe('120');
    expect(scenario.service.counters.connections).toBe(1);
    expect(scenario.service.counters.mostInFlight).toBeGreaterThan(20);
  });

  test('falls back to HTTP/1.1 when the service does not speak it', async () => {
    await using scenario = await createScenario({ files: SMALL });
    const run = await scenario.green({ http2: 'true', upload: 'false' });
    expect(run.outputs['signed-count']).toBe('120');
  });

  test.each([
    ['40 files of 256 KB', 40, 256 * 1024],
    ['16 files of 4 MB', 16, 4 * 1024 * 1024],
  ])('carries %s without being told to calm down', async (_, count, size) => {
    const files = Object.fromEntries(Array.from({ length: count }, (_, i) => [`dist/${i}`, Buffer.alloc(size, i)]));
    await using scenario = await createScenario({ runScript: runInProcess, files, service: { http2: true } });
    const run = await scenario.green({ http2: 'true', upload: 'false' });
    expect(run.outputs['request-count']).toBe(String(count));
  });

  test.each(['goaway', 'refused-stream', 'internal-error'] as const)(
    'survives %s, and never repeats a nonce',
    async (error) => {
      const script = ({ index }: { index: number }): { kind: 'http2'; error: typeof error } | undefined =>
        index % 30 === 20 && index < 120 ? { kind: 'http2', error } : undefined;
      await using scenario = await createScenario({
        runScript: runInProcess,
        files: SMALL,
        service: { http2: true, delayMs: 5, script },
      });
      const run = await scenario.green({ http2: 'true', upload: 'false' });
      expect(scenario.service.counters.replays).toBe(0);
      expect(run.outputs['signed-count']).toBe('120');
    },
  );
});
