import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Prepared, Task } from './clients.ts';
import { SIGN_PATH } from './service.ts';

const PIECE_BYTES = 3 * 1024 * 1024;

/**
 * Prepares `curl --parallel`, with every body made and every header computed beforehand: what sending alone costs.
 */
export async function prepareCurl(task: Task): Promise<Prepared> {
  const { directory, tree, serverUrl, client } = task;
  const [bodies, answers] = [join(directory, 'bodies'), join(directory, 'answers')];
  mkdirSync(bodies);
  mkdirSync(answers);
  const common = [
    `url = "${serverUrl}${SIGN_PATH}"`,
    'request = "POST"',
    'http1.1',
    `cert = "${client.cert}"`,
    `key = "${client.key}"`,
    `cacert = "${client.chain}"`,
    ...['Content-Type: application/json', 'Expect:', ...authentication()].map((header) => `header = "${header}"`),
  ];
  const transfers = tree.files.map((file) => {
    const body = join(bodies, `${basename(file)}.json`);
    writeBody(file, body);
    return [...common, `upload-file = "${body}"`, `output = "${join(answers, basename(file))}"`].join('\n');
  });
  const config = join(directory, 'curl.conf');
  const global = 'parallel\nparallel-immediate\nparallel-max = 100\nsilent\nshow-error\nfail\n';
  await writeFile(config, global + transfers.join('\nnext\nsilent\nshow-error\nfail\n'));
  return {
    command: async () => ({ command: ['/usr/bin/curl', '--config', config], cwd: directory, env: { LANG: 'C.UTF-8' } }),
    collect() {
      const count = readdirSync(answers).length;
      if (count !== tree.files.length) throw new Error(`curl: ${count} answers for ${tree.files.length} files`);
      rmSync(answers, { recursive: true });
      mkdirSync(answers);
    },
  };
}

/** The service of the bench looks at the length of these only. */
function authentication(): string[] {
  return [
    'es-auth-appkey: bench',
    'es-auth-nonce: 0123456789abcdef',
    'es-auth-timestamp: 1700000000000',
    `es-auth-sign: ${'0'.repeat(64)}`,
  ];
}

function writeBody(file: string, body: string): void {
  const [from, to] = [openSync(file, 'r'), openSync(body, 'wx')];
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  writeSync(to, '{"data":"');
  for (let count = readSync(from, piece); count > 0; count = readSync(from, piece)) {
    writeSync(to, piece.toString('base64', 0, count));
  }
  writeSync(to, '"}');
  closeSync(from);
  closeSync(to);
}
