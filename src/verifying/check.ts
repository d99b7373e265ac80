import { ActionError } from '../errors.ts';
import { readInto, startHash } from '../files/hashing/file-hash.ts';
import { show } from '../files/names.ts';
import type { OpenFile } from '../files/reading/open-file.ts';
import { decodeSignature, otherEncodingHint, type SignatureEncoding } from './encoding.ts';
import { likelyAlgorithm, type Verifier, type VerifyPass } from './verifier.ts';

/** How signatures are checked in this run. */
export interface Verification {
  readonly verifier: Verifier;
  readonly encoding: SignatureEncoding;
}

/** Decodes a signature and checks it against a pass that has seen all bytes of the file. */
export function isValid(text: string, pass: VerifyPass, encoding: SignatureEncoding): boolean {
  return pass.verify(decodeSignature(text, encoding));
}

/** What a check of a stored signature found. */
export interface Checked {
  readonly sha256: string;
  readonly valid: boolean;
}

/** Reads an open file once and checks a stored signature against it; throws when the text is no strictly encoded signature. */
export async function checkStored(
  file: OpenFile,
  text: string,
  { verifier, encoding }: Verification,
): Promise<Checked> {
  const signature = decodeSignature(text, encoding);
  const pass = verifier.start(file.size);
  const hash = startHash({ algorithm: 'sha256' });
  await readInto(file.read(), [hash, pass]);
  file.checkUnchanged();
  return { sha256: hash.digest().toString('hex'), valid: pass.verify(signature) };
}

/** Explains a signature that does not fit: reads the file once more to see whether another algorithm of the key does. */
export async function explainInvalid(
  path: string,
  file: OpenFile,
  about: Verification & { readonly text: string },
): Promise<ActionError> {
  const { verifier, encoding, text } = about;
  const likely = await likelyAlgorithm(verifier, decodeSignature(text, encoding), () => file.read());
  const other = otherEncodingHint(text, encoding);
  return new ActionError(
    'SIGNATURE_INVALID',
    `The signature of ${show(path)} is not valid for its bytes (${verifier.algorithm.name}).`,
    {
      hint: likely
        ? `It is valid as ${likely}: set signature-algorithm: ${likely}.`
        : (other ??
          'It was made for other bytes, or with another key: check verify-key, and that nothing changed the file.'),
    },
  );
}
