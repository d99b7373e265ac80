import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { expectDelivered } from '../../workflows/customer.ts';
import { addGh, createHub, publishedIn } from '../../workflows/engine/hub.ts';
import { runWorkflow } from '../../workflows/engine/run.ts';
import { BUILD, TAG } from '../../workflows/new-user.ts';
import { OpenBao } from './openbao.ts';

let bao: OpenBao;

beforeAll(async () => {
  bao = await OpenBao.start();
  await bao.set('POST', 'transit/keys/release', { type: 'ecdsa-p256' });
  await bao.set('PUT', 'sys/policies/acl/signer', {
    policy: `path "transit/sign/release/*" { capabilities = ["update"] }
path "transit/keys/release" { capabilities = ["read"] }`,
  });
});

afterAll(() => bao.stop());

test('openbao.yml signs and publishes; only the address is changed for the test', async () => {
  const settings = {
    secrets: { SIGNING_KEY: bao.pki.text('release-bot.key') },
    vars: {
      SIGNING_CERT: bao.pki.text('release-bot.pem'),
      SIGNING_CHAIN: bao.pki.text('ca.pem'),
      SIGNING_PUBLIC_KEY: await bao.publicKey('release'),
    },
  };
  await using hub = await createHub({ ...TAG, settings, service: { 'server-url': bao.url } });
  await writeFile(join(hub.repository, 'build.sh'), BUILD, { mode: 0o755 });
  await addGh(hub);
  const result = await runWorkflow(hub, join(ACTION_DIRECTORY, 'examples', 'openbao.yml'));
  expect(result.result, result.log).toBe('success');
  expect(hub.runs[0]?.outputs).toMatchObject({ 'signed-count': '2', 'verified-count': '2' });
  await expectDelivered(await publishedIn(hub), settings.vars.SIGNING_PUBLIC_KEY);
});
