import type { RehearseInputs, ServiceInputs } from '../inputs/inputs.ts';
import { algorithmOf } from '../verifying/algorithm.ts';
import { readVerifyKey } from '../verifying/key.ts';
import { createVerifier } from '../verifying/verifier.ts';
import type { Context } from './context.ts';
import { checkUploadable, finish } from './stages/receipt.ts';
import { checkMatched, findRelease, makeOwnDirectory } from './stages/release.ts';
import { checkIdentity, withService } from './stages/service.ts';
import { signRelease } from './stages/signing.ts';

/** Runs the whole of a signing against a service in this process, with keys that exist for this run only. */
export async function rehearse(context: Context, inputs: RehearseInputs): Promise<void> {
  const { runner, report } = context;
  const release = await findRelease(context, inputs.files, makeOwnDirectory(context));
  await finish(context, inputs, release, async () => {
    checkMatched(context, inputs.files, release);
    checkUploadable(context, inputs.files, inputs.upload);
    // Its own chunk of the bundle: a run that signs for real never loads it.
    const { startService } = await import('../rehearsal/service.ts');
    const service = await startService();
    try {
      const { credentials } = service;
      runner.mask([credentials.appSecret]);
      release.output.write('rehearsal-key.pem', credentials.verifyKeyPem);
      const key = readVerifyKey(credentials.verifyKeyPem);
      const verification = { verifier: createVerifier(key, algorithmOf('ecdsa-sha256')), encoding: 'base64' } as const;
      report.checked = true;
      report.verifyKeySha256 = key.spkiSha256;
      const target: ServiceInputs = {
        serverUrl: new URL(service.url),
        requestPath: service.signPath,
        signPath: service.signPath,
        appKey: credentials.appKey,
        appSecret: credentials.appSecret,
        identity: { cert: credentials.cert, key: credentials.key, keyPassphrase: undefined, chain: credentials.chain },
        expiryWarningDays: 0,
        protocol: 'http1',
      };
      const identity = checkIdentity(context, target);
      const task = { ...release, release, effort: inputs.effort, upload: inputs.upload, verification, reuse: false };
      return await withService(context, { inputs: target, identity, proxied: 'never' }, (open) =>
        signRelease(context, inputs.files, { ...task, service: open }),
      );
    } finally {
      await service.close();
    }
  });
}
