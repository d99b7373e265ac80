/**
 * Builds the page of every verification kit into a directory: node tools/page.ts dist/page
 *
 * Everything except the data of a release is final, so that the hashes for its Content-Security-Policy can be computed
 * here.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const REPOSITORY = join(import.meta.dirname, '..');
const SOURCE = join(REPOSITORY, 'src', 'page');
/** Third-party packages in the page's script, whose licences must be included. */
const PACKAGES = ['hash-wasm', '@noble/curves', '@noble/hashes'];

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: node tools/page.ts <directory>');
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'verify.html'), await buildPage());

async function buildPage(): Promise<string> {
  const style = readFileSync(join(SOURCE, 'page.css'), 'utf8').replace(/\n\s*/g, '\n').trim();
  const script = await bundle();
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}' 'wasm-unsafe-eval'`,
    `style-src '${hashOf(style)}'`,
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const parts: Readonly<Record<string, string>> = {
    POLICY: policy,
    '/*style*/': style,
    '/*script*/': script,
    NOTICES: readNotices(),
  };
  const template = readFileSync(join(SOURCE, 'page.html'), 'utf8');
  return template.replace(/POLICY|\/\*style\*\/|\/\*script\*\/|NOTICES/g, (place) => parts[place] ?? place);
}

/** Builds a classic script without imports, which cannot close the script element early. */
async function bundle(): Promise<string> {
  const build = await rolldown({
    input: join(SOURCE, 'index.ts'),
    platform: 'browser',
    tsconfig: join(SOURCE, 'tsconfig.json'),
    transform: { target: 'es2022' },
  });
  const { output } = await build.generate({ format: 'iife', minify: true, comments: { legal: false } });
  await build.close();
  const [chunk, ...more] = output;
  if (more.length > 0) throw new Error('The page must be one chunk.');
  const code = chunk.code.trim();
  if (/<\/script|<!--/i.test(code)) throw new Error('The program would end its own script element.');
  return code;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function readNotices(): string {
  const notices = PACKAGES.map((name) => {
    const text = readFileSync(join(REPOSITORY, 'node_modules', name, 'LICENSE'), 'utf8').trim();
    return `${name}\n\n${text}`;
  });
  // Two hyphens would end the comment in strict parsers.
  return notices.join('\n\n').replaceAll('--', '- -');
}
