import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DefaultArtifactClient } from '@actions/artifact';
import * as core from '@actions/core';

const breaks = (what) => existsSync(`break-${what}`);
if (core.getInput('mode') !== 'rehearse' || breaks('run')) process.exit(1);
const directory = mkdtempSync(join(process.env.RUNNER_TEMP, 'rehearsal-'));
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
writeFileSync(join(directory, 'rehearsal-key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));

const files = core.getMultilineInput('files').map((path) => {
  const signature = `${path}.sign`;
  mkdirSync(dirname(join(directory, signature)), { recursive: true });
  const bytes = breaks('signature') ? Buffer.from('other bytes') : readFileSync(path);
  writeFileSync(join(directory, signature), sign('sha256', bytes, privateKey).toString('base64'));
  return { path, signature, status: breaks('status') ? 'failed' : 'signed' };
});
const manifest = join(directory, 'manifest.json');
writeFileSync(manifest, JSON.stringify({ version: 1, rehearsal: true, files }));
const uploads = [...files.map(({ signature }) => join(directory, signature)), manifest];
if (breaks('count')) uploads.pop();
await new DefaultArtifactClient().uploadArtifact('rehearsal-signatures', uploads, directory);
if (breaks('bytes')) writeFileSync(manifest, `${readFileSync(manifest)}\n`);
core.setOutput('manifest', manifest);
await core.summary.addHeading('Rehearsal').addRaw(`${files.length} files`).write();
