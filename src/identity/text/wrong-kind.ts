import { ActionError } from '../../errors.ts';
import { type Block, type InputName, isPrivateLabel, placeOf } from './pem.ts';

interface Explanation {
  readonly what: string;
  readonly hint: string;
}

const WANTED: Record<InputName, string> = {
  cert: 'the client certificate',
  key: 'its private key',
  chain: "the certificates that the server's certificate must chain to",
  'certificate-chain': 'the certificates that the authority must chain to',
  'timestamp-chain': 'the certificates that the signer of a time stamp must chain to',
};

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  CERTIFICATE: {
    what: 'is a certificate, not a private key',
    hint: 'Put the certificate into cert and the private key into key; the two inputs may be swapped.',
  },
  'CERTIFICATE REQUEST': {
    what: 'is a certificate signing request (CSR), not a certificate',
    hint: 'Send the request to your certificate authority and store the certificate that comes back.',
  },
  'PUBLIC KEY': {
    what: 'is a public key, which is neither a certificate nor a private key',
    hint: 'Store the private key in key, and the certificate that your certificate authority returned in cert.',
  },
  'TRUSTED CERTIFICATE': {
    what: "is OpenSSL's own format of a certificate with trust settings",
    hint: 'Convert it with `openssl x509 -in trusted.pem -out cert.pem`.',
  },
  'X509 CRL': {
    what: 'is a certificate revocation list (CRL), not a certificate',
    hint: 'Remove this block; revocation lists are not used here.',
  },
  PKCS7: {
    what: 'is a PKCS#7 container (.p7b)',
    hint: 'Take the certificates out of it with `openssl pkcs7 -in file.p7b -print_certs -out cert.pem`; add `-inform DER` when the file is binary.',
  },
  'OPENSSH PRIVATE KEY': {
    what: "is a key in OpenSSH's own format, which TLS cannot use",
    hint: 'Convert a copy of it with `ssh-keygen -p -m PKCS8 -f key-copy`, if this key really belongs to the certificate.',
  },
  PKCS12: {
    what: 'is a PKCS#12 container',
    hint: 'A PKCS#12 goes into cert, in base64, with its passphrase in key-passphrase and an empty key; for chain take the CA certificates out of it with `openssl pkcs12 -in file.p12 -nokeys -cacerts`.',
  },
};

const ALIASES: Readonly<Record<string, string>> = {
  'NEW CERTIFICATE REQUEST': 'CERTIFICATE REQUEST',
  'RSA PUBLIC KEY': 'PUBLIC KEY',
  CMS: 'PKCS7',
};

/** Builds the problem for a block in the wrong input: what it is, what the input accepts, and how to convert it. */
export function wrongKind(block: Block): ActionError {
  const { what, hint } = explain(block);
  return new ActionError('IDENTITY_WRONG_KIND', `${placeOf(block)} ${what}; this input takes ${WANTED[block.input]}`, {
    hint,
  });
}

function explain({ label, input }: Block): Explanation {
  const known = EXPLANATIONS[ALIASES[label] ?? label];
  if (known !== undefined) return known;
  if (!isPrivateLabel(label)) {
    return { what: 'is of a kind that is not used here', hint: 'Store certificates and private keys in PEM format.' };
  }
  const move = input.endsWith('chain')
    ? `Remove it from ${input}`
    : 'Put the private key into key and the certificate into cert';
  return { what: 'is a private key, not a certificate', hint: `${move}; the inputs may be swapped.` };
}
