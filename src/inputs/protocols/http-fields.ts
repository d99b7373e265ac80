import { pathOnServer } from '../../connection/exchange.ts';
import { parseAnswerPlace } from '../../protocols/http/answer.ts';
import { type HttpMessage, isSentAsWritten, parseMessage } from '../../protocols/http/message.ts';
import { PRESETS, type Preset, presetIn } from '../../protocols/http/presets.ts';
import { createHttp } from '../../protocols/http/protocol.ts';
import { fillTemplate } from '../../protocols/http/template.ts';
import type { Protocol } from '../../protocols/protocol.ts';
import type { Hash } from '../../verifying/algorithm.ts';
import type { FieldReader } from '../field-reader.ts';
import type { Credential, ProtocolTask } from './protocol-task.ts';

/** The value of `answer` that action.yml sets when a workflow does not. */
const DEFAULT_ANSWER = '/signature';

const PRESET_NAMES = Object.keys(PRESETS).map((name) => `preset:${name}`);

/** Reads the inputs of the protocol `http`; `undefined` when the message has a problem, which the reader notes. */
export function readHttp(task: ProtocolTask): Protocol | undefined {
  const { reader, serverUrl, form, token, purpose } = task;
  const text = reader.required('request');
  const preset = presetIn(text);
  const known = preset === 'unknown' ? undefined : preset;
  if (preset === 'unknown')
    reader.reject('request', `names a preset that does not exist; write one of ${PRESET_NAMES.join(', ')}`);
  const message = text === '' || preset === 'unknown' ? undefined : readMessage(reader, known?.request ?? text);
  const given = reader.text('answer') ?? DEFAULT_ANSWER;
  const answer = parseAnswerPlace(known && given === DEFAULT_ANSWER ? known.answer : given);
  if (answer === undefined)
    reader.reject('answer', 'must be a JSON pointer such as /data/signature, or body, or body:raw');
  const key = reader.text('signing-key');
  if (message) checkValues(task, message, key);
  if (known) checkPreset(task, known);
  if (form.isChecked === false && purpose === 'signing')
    reader.reject(
      'verify-key',
      'is empty; with protocol: http only a check of each signature tells that the right bytes were signed',
    );
  if (message === undefined || answer === undefined) return undefined;
  return createHttp({
    message,
    answer,
    prefix: pathOnServer(serverUrl, ''),
    hash: hashOf(task),
    encoding: form.encoding,
    key: key ?? '',
    token: token ?? '',
  });
}

/** Lists the secrets that the message needs, besides the client certificate. */
export function httpCredentials(reader: FieldReader): readonly Credential[] {
  const text = reader.text('request') ?? '';
  const preset = presetIn(text);
  const message = preset === undefined || preset === 'unknown' ? text : preset.request;
  return message.includes('{token}') ? ['key', 'token'] : ['key'];
}

function readMessage(reader: FieldReader, text: string): HttpMessage | undefined {
  if (Object.hasOwn(PRESETS, text)) {
    reader.reject('request', `is the name of a preset; write preset:${text}`);
    return undefined;
  }
  const message = parseMessage(text);
  if ('method' in message) return message;
  for (const problem of message) reader.reject('request', problem);
  return undefined;
}

function hashOf({ form: { algorithm } }: ProtocolTask): Hash | undefined {
  return algorithm && algorithm.scheme !== 'ed25519' ? algorithm.hash : undefined;
}

function checkValues(
  { reader, token, form, purpose }: ProtocolTask,
  { uses, content, target }: HttpMessage,
  key: string | undefined,
): void {
  if (uses.has('key') && key === undefined) reader.reject('signing-key', 'is empty, but request holds {key}');
  if (!uses.has('key') && key !== undefined) reader.reject('signing-key', 'is given, but request does not hold {key}');
  if (key !== undefined && /[\p{Cc}\p{Zl}\p{Zp}\uFFFE\uFFFF]/u.test(key))
    reader.reject('signing-key', 'must be one line');
  if (!isSentAsWritten(fillTemplate(target, 'target', (each) => (each === 'key' ? (key ?? 'x') : 'x'))))
    reader.reject('signing-key', 'is “.” or “..”, which changes the path of request');
  if (uses.has('token') && token === undefined && purpose === 'signing')
    reader.reject('token', 'is empty, but request holds {token}');
  if (!uses.has('token') && token !== undefined) reader.reject('token', 'is given, but request does not hold {token}');
  if (token !== undefined && !/^[\x21-\x7E](?:[\x20-\x7E]*[\x21-\x7E])?$/.test(token))
    reader.reject('token', 'must be one line of printable ASCII');
  if (content.startsWith('digest') && form.algorithm?.scheme === 'ed25519')
    reader.reject(
      'request',
      `holds {${content}}, but an Ed25519 key signs the file itself; send {file} or {file:base64}`,
    );
}

function checkPreset({ reader, form }: ProtocolTask, { hash, encoding }: Preset): void {
  const { algorithm } = form;
  if (algorithm && algorithm.scheme !== 'ed25519' && algorithm.hash !== hash)
    reader.reject(
      'request',
      `is a preset for ${hash}, but signature-algorithm is ${algorithm.name}; write the message out instead`,
    );
  if (encoding !== undefined && encoding !== form.encoding)
    reader.reject('signature-encoding', `must be ${encoding}, because that is how the service of this preset answers`);
}
