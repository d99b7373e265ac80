import { ActionError } from '../../errors.ts';
import { announcedLength, readElement } from '../der/der.ts';
import { labelOfDer } from '../der/label.ts';
import { type Block, type InputName, placeOf, readPem, type SoundPemBlock } from './pem.ts';
import { unwrap } from './shape.ts';

/** Content of an input: its intact blocks, and one problem for each broken block. */
export interface Blocks {
  readonly blocks: readonly Block[];
  readonly problems: readonly ActionError[];
  /** Labels of the broken blocks. */
  readonly brokenLabels: readonly string[];
  /** Repairs that were needed to read the blocks, as texts for the user. */
  readonly tidied: readonly string[];
}

/** Longest input in characters; a large bundle of CA certificates has a quarter of that. */
export const MAX_INPUT_LENGTH = 1024 * 1024;

// The largest public bundles of CA certificates have about 150.
const MAX_BLOCKS = 1000;

/** Tells whether an input holds nothing but white space. */
export function isBlank(text: string | undefined): text is undefined | '' {
  return text === undefined || text.trim() === '';
}

/** Builds the problem for a required input that is empty. */
export function inputEmpty(input: InputName): ActionError {
  return new ActionError('CREDENTIALS_MISSING', `input ${input} is empty`, {
    hint: 'Check the name of the secret or variable, and that the job may read it.',
  });
}

/** Reads every block of an input's text, in any encoding; never throws. */
export function readBlocks(input: InputName, text: string | undefined): Blocks {
  if (isBlank(text)) return only(inputEmpty(input));
  if (text.length > MAX_INPUT_LENGTH) return only(tooLarge(input, `${text.length} characters`, MAX_INPUT_LENGTH));
  const { pem, der, tidied } = unwrap(text);
  if (der !== undefined) return readDer(input, der, tidied);
  const { blocks, textOutside } = readPem(pem ?? '');
  if (blocks.length === 0) return only(unreadable(input, text));
  if (blocks.length > MAX_BLOCKS) return only(tooLarge(input, `${blocks.length} PEM blocks`, MAX_BLOCKS));
  const sound: Block[] = [];
  const problems: ActionError[] = [];
  const brokenLabels: string[] = [];
  const notes = new Set(tidied);
  if (textOutside) notes.add('text outside the PEM blocks ignored');
  for (const [index, found] of blocks.entries()) {
    const { label } = found;
    const number = index + 1;
    const fault = 'reason' in found ? found.reason : derFault(found);
    if ('reason' in found || fault !== undefined) {
      problems.push(broken({ input, number, label }, fault ?? ''));
      brokenLabels.push(label);
      continue;
    }
    for (const note of found.tidied) notes.add(note);
    sound.push({ input, number, ...normaliseLabel(found) });
  }
  return { blocks: sound, problems, brokenLabels, tidied: [...notes] };
}

function readDer(input: InputName, der: Buffer, tidied: readonly string[]): Blocks {
  const label = labelOfDer(der) ?? 'DER';
  const fault = lengthFault(der);
  if (fault !== undefined) return only(broken({ input, number: 1, label }, fault), [label]);
  return { blocks: [{ input, number: 1, label, der }], problems: [], brokenLabels: [], tidied };
}

function derFault({ der, encryption, label }: SoundPemBlock): string | undefined {
  // Only CBC pads its last block.
  if (encryption !== undefined)
    return der.length % 8 === 0 || !/-CBC,/i.test(encryption) ? undefined : 'its encrypted data is cut off';
  // These do not hold exactly one DER object; they are refused by their label later.
  if (label === 'TRUSTED CERTIFICATE' || label === 'OPENSSH PRIVATE KEY' || label.startsWith('PGP ')) return undefined;
  return lengthFault(der);
}

function lengthFault(der: Buffer): string | undefined {
  const announced = announcedLength(der);
  if (announced === undefined) {
    return readElement(der) === undefined ? 'its content is damaged or cut off: it is not DER' : undefined;
  }
  const difference = der.length - announced;
  if (difference === 0) return undefined;
  const state = difference < 0 ? 'it is cut off or damaged' : 'it is damaged, or something was appended to it';
  return `${state}: it announces ${announced} bytes and holds ${der.length}`;
}

function normaliseLabel({ label, der, encryption }: SoundPemBlock): Pick<Block, 'label' | 'der' | 'encryption'> {
  const known = label === 'X509 CERTIFICATE' ? 'CERTIFICATE' : label;
  return encryption === undefined ? { label: known, der } : { label: known, der, encryption };
}

function only(problem: ActionError, brokenLabels: readonly string[] = []): Blocks {
  return { blocks: [], problems: [problem], brokenLabels, tidied: [] };
}

function tooLarge(input: InputName, amount: string, limit: number): ActionError {
  return new ActionError('IDENTITY_TOO_LARGE', `input ${input} has ${amount}; at most ${limit} are read`, {
    hint: 'Store only the certificates or the key that this input is for.',
  });
}

function broken(place: Pick<Block, 'input' | 'number' | 'label'>, fault: string): ActionError {
  return new ActionError('IDENTITY_BLOCK_BROKEN', `${placeOf(place)}: ${fault}`, {
    hint: `Store the whole file again, from its first to its last line, for example with \`gh secret set NAME < file.pem\`.`,
  });
}

function unreadable(input: InputName, text: string): ActionError {
  return new ActionError(
    'IDENTITY_UNREADABLE',
    `input ${input} is neither PEM nor base64 of PEM, DER or PKCS#12 (${text.length} characters)`,
    { hint: unreadableHint(text) },
  );
}

/** Formats of other programs, by their first characters, with how to convert them. */
const FOREIGN_FORMATS: readonly (readonly [RegExp, string])[] = [
  [
    /^\s*(?:\/u3\+7|zs7Oz)/,
    'This is a Java keystore (JKS). Convert it with `keytool -importkeystore -srckeystore old.jks -destkeystore new.p12 -deststoretype PKCS12`, and store `base64 -w0 new.p12` in cert.',
  ],
  [
    /^\s*PuTTY-User-Key-File/,
    'This is a key of PuTTY for SSH, which TLS cannot use. Store the key of the certificate.',
  ],
  [/^\s*\{[\s\S]*"kty"/, 'This is a JSON Web Key (JWK). Convert it to PEM (PKCS#8), and store the PEM text.'],
];

function unreadableHint(text: string): string {
  if (text.includes('BEGIN ')) return 'The BEGIN line is damaged: it must have exactly five hyphens on each side.';
  if (text.includes('***')) return 'The value holds `***`: it was copied from a log in which it was masked.';
  const isPath = text.length < 300 && /\.(?:pem|crt|cer|key|p12|pfx|der)$/i.test(text.trim());
  if (isPath) return 'The value looks like a path. This input takes the text of the file, not its name.';
  const foreign = FOREIGN_FORMATS.find(([beginning]) => beginning.test(text));
  if (foreign !== undefined) return foreign[1];
  return 'Store the text of the PEM file, from its BEGIN line to its END line, or `base64` of a DER or PKCS#12 file.';
}

/** Values that could be read, and the problems of those that could not. */
export interface Findings<Value> {
  readonly values: readonly Value[];
  readonly problems: readonly ActionError[];
}

/** Separates values from problems, and keeps the order of both. */
export function separate<Value>(results: readonly (Value | ActionError)[]): Findings<Value> {
  const values: Value[] = [];
  const problems: ActionError[] = [];
  for (const result of results) {
    if (result instanceof ActionError) problems.push(result);
    else values.push(result);
  }
  return { values, problems };
}
