import type { X509Certificate } from 'node:crypto';
import { nameOnOneLine } from '../../identity/material/certificate.ts';
import { Failure } from '../../signing/policy/failure.ts';
import { reasonOf } from '../tls/failure.ts';
import { describeDates } from '../tls/server-chain.ts';
import { type ConnectProxy, nameProxy } from './proxy.ts';

const chains = new WeakMap<Error, readonly X509Certificate[]>();

/** Stores the certificates of a proxy for the error that they caused, because Node's error does not include them. */
export function keepChain(error: unknown, chain: readonly X509Certificate[]): void {
  if (error instanceof Error) chains.set(error, chain);
}

/** Explains an error of the TLS handshake with an `https` proxy, by the code of the error. */
export function proxyTlsFailed(error: Error, code: string, proxy: ConnectProxy): Failure {
  const { reason, hint } = describe(error, code, proxy);
  const message = `The TLS handshake with ${nameProxy(proxy)} failed: ${reason}.`;
  return new Failure('config', 'PROXY_TLS', message, { hint, cause: error });
}

interface Words {
  readonly reason: string;
  readonly hint: string;
}

function describe(error: Error, code: string, { variable, url }: ConnectProxy): Words {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return {
      reason: 'it does not speak TLS',
      hint: `Most proxies are reached over plain HTTP, which is safe here because TLS goes end to end through them: write http:// in ${variable}.`,
    };
  const [own] = chains.get(error) ?? [];
  const dates = DATES[code];
  if (dates) {
    const now = new Date();
    return { reason: `${dates.reason}${own ? `: ${describeDates(own, now)}` : ''}`, hint: dates.hint };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      reason: `its certificate is for another host name${own ? `: ${nameOnOneLine(own.subject)}` : ''}`,
      hint: `Write the host name that the certificate bears into ${variable} in place of ${url.hostname}, or ask the operators of the proxy for a certificate with that name.`,
    };
  const issued = own ? `: ${nameOnOneLine(own.subject)}, issued by ${nameOnOneLine(own.issuer)}` : '';
  if (UNTRUSTED.has(code))
    return {
      reason: `its certificate does not chain to a root that is known here${issued}`,
      hint: 'Ask the operators of the proxy for the certificate of its CA, and add that to the store of this machine or to NODE_EXTRA_CA_CERTS.',
    };
  return {
    reason: reasonOf(error, code),
    hint: `Ask the operators of the proxy. Its certificate must chain to a root that Node, this machine or NODE_EXTRA_CA_CERTS knows, and bear the host name in ${variable}.`,
  };
}

const CLOCK = "If this machine's clock is wrong, set it.";
/** Texts about the dates of a certificate. */
const DATES: Readonly<Record<string, Words>> = {
  CERT_HAS_EXPIRED: {
    reason: 'its certificate has expired',
    hint: `The operators of the proxy must renew the certificate. ${CLOCK}`,
  },
  CERT_NOT_YET_VALID: {
    reason: 'its certificate is not valid yet',
    hint: `The operators of the proxy must install a certificate that is valid now. ${CLOCK}`,
  },
};

const UNTRUSTED: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
]);
