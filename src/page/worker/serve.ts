import type { SignatureState } from '../judging/verdict.ts';
import { bytesToHex } from '../verifier/bytes.ts';
import { createVerifier, type Verifier } from '../verifier/verifier.ts';
import type { Reply, Request } from './messages.ts';

/** Serves the page inside a worker: hashes files and verifies signatures. Returns the handler of the page's messages. */
export function serve(answer: (reply: Reply) => void): (event: MessageEvent<Request>) => void {
  let verifier: Promise<Verifier> | undefined;
  let text: string | undefined;
  let done = Promise.resolve();
  const handle = async (request: Request): Promise<Reply | undefined> => {
    if (request.do === 'open') {
      verifier = createVerifier(request.signing);
      await verifier;
      return { did: 'open' };
    }
    if (verifier === undefined) throw new Error('The worker has no key.');
    const checker = await verifier;
    switch (request.do) {
      case 'begin':
        text = request.signature;
        checker.start(text === undefined ? undefined : checker.read(text));
        return undefined;
      case 'chunk':
        checker.update(request.bytes);
        return { did: 'chunk' };
      case 'end': {
        const { sha256, signed } = checker.finish();
        const signature = text === undefined ? 'missing' : judgeSignature(checker, text, signed);
        const reusable = checker.isReusable ? signed : undefined;
        return { did: 'end', result: { sha256: bytesToHex(sha256), reusable, signature } };
      }
      case 'verify':
        return { did: 'verify', signature: judgeSignature(checker, request.signature, request.digest) };
    }
  };
  return ({ data }) => {
    // Handles the requests one after the other.
    done = done
      .then(() => handle(data))
      .then((reply) => reply && answer(reply))
      .catch((error: unknown) => answer({ did: 'fail', reason: String(error) }));
  };
}

function judgeSignature(verifier: Verifier, text: string, signed: Uint8Array | undefined): SignatureState {
  const signature = verifier.read(text);
  if (signature === undefined) return 'unreadable';
  // The digest is missing when the signature has a size that is impossible for this key.
  return signed !== undefined && verifier.verify(signature, signed) ? 'valid' : 'invalid';
}
