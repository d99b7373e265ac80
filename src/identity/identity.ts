import type { X509Certificate } from 'node:crypto';
import { ActionError } from '../errors.ts';
import { type AnchorsInput, readAnchors, usableAnchors } from './material/anchors.ts';
import { type CertificateFacts, factsOf, nameOnOneLine, publicKeyPrint } from './material/certificate.ts';
import { readClient } from './material/client.ts';
import { type ClientChain, missingIssuerOf } from './material/client-chain.ts';
import type { PrivateKey } from './material/private-key.ts';
import type { IdentityText } from './text/inputs.ts';
import { encodePem } from './text/pem.ts';
import { clientProblems, clientWarnings, dateWarnings, type ValidityOptions } from './validity.ts';

// Most problems that are listed, because an annotation holds 4096 characters.
const MAX_LISTED = 10;

/** The certificates that the server must chain to. */
export interface Trust {
  /** Every certificate of `chain`; never empty. */
  readonly anchors: readonly X509Certificate[];
  /** The anchors that a server may chain to now. */
  readonly anchorsPem: string;
}

/** A checked client identity and the certificates that the server must chain to. */
export interface Identity extends Trust {
  /** The leaf first, then those of its issuers that were given. */
  readonly certificates: readonly X509Certificate[];
  readonly certificatesPem: string;
  readonly keyPem: string;
  /** Passphrase of `keyPem`; `undefined` when the key is not encrypted. */
  readonly passphrase: string | undefined;
  /** Facts about the leaf. */
  readonly certificate: CertificateFacts;
  /** Name of the leaf's issuer if it was not given, which may explain why a server refuses the certificate. */
  readonly missingIssuer: string | undefined;
}

/** Result of examining an identity, which is present exactly when there is no problem. */
export interface Inspection {
  readonly identity: Identity | undefined;
  readonly problems: readonly ActionError[];
  /** At most one notice, which lists everything that was repaired. */
  readonly notices: readonly string[];
  readonly warnings: readonly string[];
}

/** Examines the texts of all inputs and lists every problem at once; opens no file and no socket, and never throws. */
export function inspectIdentity(text: IdentityText, options: ValidityOptions): Inspection {
  const client = readClient(text);
  const anchors = readAnchors(text.chain);
  const { chain } = client;
  const problems = [
    ...client.problems,
    ...(chain === undefined ? [] : clientProblems(chain, options.now)),
    ...mismatch(chain, client.key),
    ...anchors.problems,
  ];
  const trusted = anchors.certificates.map(({ x509 }) => x509);
  const isSound = problems.length === 0 && chain !== undefined && client.key !== undefined;
  return {
    identity: isSound ? assemble(chain, client.key, trustIn(trusted, options.now)) : undefined,
    problems,
    notices: tidyNotice({ ...client.tidied, chain: anchors.tidied }),
    warnings: [
      ...(chain === undefined ? [] : clientWarnings(chain, options)),
      ...dateWarnings(anchors.certificates, options.now),
    ],
  };
}

/** Examines trust anchors alone and lists every problem and warning at once; never throws. */
export function inspectAnchors(
  chain: string | undefined,
  { now }: ValidityOptions,
): Pick<Inspection, 'problems' | 'warnings'> {
  const { certificates, problems } = readAnchors(chain);
  return { problems, warnings: dateWarnings(certificates, now) };
}

/** Returns the identity of an inspection, or throws its problems as one {@link ActionError}. */
export function requireIdentity({ identity, problems }: Inspection): Identity {
  if (identity !== undefined) return identity;
  const [first, ...others] = problems;
  if (first === undefined) throw new ActionError('IDENTITY_INVALID', 'the client identity is incomplete');
  if (others.length === 0) throw first;
  const code = others.every((other) => other.code === first.code) ? first.code : 'IDENTITY_INVALID';
  const lines = problems
    .slice(0, MAX_LISTED)
    .map(
      (problem) =>
        `- ${problem.message.replace(/^input /, 'Input ')}.${problem.hint === undefined ? '' : ` ${problem.hint}`}`,
    );
  if (problems.length > MAX_LISTED) lines.push(`- and ${problems.length - MAX_LISTED} more`);
  throw new ActionError(code, [`the client identity has ${problems.length} problems:`, ...lines].join('\n'), {
    cause: new AggregateError(problems),
  });
}

