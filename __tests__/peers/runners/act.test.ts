import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entriesOf } from '../../../tools/results/zip.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { describeWorld } from '../world.ts';
import { createActWorld, NO_ACT } from './act.ts';

const CHECKOUT = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1';
const CREDENTIALS = `
          server-url: https://sign.example.com
          app-key: \${{ vars.SIGNING_APP_KEY }}
          app-secret: \${{ secrets.SIGNING_APP_SECRET }}
          cert: \${{ vars.SIGNING_CERT }}
          key: \${{ secrets.SIGNING_KEY }}
          chain: \${{ vars.SIGNING_CHAIN }}
          verify-key: \${{ vars.SIGNING_PUBLIC_KEY }}`;

/** A job in which each mode tells what it came to. */
const MODES = `on: push
jobs:
  modes:
    runs-on: ubuntu-latest
    steps:
      - uses: ${CHECKOUT}
${['preflight', 'rehearse', 'sign', 'verify']
  .map(
    (mode) => `      - id: ${mode}
        uses: your-org/mtls-release-signing@v1
        with:
          mode: ${mode}
          files: release/**${CREDENTIALS}
      - run: echo "told \${{ steps.${mode}.outputs.mode }} \${{ steps.${mode}.outputs.file-count }} \${{ steps.${mode}.outputs.artifact-name }}."
`,
  )
  .join('')}`;

const CALLER = `on: push
jobs:
  sign:
    uses: your-org/mtls-release-signing/.github/workflows/sign-release.yml@v1
    with:
      artifact: build
      files: '**'
      shards: 3
      server-url: https://sign.example.com
      app-key: \${{ vars.SIGNING_APP_KEY }}
      cert: \${{ vars.SIGNING_CERT }}
      chain: \${{ vars.SIGNING_CHAIN }}
      verify-key: \${{ vars.SIGNING_PUBLIC_KEY }}
    secrets:
      SIGNING_APP_SECRET: \${{ secrets.SIGNING_APP_SECRET }}
      SIGNING_KEY: \${{ secrets.SIGNING_KEY }}
`;

const example = (name: string): string => readFileSync(join(ACTION_DIRECTORY, 'examples', name), 'utf8');

describeWorld('act', NO_ACT, () => {
  test('runs the four modes, uploads to an artifact service, and masks the key', async () => {
    await using world = await createActWorld();
    const run = await world.run('push', MODES);
    expect(run.exitCode, run.log).toBe(0);
    for (const told of ['preflight 0 .', 'rehearse 1 rehearsal-signatures.', 'sign 1 signatures.', 'verify 1 .']) {
      expect(run.log).toContain(`told ${told}`);
    }
    expect(run.log).not.toContain(world.service.credentials.key.split('\n')[1]);
    const artifact = world.results.artifacts.find(({ name }) => name === 'signatures');
    const entries = await entriesOf(artifact?.zip ?? Buffer.alloc(0));
    expect(entries.map(({ path }) => path)).toContain('release/app.bin.sign');
  });

  test('runs verify-only.yml: a release without signatures is red, with the code that says so', async () => {
    await using world = await createActWorld();
    const key = world.service.credentials.verifyKeyPem.trim().replace(/^/gm, '            ');
    const workflow = example('verify-only.yml').replace(
      / +-----BEGIN PUBLIC KEY-----[\s\S]*-----END PUBLIC KEY-----/,
      key,
    );
    const run = await world.run('push', workflow);
    expect(run.exitCode).not.toBe(0);
    expect(run.log).toContain('SIGNATURE_MISSING');
  });

  test('runs ghes.yml: signs without an upload, and publishes with the signatures', async () => {
    await using world = await createActWorld();
    const run = await world.run('push', example('ghes.yml'));
    expect(run.exitCode, run.log).toBe(0);
    expect(run.log).toMatch(/gh was called: release create .*dist\/lib\/core\.so\.sign/);
    expect(world.results.artifacts).toEqual([]);
  });

  test('runs self-hosted-proxy.yml on the runners of a group', async () => {
    await using world = await createActWorld();
    const run = await world.run('push', example('self-hosted-proxy.yml'));
    expect(run.exitCode, run.log).toBe(0);
    expect(world.results.artifacts.map(({ name }) => name)).toEqual(['signatures']);
  });

  // What it cannot do. Each of these says how it ends, so that a newer act that can do more is noticed.

  test('cannot sign in shards: sign-release.yml plans them, and ends where it names the action as $/', async () => {
    await using world = await createActWorld();
    const run = await world.run('push', CALLER);
    expect(run.log).toMatch(/set-output:: matrix=\[1,2,3\]/);
    expect(run.exitCode).not.toBe(0);
    expect(run.log).toMatch(/Expected format \{org\}\/\{repo\}\[\/path\]@ref\. Actual '\$\/'/);
  });

  test('cannot take an upload without an artifact service of its own: the step is red and says so', async () => {
    await using world = await createActWorld();
    const run = await world.run('push', MODES, {});
    expect(run.exitCode).not.toBe(0);
    expect(run.log).toContain('ARTIFACT_FAILED');
  });
});
