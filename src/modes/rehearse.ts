import { OutputTree } from '../files/writing/output-tree.ts';
import type { RehearseInputs } from '../inputs/inputs.ts';
import { createEsAuth } from '../protocols/es-auth/sign-file.ts';
import type { Service } from '../rehearsal/service.ts';
import type { ReportBuilder } from '../report/report.ts';
import { algorithmOf } from '../verifying/algorithm.ts';
import type { Verification } from '../verifying/check.ts';
import { readVerifyKey } from '../verifying/key.ts';
import { createVerifier } from '../verifying/verifier.ts';
import type { Context } from './context.ts';
import { tellLeftOut, warnOfUncovered } from './stages/coverage.ts';
import { type Done, deliver } from './stages/delivery.ts';
import { planWrites, REHEARSAL_KEY, refuseHidingManifest } from './stages/planned-writes.ts';
import { checkMatched, describeRelease, findRelease, makeOwnDirectory } from './stages/release.ts';
import { checkIdentity, type ServiceTask, withService } from './stages/service.ts';
import { signRelease } from './stages/signing.ts';

/** Runs a complete signing against a service in this process, with keys for this run only. */
export async function rehearse(context: Context, inputs: RehearseInputs, report: ReportBuilder): Promise<void> {
  const { mode, files, upload, effort } = inputs;
  const output = new OutputTree(makeOwnDirectory(context), context.processId);
  const isUploaded = upload !== undefined;
  await deliver(context, { mode, files, upload, output, report }, async (receipt) => {
    const release = await findRelease(context, files);
    report.add(describeRelease(release));
    report.add(tellLeftOut(context, files, release.coverage));
    report.add(warnOfUncovered(context, files, release.coverage));
    refuseHidingManifest(receipt, release);
    report.add(await checkMatched(context, files, release));
    const wanted = release.files;
    const plan = { mode, files, output, release, wanted, verification: undefined, receipt, isUploaded };
    await planWrites(context, plan);
    for (const file of release.files) inputs.protocol?.checkFile?.(file);
    return withRehearsalService(context, async (embedded) => {
      const verification = await publishKey(context, output, embedded);
      report.add({ verification });
      const { inputs: ofService, protocol } = serviceOf(embedded);
      const identity = checkIdentity(context, ofService, report);
      const task = { inputs: ofService, protocol, identity, requestMs: effort.timeoutMs, isNeeded: true, report };
      return withService(context, { ...task, proxied: 'never' }, (open) =>
        signRelease(context, { plan: { ...plan, verification }, effort, reuse: false, service: open, report }),
      );
    });
  });
}

async function withRehearsalService({ runner }: Context, use: (service: Service) => Promise<Done>): Promise<Done> {
  // A separate chunk of the bundle, which a real signing never loads.
  const { startService } = await import('../rehearsal/service.ts');
  const service = await startService();
  try {
    runner.mask([service.credentials.appSecret]);
    return await use(service);
  } finally {
    await service.close();
  }
}

/** Writes the public key of the rehearsal, and returns the verification with it. */
async function publishKey(
  { patience }: Context,
  output: OutputTree,
  { credentials: { verifyKeyPem } }: Service,
): Promise<Verification> {
  await patience.write(REHEARSAL_KEY, () => output.write(REHEARSAL_KEY, verifyKeyPem));
  const verifier = createVerifier(readVerifyKey(verifyKeyPem), algorithmOf('ecdsa-sha256'));
  return { verifier, encoding: 'base64' };
}

function serviceOf({ url, signPath, credentials }: Service): Pick<ServiceTask, 'inputs' | 'protocol'> {
  const { cert, key, chain, appKey, appSecret } = credentials;
  return {
    inputs: {
      serverUrl: new URL(url),
      identity: { cert, key, keyPassphrase: undefined, chain },
      shows: 'stored certificate',
      authority: undefined,
      expiryWarningDays: 0,
      http: 'http1',
    },
    protocol: createEsAuth({ requestPath: signPath, signPath, appKey, appSecret }),
  };
}
