import { startTokenService } from '../../tools/oidc/token-service.ts';
import { startStepCa } from '../helpers/step-ca.ts';
import type { Difference } from './clients.ts';

/** A token service and an authority in this process, and how a run without a stored certificate uses them. */
export interface Keyless {
  /** PEM of the authority that a service must trust. */
  readonly root: string;
  readonly difference: Difference;
  close(): Promise<void>;
}

/** Starts stand-ins for GitHub's token service and for step-ca: what they compute themselves is a part of what is measured. */
export async function startKeyless(): Promise<Keyless> {
  const tokens = await startTokenService();
  const authority = await startStepCa({ issuer: tokens.issuer });
  return {
    root: authority.root,
    difference: {
      inputs: {
        cert: '',
        key: '',
        'certificate-from': 'step-ca',
        'certificate-url': authority.url,
        'certificate-chain': authority.root,
      },
      env: tokens.env,
    },
    async close() {
      await authority.close();
      await tokens.close();
    },
  };
}
