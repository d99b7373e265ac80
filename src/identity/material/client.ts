import { ActionError } from '../../errors.ts';
import { type Findings, inputEmpty, isBlank, separate } from '../text/blocks.ts';
import { type CertInput, type IdentityText, readCertInput, readKeyInput } from '../text/inputs.ts';
import type { Block } from '../text/pem.ts';
import { type ClientChain, orderClientChain } from './client-chain.ts';
import { type PrivateKey, readPrivateKey } from './private-key.ts';

/** The readable content of `cert` and `key` together. */
interface ClientMaterial {
  /** `undefined` when there is no certificate, or when the client's own certificate may be in an unreadable part. */
  readonly chain: ClientChain | undefined;
  readonly key: PrivateKey | undefined;
  readonly problems: readonly ActionError[];
  /** Repairs for the user, by input. */
  readonly tidied: { readonly cert: readonly string[]; readonly key: readonly string[] };
}

/** Reads the client's certificates and private key, from either input; never throws. */
export function readClient({ cert, key, keyPassphrase }: IdentityText): ClientMaterial {
  const passphrase = isBlank(keyPassphrase) ? undefined : keyPassphrase.replace(/(?:\r\n|[\r\n])$/, '');
  const inCert = readCertInput(cert, passphrase);
  const inKey = isBlank(key) || key.trim() === cert?.trim() ? undefined : readKeyInput(key);
  // An empty passphrase is valid for PKCS#12, and OpenSSL has already accepted it.
  const opening = inKey === undefined && inCert.isPkcs12 ? (passphrase ?? '') : passphrase;
  const opened = openKeys((inKey ?? inCert).keys, opening);
  const chosen = chooseKey(opened.values, inCert);
  const isKeyAbsent = (inKey ?? inCert).keys.length === 0 && inKey === undefined && !inCert.mayHideKey;
  const chain = chainOf(inCert, chosen);
  const source = inKey === undefined && chosen !== undefined ? ['private key taken from here'] : [];
  return {
    chain,
    key: chosen,
    problems: [
      ...inCert.problems,
      ...(inKey?.problems ?? []),
      ...(isKeyAbsent ? [keyAbsent(inCert)] : []),
      ...opened.problems,
    ],
    tidied: { cert: [...inCert.tidied, ...(chain?.tidied ?? []), ...source], key: inKey?.tidied ?? [] },
  };
}

function chainOf(
  { certificates, mayHideCertificate }: CertInput,
  key: PrivateKey | undefined,
): ClientChain | undefined {
  const chain = orderClientChain(certificates, key?.key);
  const isLeafSure = key !== undefined && chain?.leaf.x509.checkPrivateKey(key.key) === true;
  return mayHideCertificate && !isLeafSure ? undefined : chain;
}

function keyAbsent({ isPkcs12 }: CertInput): ActionError {
  if (!isPkcs12) return inputEmpty('key');
  return new ActionError(
    'IDENTITY_WRONG_KIND',
    'input cert is a PKCS#12 without a private key, and input key is empty',
    { hint: 'Export the PKCS#12 again together with its private key, or put the key into key.' },
  );
}

function openKeys(blocks: readonly Block[], passphrase: string | undefined): Findings<PrivateKey> {
  const distinct = new Map(blocks.map((block) => [block.der.toString('base64'), block]));
  return separate([...distinct.values()].map((block) => readPrivateKey(block, passphrase)));
}

function chooseKey(keys: readonly PrivateKey[], { certificates }: CertInput): PrivateKey | undefined {
  return keys.find(({ key }) => certificates.some(({ x509 }) => x509.checkPrivateKey(key))) ?? keys[0];
}
