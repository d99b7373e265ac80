import type { Identity, Trust } from '../identity.ts';
import { type AskingOptions, IssueAttempt } from './attempt.ts';
import type { Authority, AuthoritySettings } from './authority.ts';
import { type JobIdentity, jobOf } from './id-token.ts';
import { assemble } from './issued-certificate.ts';
import { createStepCa } from './step-ca.ts';
import { VaultPki } from './vault-pki.ts';

/** A client certificate that was issued for this run, with its key in memory. */
export interface IssuedIdentity extends Identity {
  readonly source: AuthoritySettings['from'];
  /** The job for which the certificate was issued. */
  readonly job: JobIdentity;
  /** End of its validity, in milliseconds since the epoch. */
  readonly endsAt: number;
  /** Warnings about the certificate. */
  readonly warnings: readonly string[];
}

interface IssuerOptions extends AskingOptions {
  /** The certificates that the signing service must chain to. */
  readonly trust: Trust;
}

/** Obtains client certificates from an authority, each for a new key. */
export class Issuer {
  readonly #options: IssuerOptions;
  readonly #authority: Authority;

  constructor(options: IssuerOptions) {
    this.#options = options;
    const { settings, world, transport } = options;
    this.#authority =
      settings.from === 'vault' ? new VaultPki(settings, world, transport) : createStepCa(settings, world);
  }

  /**
   * Obtains a certificate, within 60 s and 5 requests; throws `ID_TOKEN_MISSING`, `ID_TOKEN_REFUSED`, `LOGIN_REFUSED`
   * or `CERTIFICATE_NOT_ISSUED`.
   */
  async obtain(signal: AbortSignal): Promise<IssuedIdentity> {
    const { settings, trust, world } = this.#options;
    const attempt = new IssueAttempt(this.#options, signal);
    for (;;) {
      try {
        const pem = await this.#authority.issue(attempt);
        const { privateKey } = await attempt.request();
        const found = assemble(pem, { privateKey, trust, origin: settings.url.origin, now: world.now });
        const { subject, notAfter } = found.certificate;
        attempt.note({ check: 'certificate', what: `the authority issued ${subject}, valid until ${notAfter}` });
        return { ...found, source: settings.from, job: jobOf(attempt.claims) };
      } catch (error) {
        await attempt.pauseAfter(error);
      }
    }
  }

  /** Revokes the tokens that the authority gave, until the signal aborts, and closes the connection. */
  async close(signal: AbortSignal): Promise<void> {
    await this.#authority.close(signal);
    this.#options.transport.close();
  }
}