/** Returns a hint for a refusal by the server when an issuer is missing; otherwise `undefined`. */
export function missingIssuerHint({ certificates, missingIssuer }: Identity): string | undefined {
  if (missingIssuer === undefined) return undefined;
  const count = certificates.length === 1 ? '1 certificate' : `${certificates.length} certificates`;
  return `Input cert has ${count}; issuer ${missingIssuer} is not included. If it is an intermediate, append it after the client certificate.`;
}

/** Returns what in the identity may explain a refusal by the server; `undefined` when nothing does. */
export function refusalHint(identity: Identity): string | undefined {
  const curve = identity.certificates[0]?.publicKey.asymmetricKeyDetails?.namedCurve ?? '';
  const rare = curve.startsWith('brainpool')
    ? `The client certificate has a key on ${curve}: most servers do not offer this curve, and then get no certificate at all. Use a key on P-256.`
    : undefined;
  return [missingIssuerHint(identity), rare].filter((hint) => hint !== undefined).join(' ') || undefined;
}

/** Reads the trust anchors of an input; throws all problems as one error. */
export function requireTrust(chain: string | undefined, now: Date, input: AnchorsInput = 'chain'): Trust {
  const { certificates, problems } = readAnchors(chain, input);
  if (problems.length > 0) requireIdentity({ identity: undefined, problems, notices: [], warnings: [] });
  return trustIn(
    certificates.map(({ x509 }) => x509),
    now,
  );
}

/** Builds the trust from anchors, and selects those that a server may chain to now. */
export function trustIn(anchors: readonly X509Certificate[], now: Date): Trust {
  return { anchors, anchorsPem: pemOf(usableAnchors(anchors, now)) };
}

function assemble(chain: ClientChain, key: PrivateKey, trust: Trust): Identity {
  const certificates = chain.certificates.map(({ x509 }) => x509);
  return {
    certificates,
    certificatesPem: pemOf(certificates),
    keyPem: key.pem,
    passphrase: key.passphrase,
    anchors: trust.anchors,
    anchorsPem: trust.anchorsPem,
    certificate: factsOf(chain.leaf.x509),
    missingIssuer: missingIssuerOf(chain, trust.anchors),
  };
}

function pemOf(certificates: readonly X509Certificate[]): string {
  return certificates.map(({ raw }) => encodePem({ label: 'CERTIFICATE', der: raw })).join('');
}

function mismatch(chain: ClientChain | undefined, key: PrivateKey | undefined): readonly ActionError[] {
  if (chain === undefined || key === undefined || chain.leaf.x509.checkPrivateKey(key.key)) return [];
  const { x509, place } = chain.leaf;
  return [
    new ActionError(
      'IDENTITY_KEY_MISMATCH',
      `${key.place} does not belong to the client certificate ${nameOnOneLine(x509.subject)} in ${place}: SHA-256 of the public keys (SPKI) is ${key.publicKeySha256} for the key and ${publicKeyPrint(x509.publicKey)} for the certificate`,
      { hint: 'Store certificate and key of the same request; after a renewal both inputs usually change.' },
    ),
  ];
}

function tidyNotice(tidied: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const parts = Object.entries(tidied)
    .filter(([, notes]) => notes.length > 0)
    .map(([input, notes]) => `${input}: ${[...new Set(notes)].join(', ')}`);
  return parts.length === 0 ? [] : [`The identity was tidied before use. ${parts.join('; ')}.`];
}
