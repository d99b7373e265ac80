import { expect, test } from 'vitest';
import { summaryToHtml } from '../../tools/summary/render.ts';
import { runInProcess } from '../helpers/in-process.ts';
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

test('line ends and control characters in what the runner says about the job reach no file, summary, output or line of the log', async () => {
  const evil = 'v1\nINJECTED\rINJECTED\u2028INJECTED\u001b[31m\u202e';
  const variables = `
    GITHUB_SHA GITHUB_REF GITHUB_REF_NAME GITHUB_REPOSITORY GITHUB_EVENT_NAME GITHUB_ACTOR GITHUB_SERVER_URL GITHUB_RUN_ID
    GITHUB_RUN_ATTEMPT GITHUB_WORKFLOW GITHUB_JOB GITHUB_ACTION_REPOSITORY GITHUB_ACTION_REF GITHUB_RETENTION_DAYS
    ACTIONS_RESULTS_URL AZURE_LOG_LEVEL NODE_REDIRECT_WARNINGS
  `.trim();
  await using scenario = await createScenario({ runScript: runInProcess, files: { 'dist/a': 'a' } });
  const key = { 'verify-key': scenario.service.credentials.verifyKeyPem };
  const inputs = { ...key, 'verification-kit': 'kit', manifest: 'release.json', upload: 'false' };
  const env = Object.fromEntries(variables.split(/\s+/).map((name) => [name, evil]));
  const run = await scenario.green(inputs, { env });
  const guide = await scenario.read('kit/VERIFY.md');
  expect(guide).toContain('- Commit: `v1\\nINJECTED\\rINJECTED\\u{2028}INJECTED\\x1b[31m\\u{202e}`');
  const page = await scenario.read('kit/verify.html');
  const data = page.slice(page.indexOf('id="data">'), page.indexOf('</script>', page.indexOf('id="data">')));
  for (const [name, text] of Object.entries({
    guide,
    data,
    manifest: await scenario.read('release.json'),
    summary: run.summary,
    outputs: Object.values(run.outputs).join('\n'),
    log: run.rawLog.toString(),
  }))
    expect(text.search(/(?:^|[\n\r\u2028])INJECTED|[\u001b\u202e]/), `${name}: ${text}`).toBe(-1);
});
