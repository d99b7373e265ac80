import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { codeOf } from '../../../src/errors.ts';
import { show } from '../../../src/files/names.ts';
import { type AnswerPlace, parseAnswerPlace } from '../../../src/protocols/http/answer.ts';
import { parseMessage } from '../../../src/protocols/http/message.ts';
import { PRESETS } from '../../../src/protocols/http/presets.ts';
import { type Algorithm, algorithmOf, SIGNATURE_ALGORITHMS } from '../../../src/verifying/algorithm.ts';
import type { SignatureEncoding } from '../../../src/verifying/encoding.ts';
import { resolvePath } from '../../command-line.ts';
import { ToolError } from '../../tool-error.ts';
import type { Expected } from './judge.ts';

/** How a stand-in judges and answers, and the inputs of the action that fit it. */
export interface Settings extends Expected {
  readonly answer: AnswerPlace;
  readonly encoding: SignatureEncoding;
  readonly algorithm: Algorithm;
  /** Of the protocol, besides address and certificates; `token` is among them when the message holds `{token}`. */
  readonly inputs: Readonly<Record<string, string>>;
}

type Inputs = Readonly<Record<string, string>>;

/** The inputs of the action that say how a service with an API of its own is asked, and how it answers. */
const NAMES = ['request', 'answer', 'signing-key', 'token', 'signature-algorithm', 'signature-encoding'];

/** Reads the settings from inputs of the action; throws `ARGUMENT_INVALID` with every problem of the message. */
export function readSettings(given: Inputs): Settings {
  const [foreign] = Object.keys(given).filter((name) => !NAMES.includes(name));
  if (foreign !== undefined) throw invalid(`--with ${show(foreign)} means nothing here; give ${NAMES.join(', ')}.`);
  const text = given['request'] ?? '';
  if (text === '') throw invalid('No request is given.', '--help shows how to give one: by --workflow or --with.');
  const preset = readPreset(text);
  const message = parseMessage(preset?.request ?? text);
  if (!('method' in message)) throw invalid(`The input request\n${message.map((each) => `  ${each}`).join('\n')}`);
  const place = given['answer'] ?? preset?.answer ?? '/signature';
  const answer = parseAnswerPlace(place);
  if (answer === undefined) throw invalid('The input answer is neither a JSON pointer nor body nor body:raw.');
  const encoding = readChoice('signature-encoding', given, ['base64', 'hex']) ?? preset?.encoding ?? 'base64';
  const algorithm = readAlgorithm(given, message.content.startsWith('file'));
  const [key, token] = [given['signing-key'] ?? 'release', given['token'] ?? randomBytes(24).toString('base64url')];
  const inputs = {
    protocol: 'http',
    request: text,
    answer: place,
    ...(message.uses.has('key') ? { 'signing-key': key } : {}),
    ...(message.uses.has('token') ? { token } : {}),
    'signature-algorithm': algorithm.name,
    'signature-encoding': encoding,
  };
  const hash = algorithm.scheme === 'ed25519' ? undefined : algorithm.hash;
  return { message, answer, encoding, algorithm, hash, key, token, inputs };
}

function readPreset(text: string): (typeof PRESETS)[string] | undefined {
  const [, name] = /^preset:(.*)$/s.exec(text) ?? [];
  if (name === undefined) return undefined;
  if (!Object.hasOwn(PRESETS, name))
    throw invalid(`There is no preset ${show(name)}, only ${Object.keys(PRESETS).join(', ')}.`);
  return PRESETS[name];
}

function readAlgorithm(given: Inputs, sendsFile: boolean): Algorithm {
  const name = readChoice('signature-algorithm', given, ['auto', ...SIGNATURE_ALGORITHMS]) ?? 'auto';
  if (name === 'ed25519' && !sendsFile)
    throw invalid('An Ed25519 key signs the file itself, and request holds a digest; send {file} or {file:base64}.');
  return algorithmOf(name === 'auto' ? 'rsa-pkcs1-sha256' : name);
}

function readChoice<Choice extends string>(
  name: string,
  given: Inputs,
  choices: readonly Choice[],
): Choice | undefined {
  const text = given[name];
  if (text === undefined) return undefined;
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw invalid(`The input ${name} must be one of ${choices.join(', ')}.`);
  return choice;
}

/** Reads the inputs of the step, or of the called workflow, that has `protocol: http` in a workflow file. */
export async function readWorkflowInputs(path: string): Promise<Inputs> {
  const file = resolvePath(path);
  const found = withs(await readYaml(file)).filter(({ protocol }) => protocol === 'http');
  const [inputs] = found;
  if (inputs === undefined) throw invalid(`${file} has no step with protocol: http.`);
  if (found.length > 1)
    throw invalid(
      `${file} has ${found.length} steps with protocol: http.`,
      'Give the inputs of one of them by --with.',
    );
  const named = Object.entries(inputs).filter(([name]) => NAMES.includes(name));
  // A secret or a variable of the repository is not known here.
  return Object.fromEntries(named.filter(([, value]) => !value.includes('${{')));
}

async function readYaml(file: string): Promise<unknown> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const reason = codeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new ToolError('ARGUMENT_INVALID', `The workflow ${file} cannot be read (${reason}).`, { cause });
  }
}

/** Lists the objects `with` anywhere in a value, with what is text in them. */
function withs(value: unknown): readonly Inputs[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => [...(name === 'with' ? [textsOf(each)] : []), ...withs(each)]);
}

function textsOf(value: unknown): Inputs {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function invalid(sentence: string, hint?: string): ToolError {
  return new ToolError('ARGUMENT_INVALID', sentence, hint === undefined ? {} : { hint });
}
