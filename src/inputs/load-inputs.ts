import { ActionError } from '../errors.ts';
import { misplacedKeys, misplacedTokens, secretsOf } from '../identity/secrets.ts';
import type { IdentityText } from '../identity/text/inputs.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { Runner } from '../runner.ts';
import { NOWHERE } from './address-fields.ts';
import { admit } from './admission.ts';
import { FieldReader, type TakenInputs } from './field-reader.ts';
import { readFiles } from './file-fields.ts';
import type { EffortInputs, Inputs, UploadInputs } from './inputs.ts';
import { explainMissing } from './missing.ts';
import { readProtocol } from './protocols/protocol-fields.ts';
import { readService } from './service-fields.ts';
import { readAuthorities } from './timestamp-fields.ts';
import { readSignatureForm } from './verify-fields.ts';

/** Reads the inputs of the mode, secrets masked first; throws `INPUT_INVALID` for all problems but in a preflight. */
export function loadInputs(runner: Runner): Inputs {
  const identity: IdentityText = {
    cert: runner.takeInput('cert'),
    key: runner.takeInput('key'),
    keyPassphrase: runner.takeInput('key-passphrase'),
    chain: runner.takeInput('chain'),
  };
  const [appSecret, token] = [runner.takeInput('app-secret'), runner.takeInput('token')];
  const certificateChain = runner.takeInput('certificate-chain');
  runner.mask(secretsOf(identity));
  runner.mask(secretsOf({ chain: certificateChain }));
  runner.mask([appSecret, token].filter((secret) => secret !== undefined));

  const reader = openReader(runner);
  const taken = { identity, appSecret, token, certificateChain, reader };
  const inputs = readMode(taken, runner);
  const missing = explainMissing(taken, runner.facts);
  const others = reader.problems.filter(({ code }) => code !== 'CREDENTIALS_MISSING');
  const problems = missing ? [missing, ...others] : others;
  // A preflight lists these problems together with its own.
  if (inputs?.mode === 'preflight') return { ...inputs, problems };
  if (inputs === undefined || problems.length > 0) throw allProblems(problems);
  return inputs;
}

/** Inputs whose own errors explain what to do about a private key. */
const EXPLAIN_KEYS = ['verify-key', 'timestamp-chain'];

/** The service chooses the form of this value, so it may look like a token. */
const MAY_BE_TOKEN = 'app-key';

/** Reads inputs that should hold no secret; masks and refuses a private key in one of them. */
function openReader(runner: Runner): FieldReader {
  const reader: FieldReader = new FieldReader((name) => {
    const value = runner.takeInput(name);
    const [keys, tokens] = [misplacedKeys(value ?? ''), misplacedTokens(value ?? '')];
    runner.mask([...keys, ...tokens]);
    const known = 'If the text is not from a secret, everyone who reads the workflow has it: replace';
    if (keys.length > 0 && !EXPLAIN_KEYS.includes(name))
      reader.reject(name, `holds a private key, which belongs in key alone. ${known} the key by a new one`);
    if (tokens.length > 0 && name !== MAY_BE_TOKEN)
      reader.reject(name, `holds a token, which belongs in token alone. ${known} the token by a new one`);
    return value;
  });
  return reader;
}

/** Returns `undefined` only after a problem was noted. */
function readMode(taken: TakenInputs, runner: Runner): Inputs | undefined {
  const { reader } = taken;
  const wanted = reader.choice('mode', ['sign', 'rehearse', 'verify', 'preflight']);
  const mode = wanted === 'sign' || wanted === 'preflight' ? admit(wanted, taken, runner) : wanted;
  switch (mode) {
    case 'skipped':
      return { mode };
    case 'sign':
      return readSigning(taken, runner);
    case 'rehearse':
      return {
        mode,
        files: readFiles(reader, runner, 'signing'),
        effort: readEffort(reader),
        upload: readUpload(reader, runner),
        protocol: readRehearsedProtocol(taken, runner),
      };
    case 'verify':
      return readVerifying(taken, runner);
    case 'preflight': {
      const form = readSignatureForm(reader, runner);
      const { service, protocol } = readService(taken, form);
      const isCallable = reader.problems.length === 0;
      const [effort, timestamp, { verification }] = [readEffort(reader), readAuthorities(reader), form];
      return { mode, service, protocol, isCallable, effort, verification, timestamp, problems: reader.problems };
    }
    default:
      return mode satisfies never;
  }
}

