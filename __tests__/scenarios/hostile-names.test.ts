import { expect, test } from 'vitest';
import { summaryToHtml } from '../../tools/summary/render.ts';
import { createScenario } from '../helpers/scenario.ts';

const NAMES = [
  'a\n::error::x',
  'a\n::add-mask::signed',
  'b##[stop-commands]t',
  '##[error]boo',
  '::error::y',
  'c\rd',
  '</table><h1>✅ signed',
  '# heading',
  '| x | y |',
  '![image](https://example.com/x.png)',
  '@octocat #1',
  'rtl\u202Etxt',
];
const OURS = new Set(['group', 'endgroup', 'add-mask', 'debug', 'notice', 'warning', 'error']);

test.each(['verify', 'sign'])(
  'names make no command, no mask and no markup (mode %s)',
  { tags: ['fault-62'] },
  async (mode) => {
    const files = Object.fromEntries(NAMES.map((name) => [`dist/${name}`, name]));
    await using scenario = await createScenario({ files });
    const key = { 'verify-key': scenario.service.credentials.verifyKeyPem, upload: 'false' };
    const run = await scenario.run({ ...key, mode }, { env: { RUNNER_DEBUG: '1' } });
    expect(run.exitCode, run.log).toBe(mode === 'sign' ? 0 : 1);
    expect(run.outputs['file-count']).toBe(String(NAMES.length));
    expect(run.unknownCommands).toEqual([]);
    for (const { name } of run.commands) expect(OURS.has(name), name).toBe(true);
    expect(run.masks).not.toContain('signed');
    const titles = run.annotations.filter(({ type }) => type === 'error').map(({ title }) => title);
    expect(titles).toEqual(mode === 'sign' ? [] : ['SIGNATURE_MISSING']);

    const html = summaryToHtml(run.summary);
    const headings = [...html.matchAll(/<h[2-6]>(\S+)/g)].map(([, word]) => word);
    expect(headings).toEqual(mode === 'sign' ? ['✅', 'What'] : ['❌', 'SIGNATURE_MISSING', 'What']);
    expect(html).not.toContain('<img');
    // The commit of the run.
    expect(html.match(/<a href="[^"]*/g)).toEqual([expect.stringContaining('/octocat/hello-world/commit/')]);
    expect(html.match(/<table/g)?.length).toBe(2);
  },
);
