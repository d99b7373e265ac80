import type { X509Certificate } from 'node:crypto';
import type { Detail } from './chain-faults.ts';

/** Words for environments in names of hosts, certificates and accounts. */
const ENVIRONMENTS = new Map<string, string>(
  Object.entries({
    staging: 'staging',
    stage: 'staging',
    stg: 'staging',
    test: 'test',
    testing: 'test',
    uat: 'uat',
    qa: 'qa',
    dev: 'development',
    development: 'development',
    sandbox: 'sandbox',
    preprod: 'preprod',
    prod: 'production',
    production: 'production',
  }),
);

/** Returns the only environment that a name speaks of. */
function environmentOf(name: string): string | undefined {
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  const [found, ...others] = new Set(words.flatMap((word) => ENVIRONMENTS.get(word) ?? []));
  return others.length === 0 ? found : 'several';
}

/** Tells whether a name speaks of another environment than a second name, which means production when it speaks of none. */
function isOfOtherEnvironment(name: string, second: string): boolean {
  const [one, other = 'production'] = [environmentOf(name), environmentOf(second)];
  return one !== undefined && one !== other && one !== 'several' && other !== 'several';
}

/** Returns a name without words for environments, and without marks such as brackets. */
function withoutEnvironment(name: string): string {
  const words = name.toLowerCase().split(/[^\p{L}\p{N}=]+/u);
  return words.filter((word) => word !== '' && !ENVIRONMENTS.has(word)).join(' ');
}

/** Tells whether two names are the same but for the environment that they speak of. */
export function differInEnvironment(one: string, other: string): boolean {
  return environmentOf(one) !== environmentOf(other) && withoutEnvironment(one) === withoutEnvironment(other);
}

/** Tells whether a name speaks of another environment than a server, whose whole URL may hold a word for that environment. */
export function isOfOtherServer(name: string, { hostname, href }: URL): boolean {
  const one = environmentOf(name);
  const url = href.toLowerCase();
  if ([...ENVIRONMENTS].some(([word, environment]) => environment === one && url.includes(word))) return false;
  // `dev` and `test` are top-level domains too.
  return isOfOtherEnvironment(name, hostname.replace(/\.[a-z]+\.?$/i, ''));
}

const ELSEWHERE =
  "By its name, the server's certificate is of another environment than server-url or chain, such as staging instead of production. Check server-url and chain first; if both are right, the DNS entry or a balancer leads to a server of the other environment: ask the operators of the service, and put no certificate of it into chain.";

/** A server of another environment is a mistake that no certificate in chain should hide. */
export function namingEnvironment(
  detail: Detail,
  { subject, issuer }: X509Certificate,
  { server, anchors }: { readonly server: URL; readonly anchors: readonly X509Certificate[] },
): Detail {
  const held = anchors.map((anchor) => anchor.subject).join(' ');
  const name = `${subject} ${issuer}`;
  const isElsewhere = isOfOtherServer(name, server) || isOfOtherEnvironment(name, held);
  return isElsewhere ? { ...detail, todo: ELSEWHERE } : detail;
}
