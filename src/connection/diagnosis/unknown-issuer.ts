import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { isIssuedBy, nameOnOneLine } from '../../identity/material/certificate.ts';
import { bundledRoots } from '../route.ts';
import type { Detail } from './chain-faults.ts';
import { differInEnvironment } from './environments.ts';

/** What is known of a server whose certificate does not chain to a certificate of `chain`. */
interface UnknownIssuer {
  /** The last certificate that the server sent. */
  readonly top: X509Certificate;
  /** The certificates of the input `chain`. */
  readonly anchors: readonly X509Certificate[];
  /** The client's own certificates, its leaf first. */
  readonly own: readonly X509Certificate[];
  /** Host name of the service. */
  readonly host: string;
  /** The proxy in use, by variable, host and port. */
  readonly proxy: string | undefined;
}

/** Names of makers and words of devices that open TLS, as they stand in the names of their CAs. */
const INSPECTORS =
  /\b(?:(?:tls|ssl|https?|web)[ -]?(?:inspect\w*|intercept\w*|decrypt\w*|proxy|filter\w*|scan\w*)|inspection|interception|decryption|mitm\w*|proxy|firewall|zscaler|netskope|forcepoint|websense|blue ?coat|palo ?alto|forti(?:net|gate)|sophos|check ?point|sonicwall|watchguard|barracuda|untangle|cisco umbrella|opendns|skyhigh|menlo security|iboss|squid|kaspersky|bitdefender|avast|eset)\b/i;

/** Returns a hint for a certificate of another host: a device that opens TLS would show one for this host. */
export function adviseOnForeignName(leaf: X509Certificate, host: string): string | undefined {
  const isForHost = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host);
  if (isForHost !== undefined || leaf.subjectAltName === undefined) return undefined;
  if (INSPECTORS.test(`${leaf.subject} ${leaf.issuer}`))
    return `A filter of the runner's network, for DNS or the web, answers in place of the service: its operators must let ${host} through. Do not put this certificate into chain.`;
  return `Another server answers under this name, or a gateway or firewall shows its default certificate because it has none for ${host}. Check host and port in server-url, and ask the operators of the service to check where its DNS entry and its port forwarding lead, the registration of the domain, and their gateway. If all that is right, a firewall of the runner's network may answer: ask its operators. Do not put this certificate into chain.`;
}

/** Says whom to ask about an issuer that `chain` does not hold, the likely party first. */
export function adviseOnIssuer(facts: UnknownIssuer): string {
  const { top, anchors, own, host, proxy } = facts;
  const ca = nameOnOneLine(top.issuer);
  const device = proxy ?? "this runner's network (a proxy, firewall or virus scanner)";
  const open = `must let ${host} through unopened, or the service never sees the client certificate`;
  // A CA that its name calls a root is no intermediate.
  const isRoot = top.subject === top.issuer || /\broot\b/i.test(ca);
  if (isIssuerOf(own, top)) {
    const todo = isRoot ? 'put the certificate that the operators of that CA publish into chain' : SEND_IT;
    return `${ca} also issued the client certificate, so the CA is the right one: ${todo}.`;
  }
  if (INSPECTORS.test(ca))
    return `${ca} looks like the CA of a device that opens TLS: the operators of ${device} ${open}. Do not put ${ca} into chain.`;
  if (isPublic(top.issuer))
    return `${ca} is a public CA that chain does not hold. Check the host in server-url: another server may answer there, such as a login page or a content delivery network. If the host is right, ask the operators of the service whether ${ca} is their CA now; only then put its certificate into chain.`;
  const below = `If ${ca} is an intermediate CA below a CA in chain, the server must send the certificate of ${ca} as well: its operators must set that up.`;
  const likeIt = anchors.find(({ subject }) => differInEnvironment(subject, top.issuer));
  if (likeIt)
    return `The name of ${nameOnOneLine(likeIt.subject)} in chain differs only in the environment: chain probably holds the CA of another one, such as staging. Ask the operators of the service for the certificate of ${ca}, and put that into chain.`;
  const isKin = !isRoot && anchors.some(({ subject }) => kinOf(subject) === kinOf(top.issuer));
  const first = isKin ? `${below} ` : '';
  const last = isRoot || isKin ? '' : ` ${below}`;
  if (proxy !== undefined)
    return `${first}Find out whose CA ${ca} is. If it is a CA of ${proxy}, or of another device that opens TLS, the operators of that ${open}. If the operators of the service say that it is theirs, put the certificate that they give you into chain.${last}`;
  return `${first}Ask the operators of the service whether ${ca} is their CA. If it is, put the certificate that they give you into chain. If it is not, a device of this runner's network opens TLS: its operators ${open}.${last}`;
}

const SEND_IT = 'the server must send the certificate of that CA as well, and its operators must set that up';

/** Tells whether the issuer of a server's certificate also issued the client's: by its key where cert holds the issuer, otherwise by name. */
function isIssuerOf(own: readonly X509Certificate[], top: X509Certificate): boolean {
  const held = own.filter(({ subject }) => subject === top.issuer);
  if (held.length > 0) return held.some((issuer) => isIssuedBy(top, issuer));
  return own.some(({ issuer }) => issuer === top.issuer);
}

/** Tells whether a CA is among the roots that Node brings. */
function isPublic(issuer: string): boolean {
  return bundledRoots().some((pem) => new X509Certificate(pem).subject === issuer);
}

/** What names of CAs of one owner have in common: the organisation, or the first word of the name. */
function kinOf(name: string): string {
  return /^O=(.+)$/m.exec(name)?.[1] ?? /^CN=(\S+)/m.exec(name)?.[1] ?? name;
}

/** Explains a certificate that is its own issuer; `what` lists all certificates. */
export function describeSelfSigned(
  { subject, fingerprint256 }: X509Certificate,
  anchors: readonly X509Certificate[],
  what: string,
): Detail {
  return anchors.some((anchor) => anchor.subject === subject)
    ? {
        what: `it is self-signed, and the certificate of the same name in chain is another one; ${what}`,
        todo: `The server's certificate was probably replaced, and chain holds the earlier one: ask the operators of the service for the present one, and put that into chain. Its SHA-256 must be ${fingerprint256}, which is what the server shows.`,
      }
    : {
        what: `it is self-signed; ${what}`,
        todo: 'If this is the right server, put this very certificate into chain; get it from the operators, not from the network.',
      };
}
