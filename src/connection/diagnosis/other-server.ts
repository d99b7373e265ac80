import type { Failure } from '../../signing/policy/failure.ts';

/** A server that is not the signing service, and the inputs that lead to it. */
interface OtherServer {
  /** Name in sentences, such as `the time stamp authority`. */
  readonly name: string;
  /** The input with its URL. */
  readonly url: string;
  /** The input with the anchors for its certificate. */
  readonly chain: string;
}

/** Rewords a connection failure about the signing service for another server; a test checks it for every sentence. */
export function aboutOtherServer(
  { message, hint = '' }: Pick<Failure, 'message'> & { readonly hint?: string | undefined },
  server: OtherServer,
): { readonly message: string; readonly hint: string } {
  return { message: reword(message, server), hint: reword(hint, server) };
}

function reword(text: string, { name, url, chain }: OtherServer): string {
  return text
    .replace(/Check that cert is [^.]*\./g, `No client certificate is shown to ${name}: use one that demands none.`)
    .replace(/, and the inputs that the request is made of \([^)]*\),/g, '')
    .replace(/, and the path of the requests below it: they must lead\b/g, ': it must lead')
    .replace('; a signature is a few hundred bytes', '')
    .replace(/\bserver-url(?: and sign-path)?\b/g, url)
    .replace(/\b([Tt])he (?:signing )?service\b/g, (_, t: string) => t + name.slice(1))
    .replace(INPUT_CHAIN, chain);
}

/** The input of that name; “the server's chain” and “does not chain to” are no inputs. */
const INPUT_CHAIN = /(?<!server's |not |must )\bchain\b/g;
