import { type KeyObject, X509Certificate } from 'node:crypto';
import type { Identity, Trust } from '../identity.ts';
import { factsOf, isSelfSigned, type PlacedCertificate } from '../material/certificate.ts';
import { orderClientChain } from '../material/client-chain.ts';
import { encodePem, readPem } from '../text/pem.ts';
import { clientWarnings } from '../validity.ts';
import { noCertificate } from './refusals.ts';

/** Least remaining validity, in milliseconds, of a certificate that is used: a handshake may take this long. */
export const MIN_LEFT_MS = 10_000;

/** What an issued certificate is checked against. */
interface Expectations {
  readonly privateKey: KeyObject;
  readonly trust: Trust;
  /** Origin of the authority. */
  readonly origin: string;
  readonly now: () => number;
}

/** Checks issued certificates, and builds an identity with the key and the trust; throws `CERTIFICATE_NOT_ISSUED`. */
export function assemble(
  pem: string,
  { privateKey, trust, origin, now }: Expectations,
): Identity & { readonly endsAt: number; readonly warnings: readonly string[] } {
  const chain = orderClientChain(readAll(pem, origin), privateKey);
  const leaf = chain?.leaf.x509;
  if (chain === undefined || leaf?.checkPrivateKey(privateKey) !== true)
    throw noCertificate(
      origin,
      'is not for the key of the request',
      'Check that certificate-url leads to the authority itself.',
    );
  checkDates(leaf, origin, now());
  // A root is not sent: a server that trusts it has it, and some servers count it against the longest chain.
  const sent = chain.certificates.map(({ x509 }) => x509).filter((each, at) => at === 0 || !isSelfSigned(each));
  return {
    certificates: sent,
    certificatesPem: sent.map(({ raw }) => encodePem({ label: 'CERTIFICATE', der: raw })).join(''),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    passphrase: undefined,
    certificate: factsOf(leaf),
    missingIssuer: undefined,
    anchors: trust.anchors,
    anchorsPem: trust.anchorsPem,
    endsAt: leaf.validToDate.getTime(),
    warnings: clientWarnings(chain, { now: new Date(now()), expiryWarningDays: 0 }),
  };
}

/** Limits the cost of comparing each with the others; authorities send up to four, some of them twice. */
const MAX_CERTIFICATES = 16;

function readAll(pem: string, origin: string): PlacedCertificate[] {
  const blocks = readPem(pem.replace(/\r\n?/g, '\n')).blocks.filter(({ label }) => label === 'CERTIFICATE');
  if (blocks.length > MAX_CERTIFICATES)
    throw noCertificate(
      origin,
      `comes with ${blocks.length - 1} others, and no more than ${MAX_CERTIFICATES} are read together`,
      'Show this to the operators of the authority.',
    );
  try {
    return blocks.map((block) => {
      if ('reason' in block) throw new Error(block.reason);
      return { x509: new X509Certificate(block.der), place: `authority ${origin}` };
    });
  } catch (cause) {
    throw noCertificate(origin, 'cannot be read', 'Show this to the operators of the authority.', cause);
  }
}

function checkDates({ validFromDate, validToDate }: X509Certificate, origin: string, now: number): void {
  const clock = `the runner's clock says ${new Date(now).toISOString()}`;
  const leftMs = validToDate.getTime() - now;
  if (leftMs < MIN_LEFT_MS)
    throw noCertificate(
      origin,
      `expires at ${validToDate.toISOString()}, which leaves fewer than ${MIN_LEFT_MS / 1000} s; ${clock}`,
      'Let the role of the authority issue certificates for 15 min (ttl, max_ttl, maxTLSCertDuration), and compare the clocks.',
    );
  if (validFromDate.getTime() > now)
    throw noCertificate(
      origin,
      `is not valid before ${validFromDate.toISOString()}; ${clock}`,
      'Compare the clocks of the runner and of the authority, which may backdate certificates (not_before_duration, backdate).',
    );
}
