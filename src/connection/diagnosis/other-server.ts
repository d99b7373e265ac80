import type { Failure } from '../../signing/policy/failure.ts';

/** A server that is not the signing service, and the inputs that lead to it. */
export interface OtherServer {
  /** What it is, such as `the time stamp authority`. */
  readonly name: string;
  /** The input with its address. */
  readonly url: string;
  /** The input with what its certificate must chain to. */
  readonly chain: string;
}

/** Failures of connections name the inputs of the signing service: rewords the sentence and the hint for another server. */
export function aboutOtherServer(
  { message, hint = '' }: Failure,
  server: OtherServer,
): { readonly message: string; readonly hint: string } {
  return { message: reword(message, server), hint: reword(hint, server) };
}

function reword(text: string, { name, url, chain }: OtherServer): string {
  return text
    .replace(/\b(in|into|If) chain\b/g, `$1 ${chain}`)
    .replace(/\bchain holds\b/g, `${chain} holds`)
    .replace(/, and the inputs that the request is made of \([^)]*\),/g, '')
    .replace(/, and the path of the requests below it: they must lead\b/g, ': it must lead')
    .replace(/\bserver-url(?: and sign-path)?\b/g, url)
    .replace(/\bthe (?:signing )?service\b/g, name)
    .replace(/\bThe (?:signing )?service\b/g, name.replace(/^t/, 'T'))
    .replace('; a signature is a few hundred bytes', '')
    .replace(/Check that cert is [^.]*\./g, `No client certificate is shown to ${name}: use one that demands none.`);
}
