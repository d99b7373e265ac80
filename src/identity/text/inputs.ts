import { ActionError } from '../../errors.ts';
import { readPkcs12 } from '../der/pkcs12.ts';
import { type PlacedCertificate, readCertificate } from '../material/certificate.ts';
import { readBlocks, separate } from './blocks.ts';
import { type Block, isPrivateLabel, mayHoldKey } from './pem.ts';
import { wrongKind } from './wrong-kind.ts';

/** Unchanged texts of the four inputs; an absent one is `undefined` or empty. */
export interface IdentityText {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly keyPassphrase: string | undefined;
  readonly chain: string | undefined;
}

/** The readable content of the input `cert`. */
export interface CertInput {
  readonly certificates: readonly PlacedCertificate[];
  /** Private keys next to the certificates. */
  readonly keys: readonly Block[];
  /** Whether the input is or holds a PKCS#12, whose keys open with its passphrase, even an empty one. */
  readonly isPkcs12: boolean;
  /** Whether an unreadable part may hold a private key. */
  readonly mayHideKey: boolean;
  /** Whether an unreadable part may hold a certificate. */
  readonly mayHideCertificate: boolean;
  readonly problems: readonly ActionError[];
  readonly tidied: readonly string[];
}

// A client's chain has a few certificates; a bundle of CA certificates here would be sent with every connection.
const MAX_CERTIFICATES = 100;

/** Reads `cert`: certificates, and private keys next to them, from PEM, DER or PKCS#12; never throws. */
export function readCertInput(text: string | undefined, passphrase: string | undefined): CertInput {
  const { blocks, problems, brokenLabels, tidied } = readBlocks('cert', text);
  const isPkcs12 = blocks.some(({ label }) => label === 'PKCS12');
  const unpacked = separate(
    blocks.map((block) => (block.label === 'PKCS12' ? readPkcs12(block, passphrase) : [block])),
  );
  const all = unpacked.values.flat();
  const certificates = separate(all.filter(isForCertificates).map(readCertificate));
  const faults = [...problems, ...unpacked.problems, ...certificates.problems];
  return {
    certificates: certificates.values.slice(0, MAX_CERTIFICATES),
    keys: all.filter(({ label }) => isPrivateLabel(label)),
    isPkcs12,
    mayHideKey: unpacked.problems.length > 0 || brokenLabels.some((label) => mayHoldKey(label) || label === 'DER'),
    mayHideCertificate: faults.length > 0,
    problems: [...faults, ...countProblems(certificates.values.length + faults.length, all, isPkcs12)],
    tidied: isPkcs12 ? tidied.map((note) => (note === 'DER read' ? 'PKCS#12 unpacked' : note)) : tidied,
  };
}

function isForCertificates({ label }: Block): boolean {
  return !isPrivateLabel(label) && label !== 'EC PARAMETERS';
}

/** Returns what is wrong with the number of certificates and unreadable blocks. */
function countProblems(count: number, blocks: readonly Block[], isUnpacked: boolean): readonly ActionError[] {
  const [first] = blocks;
  if (count === 0 && first !== undefined && isUnpacked)
    return [
      new ActionError('IDENTITY_WRONG_KIND', 'input cert is a PKCS#12 that holds a private key and no certificate', {
        hint: 'Export the PKCS#12 again together with the certificate of that key.',
      }),
    ];
  if (count === 0 && first !== undefined) return [wrongKind(first)];
  if (count <= MAX_CERTIFICATES) return [];
  const sentence = `input cert holds ${count} certificates; at most ${MAX_CERTIFICATES} are taken`;
  return [
    new ActionError('IDENTITY_TOO_LARGE', sentence, {
      hint: 'A bundle of CA certificates belongs into chain; cert takes the client certificate and its intermediates.',
    }),
  ];
}

/** Reads `key`: private keys, and only what tools write next to them; never throws. */
export function readKeyInput(text: string): Pick<CertInput, 'keys' | 'problems' | 'tidied'> {
  const { blocks, problems, tidied } = readBlocks('key', text);
  const keys = blocks.filter(({ label }) => isPrivateLabel(label));
  const others = blocks.filter(isForCertificates);
  // A certificate next to the key is harmless: the secret holds a combined file.
  const strangers = keys.length > 0 ? others.filter(({ label }) => label !== 'CERTIFICATE') : others;
  const faults = [...problems, ...strangers.map(wrongKind)];
  if (keys.length > 0 || faults.length > 0) return { keys, problems: faults, tidied };
  const noKey = new ActionError('IDENTITY_WRONG_KIND', 'input key holds no private key, only EC PARAMETERS', {
    hint: 'Store the block that begins with `-----BEGIN EC PRIVATE KEY-----` too.',
  });
  return { keys, problems: [noKey], tidied };
}
