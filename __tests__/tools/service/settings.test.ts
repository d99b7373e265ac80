import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PRESETS } from '../../../src/protocols/http/presets.ts';
import { readWorkflowInputs } from '../../../tools/service/given-inputs.ts';
import { HTTP_INPUTS, readSettings } from '../../../tools/service/http/settings.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';

const ofWorkflow = (path: string) => readWorkflowInputs(join(ACTION_DIRECTORY, path), 'http', HTTP_INPUTS);

test('a workflow gives the inputs that say how its service is asked, and none that only its repository knows', async () => {
  const inputs = await ofWorkflow('examples/in-house-api.yml');
  expect(Object.keys(inputs).sort()).toEqual(['answer', 'request', 'signing-key']);
  expect(readSettings(inputs).inputs['token']).toMatch(/^[\w-]{32}$/);
});

test.each(Object.entries(PRESETS))(
  'the preset %s brings its answer and its encoding',
  (name, { encoding = 'base64' }) => {
    const { inputs } = readSettings({ request: `preset:${name}` });
    expect(inputs).toMatchObject({ request: `preset:${name}`, 'signature-encoding': encoding });
  },
);

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ['an input of another protocol', { request: 'preset:ocm', mount: 'x' }, /--with mount means nothing here/],
  ['no request', {}, /No request is given/],
  ['an unknown preset', { request: 'preset:none' }, /There is no preset none, only signserver, ocm/],
  ['a message with a mistake', { request: 'POST /s' }, /no empty line between its headers and its body/],
  ['an answer that is no place', { request: 'preset:ocm', answer: 'x' }, /neither a JSON pointer nor body/],
  [
    'an unknown algorithm',
    { request: 'preset:ocm', 'signature-algorithm': 'rsa' },
    /must be one of auto, ecdsa-sha256/,
  ],
  ['a digest for Ed25519', { request: 'preset:ocm', 'signature-algorithm': 'ed25519' }, /signs the file itself/],
])('%s is refused with a sentence', (_, inputs, sentence) => {
  expect(() => readSettings(inputs)).toThrow(sentence);
});

test('a workflow without such a step, and a file that is none, are refused with a sentence', async () => {
  await expect(ofWorkflow('action.yml')).rejects.toThrow(/no step with protocol: http/);
  await expect(ofWorkflow('none.yml')).rejects.toThrow(/cannot be read \(ENOENT\)/);
});
