import type { X509Certificate } from 'node:crypto';
import { childrenOf, integerOf, readElement } from '../../identity/der/der.ts';
import { extensionOf, nameOnOneLine, weakDigestOf } from '../../identity/material/certificate.ts';
import type { Link } from './certificate-path.ts';

/** Facts about a server's certificates; `sentence` and `todo` replace the sentence and hint of a failure. */
export interface Detail {
  readonly sentence?: string;
  readonly what: string;
  readonly todo?: string;
}

interface Rule {
  /** Matches OpenSSL's message for the fault. */
  readonly words: RegExp;
  /** `depth` is 0 for the server's own certificate. */
  readonly isBrokenBy: (x509: X509Certificate, depth: number) => boolean;
  readonly how: (x509: X509Certificate) => string;
}

const MIN_RSA_BITS = 2048;
const BASIC_CONSTRAINTS = '2.5.29.19';
const NAME_CONSTRAINTS = '2.5.29.30';

const RULES: readonly Rule[] = [
  {
    words: /certificate signing|invalid ca/i,
    isBrokenBy: ({ ca }, depth) => depth > 0 && !ca,
    how: () => 'may not issue certificates',
  },
  {
    words: /path length/i,
    isBrokenBy: (x509, depth) => depth - 1 > (pathLengthOf(x509) ?? depth),
    how: (x509) => `allows ${pathLengthOf(x509)} CAs below it`,
  },
  {
    words: /subtree/i,
    isBrokenBy: (x509, depth) => depth > 0 && extensionOf(x509, NAME_CONSTRAINTS) !== undefined,
    how: () => 'has name constraints that exclude this host',
  },
  {
    words: /digest/i,
    isBrokenBy: (x509) => weakDigestOf(x509) !== undefined,
    how: (x509) => `is signed with ${weakDigestOf(x509)}`,
  },
  {
    words: /key too weak/i,
    isBrokenBy: (x509) => rsaBitsOf(x509) < MIN_RSA_BITS,
    how: (x509) => `has a key of ${rsaBitsOf(x509)} bits; TLS needs ${MIN_RSA_BITS}`,
  },
];

const REISSUE = 'Its operators must have the certificate issued again.';
/** Whoever uses the certificate of a CA must have it issued again, and install it. */
const REISSUED: Readonly<Record<Link['role'], string>> = {
  server: REISSUE,
  intermediate:
    "The operators of that CA must issue its certificate again, and those of the service must install it. Until then, the server's own certificate in chain makes the connection work.",
  anchor:
    "The operators of that CA must issue its certificate again: put the new one into chain. Until then, the server's own certificate in chain makes the connection work.",
};

/** Finds the certificate that breaks the rule which OpenSSL names; lists the whole path when that is unknown. */
export function findChainFault(reason: string, links: readonly Link[]): Detail {
  const rule = RULES.find(({ words }) => words.test(reason));
  const bad = links.find(({ x509 }, depth) => rule?.isBrokenBy(x509, depth));
  if (rule === undefined || bad === undefined) {
    const names = links.map(nameLink).join(', ');
    return { what: links.length > 1 ? `it is one of ${names}` : names, todo: REISSUE };
  }
  return { what: `${nameLink(bad)} ${rule.how(bad.x509)}`, todo: REISSUED[bad.role] };
}

/** Finds the certificate that is not valid for its purpose: the server's own, or a CA that may not issue it. */
export function findPurposeFault([server, ...issuers]: readonly [Link, ...Link[]]): Detail {
  if (!servesServers(server.x509)) {
    return {
      what: `${nameOnOneLine(server.x509.subject)} may be used for ${usesOf(server.x509)}`,
      todo: 'The operators of the service must install a certificate with the extended key usage serverAuth.',
    };
  }
  const none = issuers.find(({ x509 }) => !x509.ca);
  if (none) {
    return {
      sentence: "an issuer of the server's certificate is not a CA",
      what: `${nameLink(none)} may not issue certificates`,
      todo: REISSUED[none.role],
    };
  }
  const other = issuers.find(({ x509 }) => !servesServers(x509));
  if (other) {
    return {
      sentence: "an issuer of the server's certificate may not issue certificates for servers",
      what: `${nameLink(other)} may be used for ${usesOf(other.x509)}`,
      todo: REISSUED[other.role],
    };
  }
  return {
    what: `the key usage of ${nameOnOneLine(server.x509.subject)}, or its certificate type of Netscape, does not allow TLS`,
    todo: REISSUE,
  };
}

function nameLink({ x509, role }: Link): string {
  const where = { server: "the server's own", intermediate: 'sent by the server', anchor: 'in chain' }[role];
  return `${nameOnOneLine(x509.subject)} (${where})`;
}

function rsaBitsOf({ publicKey }: X509Certificate): number {
  return publicKey.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS;
}

/** Returns the number of CAs that a CA allows below itself; `undefined` for any number. */
function pathLengthOf(x509: X509Certificate): number | undefined {
  const constraints = extensionOf(x509, BASIC_CONSTRAINTS);
  return constraints && integerOf(childrenOf(readElement(constraints)).at(-1));
}

const SERVER_USE = '1.3.6.1.5.5.7.3.1';
const USES: Readonly<Record<string, string>> = {
  [SERVER_USE]: 'servers',
  '1.3.6.1.5.5.7.3.2': 'clients',
  '1.3.6.1.5.5.7.3.3': 'code signing',
  '1.3.6.1.5.5.7.3.4': 'e-mail',
  '2.5.29.37.0': 'anything, in which OpenSSL does not include servers',
};

function servesServers({ keyUsage }: X509Certificate): boolean {
  const uses: readonly string[] | undefined = keyUsage;
  return uses === undefined || uses.includes(SERVER_USE);
}

function usesOf({ keyUsage }: X509Certificate): string {
  const uses: readonly string[] | undefined = keyUsage;
  return uses === undefined ? 'nothing that it names' : uses.map((use) => USES[use] ?? use).join(', ');
}