/** Reads a protocol whose messages a rehearsal builds and checks; secrets and addresses are optional. */
function readRehearsedProtocol({ reader, appSecret, token }: TakenInputs, runner: Runner): Protocol | undefined {
  const name = reader.text('protocol');
  if (name === undefined || name === 'es-auth') return undefined;
  const form = readSignatureForm(reader, runner);
  return readProtocol({ reader, serverUrl: NOWHERE, appSecret, token, form, purpose: 'rehearsal' });
}

function readVerifying({ reader }: TakenInputs, runner: Runner): Inputs | undefined {
  const files = readFiles(reader, runner, 'verification');
  const given = reader.problems.length;
  const { verification } = readSignatureForm(reader, runner);
  if (verification === undefined && reader.problems.length === given) {
    reader.reject('verify-key', 'is empty; mode verify needs the public key or certificate of the signer');
  }
  const isPartial = reader.boolean('partial', false);
  const hasList = [files.checksums, files.manifest, files.kit].some((list) => list !== undefined);
  if (isPartial && !hasList)
    reader.reject(
      'partial',
      'needs checksums, manifest or verification-kit, whose lists say which files may be missing',
    );
  return verification && { mode: 'verify', files, verification, isPartial };
}

function readSigning(taken: TakenInputs, runner: Runner): Inputs | undefined {
  const { reader } = taken;
  const form = readSignatureForm(reader, runner);
  const files = readFiles(reader, runner, 'signing');
  const { service, protocol } = readService(taken, form);
  if (
    files.kit &&
    form.verification === undefined &&
    !reader.problems.some(({ code }) => code.startsWith('VERIFY_KEY'))
  ) {
    reader.reject('verification-kit', 'needs verify-key, because the kit holds the public key that readers check with');
  }
  const [effort, reuse, upload] = [readEffort(reader), reader.boolean('reuse', true), readRealUpload(reader, runner)];
  const { verification } = form;
  return protocol && { mode: 'sign', files, service, protocol, effort, verification, reuse, upload };
}

function readEffort(reader: FieldReader): EffortInputs {
  return {
    concurrency: reader.integer('concurrency', { from: 1, to: 1000, otherwise: 100 }),
    attempts: reader.integer('attempts', { from: 1, to: 20, otherwise: 8 }),
    timeoutMs: reader.integer('timeout', { from: 1, to: 3600, otherwise: 60 }) * 1000,
    deadlineMs: reader.integer('deadline', { from: 0, to: 86_400, otherwise: 0 }) * 1000,
    onFailure: reader.choice('on-failure', ['collect', 'stop']),
  };
}

function readUpload(reader: FieldReader, { facts }: Runner): UploadInputs | undefined {
  const wanted = reader.boolean('upload', true);
  const artifactName = reader.text('artifact-name') ?? 'signatures';
  if (/["<>|*?:\\/\p{C}]|##\[|^\.{1,2}$/u.test(artifactName) || Buffer.byteLength(artifactName) > 200) {
    reader.reject('artifact-name', 'must be at most 200 bytes without " < > | * ? : \\ / ##[ or invisible characters');
  }
  const retentionDays = reader.integer('retention-days', { from: 1, to: facts.maxRetentionDays, otherwise: 0 });
  const overwrite = reader.choice('overwrite', ['auto', 'true', 'false']);
  return wanted
    ? { artifactName, retentionDays: retentionDays === 0 ? undefined : retentionDays, overwrite }
    : undefined;
}

/** Refuses an artifact name that starts with rehearsal-, so that this name always means a rehearsal. */
function readRealUpload(reader: FieldReader, runner: Runner): UploadInputs | undefined {
  const upload = readUpload(reader, runner);
  if (upload && /^rehearsal-/i.test(upload.artifactName))
    reader.reject('artifact-name', 'begins with rehearsal-, which marks what a rehearsal made');
  return upload;
}

/** Completes the text of a problem, which may lack a full stop and start in lower case. */
function endSentence(text: string | undefined): string {
  return (text ?? '').replace(/^input /, 'Input ').replace(/[^.!?:]$/, '$&.');
}

function allProblems(problems: readonly ActionError[]): ActionError {
  const [first] = problems;
  if (problems.length === 1 && first) return first;
  const list = problems.map(({ message, hint }) => [message, hint].filter(Boolean).map(endSentence).join(' '));
  return new ActionError(
    'INPUT_INVALID',
    `${problems.length} problems with the inputs.\n${list.map((text) => `- ${text}`).join('\n')}`,
    {
      hint: 'Correct all of them under with: in the workflow, or the secrets and variables they come from.',
      cause: new AggregateError(problems),
    },
  );
}
