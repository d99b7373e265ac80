import { ActionError } from '../errors.ts';

/** Text form of a signature: the values of the input `signature-encoding`. */
export type SignatureEncoding = 'base64' | 'hex';

/**
 * Decodes the text of a signature, accepting exactly one spelling of its bytes.
 *
 * `base64`: the standard alphabet, padded, unused bits zero. `hex`: whole bytes, all digits in lower case or all in
 * upper case. White space is refused in both. Throws `RESP_BAD_SIGNATURE` with reason and position, never content.
 */
export function decodeSignature(text: string, encoding: SignatureEncoding): Buffer {
  if (text === '') throw badEncoding('is empty', undefined);
  const signature = tryDecode(text, encoding);
  if (signature !== undefined) return signature;
  throw badEncoding(`is not strict ${encoding}: ${problemOf(text, encoding)}`, hintFor(text, encoding));
}

/** Returns a hint when a signature is text of the other encoding: hex often decodes as base64, to nonsense. */
export function otherEncodingHint(text: string, encoding: SignatureEncoding): string | undefined {
  const other = encoding === 'base64' ? 'hex' : 'base64';
  if (tryDecode(text, other) === undefined) return undefined;
  return `The text would also be ${other}: if that is what the service sends, set signature-encoding to ${other}.`;
}

function tryDecode(text: string, encoding: SignatureEncoding): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  if (bytes.length === 0) return undefined;
  // Buffer decodes leniently, but encodes canonically: a text that comes back unchanged was strict.
  const again = bytes.toString(encoding);
  return again === text || (encoding === 'hex' && again.toUpperCase() === text) ? bytes : undefined;
}

function problemOf(text: string, encoding: SignatureEncoding): string {
  const foreign = text.search(encoding === 'base64' ? /[^A-Za-z0-9+/=]/ : /[^A-Fa-f0-9]/);
  if (foreign !== -1) return `position ${foreign + 1} of ${text.length} is ${characterClass(text.charAt(foreign))}`;
  if (encoding === 'hex') {
    return text.length % 2 === 1 ? `${text.length} digits are not whole bytes` : 'its digits mix upper and lower case';
  }
  const padding = text.indexOf('=');
  if (padding !== -1 && padding < text.length - 2) return `padding stands at position ${padding + 1} of ${text.length}`;
  if (text.length % 4 !== 0)
    return `${text.length} characters are not whole groups of four (padding is missing or wrong)`;
  return 'the unused bits before its end are not zero, or its padding is wrong';
}

function characterClass(character: string): string {
  if (/\s/.test(character)) return 'white space';
  if (character === '-' || character === '_') return 'from the URL-safe alphabet';
  return 'no digit of it';
}

function hintFor(text: string, encoding: SignatureEncoding): string | undefined {
  if (text.startsWith('-----BEGIN'))
    return 'It begins like an OpenPGP signature or PEM, which has the bare signature within it: check whether the path of the requests is that of another kind of signature, and ask the operators of the service for the bare one.';
  if (/\s/.test(text))
    return `The service wraps its ${encoding} or ends it with a line break; it must send it as one line without white space.`;
  if (/^[\w-]+\.[\w-]*\.[\w-]+$/.test(text))
    return 'It is a JWS (JSON Web Signature) with a signature in it: the service must send the bare signature. Ask its operators for the setting, or for another address or profile.';
  if (/[-_]/.test(text) && encoding === 'base64')
    return 'The service must send standard base64 with + and /, not the URL-safe form.';
  return otherEncodingHint(text, encoding);
}

function badEncoding(what: string, hint: string | undefined): ActionError {
  return new ActionError('RESP_BAD_SIGNATURE', `the signature ${what}`, hint === undefined ? {} : { hint });
}
