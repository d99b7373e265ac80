import { ActionError } from '../errors.ts';
import {
  factsOf,
  hasUnnamedCurve,
  isSelfSigned,
  nameOnOneLine,
  type PlacedCertificate,
  weakDigestOf,
} from './material/certificate.ts';
import type { ClientChain } from './material/client-chain.ts';

/** Time of a check, and how many days before the expiry to warn. */
export interface ValidityOptions {
  readonly now: Date;
  readonly expiryWarningDays: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const MIN_RSA_BITS = 2048;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_USE = '2.5.29.37.0';

/** Lists what makes the client's certificates unusable: the leaf's dates, and any key or signature that is too weak. */
export function clientProblems(chain: ClientChain, now: Date): readonly ActionError[] {
  const dates = dateProblem(chain.leaf, now);
  const weak = chain.certificates.flatMap((one) => weaknesses(one, one === chain.leaf));
  return dates === undefined ? weak : [dates, ...weak];
}

/** Lists what a server may refuse now or soon: near expiry, no client authentication, the dates of issuers. */
export function clientWarnings(chain: ClientChain, { now, expiryWarningDays }: ValidityOptions): readonly string[] {
  const { x509, place } = chain.leaf;
  const warnings: string[] = [];
  const leftMs = x509.validToDate.getTime() - now.getTime();
  if (leftMs >= 0 && leftMs < expiryWarningDays * DAY_MS) {
    const { subject, notAfter } = factsOf(x509);
    warnings.push(
      `${place}: the client certificate ${subject} expires in ${daysIn(leftMs)}, at ${notAfter}; renew it now.`,
    );
  }
  const uses: readonly string[] | undefined = x509.keyUsage;
  if (uses !== undefined && !uses.includes(CLIENT_AUTH) && !uses.includes(ANY_USE)) {
    warnings.push(
      `${place}: the client certificate is not issued for client authentication (its extended key usage lacks clientAuth); a strict server refuses it. Ask the certificate authority for one that is.`,
    );
  }
  if (hasUnnamedCurve(x509)) {
    warnings.push(
      `${place}: the public key of the client certificate spells out the parameters of its curve instead of its name; most servers refuse such a certificate. Make a new key on a named curve (such as P-256), and ask for a certificate for it.`,
    );
  }
  return [...warnings, ...dateWarnings(chain.certificates.slice(1), now)];
}

/** Lists the certificates that are not valid now. */
export function dateWarnings(certificates: readonly PlacedCertificate[], now: Date): readonly string[] {
  return certificates.flatMap(({ x509, place }) => {
    const state = dateState(x509.validFromDate, x509.validToDate, now);
    return state === undefined ? [] : [`${place}: ${nameOnOneLine(x509.subject)} ${state}.`];
  });
}

function dateProblem({ x509, place }: PlacedCertificate, now: Date): ActionError | undefined {
  const state = dateState(x509.validFromDate, x509.validToDate, now);
  if (state === undefined) return undefined;
  const isOver = x509.validToDate < now;
  return new ActionError(
    isOver ? 'IDENTITY_EXPIRED' : 'IDENTITY_NOT_YET_VALID',
    `${place}: the client certificate ${nameOnOneLine(x509.subject)} ${state}`,
    {
      hint: isOver
        ? 'Renew the certificate and store it in cert, with its key in key when that changed.'
        : `The clock of this machine says ${now.toISOString()}: if that is wrong, set the clock. If it is right, wait, or ask for a certificate that is valid now.`,
    },
  );
}

function dateState(from: Date, to: Date, now: Date): string | undefined {
  const clock = `this machine's clock says ${now.toISOString()}`;
  if (to < now) return `expired at ${to.toISOString()}; ${clock}`;
  return from > now ? `is not valid before ${from.toISOString()}; ${clock}` : undefined;
}

function weaknesses({ x509, place }: PlacedCertificate, isLeaf: boolean): readonly ActionError[] {
  const problems: ActionError[] = [];
  const bits = x509.publicKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < MIN_RSA_BITS) {
    problems.push(
      new ActionError(
        'IDENTITY_KEY_TOO_SMALL',
        `${place}: its RSA key has ${bits} bits; TLS needs at least ${MIN_RSA_BITS}`,
        { hint: 'Make a new key (EC P-256, or RSA with 3072 bits) and ask for a certificate for it.' },
      ),
    );
  }
  const digest = weakDigestOf(x509);
  // The signature of a root on itself is never checked.
  if (digest !== undefined && (isLeaf || !isSelfSigned(x509))) {
    problems.push(
      new ActionError('IDENTITY_WEAK_SIGNATURE', `${place}: it is signed with ${digest}; TLS needs at least SHA-256`, {
        hint: 'Ask the certificate authority to issue the certificate again, signed with SHA-256 or better.',
      }),
    );
  }
  return problems;
}

function daysIn(durationMs: number): string {
  const days = Math.floor(durationMs / DAY_MS);
  if (days === 0) return 'less than a day';
  return days === 1 ? '1 day' : `${days} days`;
}
