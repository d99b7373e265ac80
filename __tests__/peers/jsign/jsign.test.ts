import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { json, STAND_INS, type StandIn, StandInServer, TOKEN } from '../../protocols/http/stand-ins.ts';
import { describeWorld } from '../world.ts';

const LIBRARIES = join(ACTION_DIRECTORY, 'node_modules/.cache/jsign');
/** Why jsign cannot be run here, or `undefined`. */
const NO_JSIGN = existsSync(LIBRARIES) ? undefined : 'npm run setup:jsign did not find Maven, or not the packages';
const PASSWORD = 'changeit';
const SCRIPT = 'Write-Output "released"\r\n';
const KEY_ID = '2a91a9d5-8a4c-4a5e-b0c1-5f6b2e1f0c11';
const ACCOUNT = { id: '7d2f6a3e-0d5b-4a7e-9a51-3a0c2f1b9e77' };

const run = promisify(execFile);
const servers: StandInServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A stand-in of the tests of `protocol: http`, with the questions that jsign asks besides; `certificate` is that of its key, in base64. */
type Service = (judge: StandIn, certificate: () => string) => StandIn;

/** jsign has no header against forged requests, and takes the certificate of the worker from the answer. */
const signServer: Service = (judge, certificate) => (request, key) => {
  const { type, body } = judge({ ...request, headers: { ...request.headers, 'x-keyfactor-requested-with': '-' } }, key);
  return { type, body: JSON.stringify({ ...JSON.parse(String(body)), signerCertificate: certificate() }) };
};

const digiCert: Service = (judge, certificate) => (request, key) => {
  if (request.method === 'POST') return judge(request, key);
  if (request.path.endsWith(`/keypairs/${KEY_ID}`)) return json({ id: KEY_ID, key_alg: 'RSA', account: ACCOUNT });
  const item = {
    id: 'c1',
    alias: 'release',
    keypair: { id: KEY_ID },
    cert: certificate(),
    chain: [],
    account: ACCOUNT,
  };
  return json({ items: [item] });
};

/** Starts a stand-in whose key has a certificate, and what Java needs to reach it. */
async function start(heading: string, service: Service): Promise<StandInServer> {
  const judge = STAND_INS[heading];
  if (judge === undefined) throw new Error(`no service below “${heading}”`);
  const server: StandInServer = new StandInServer(
    service(judge, () => pki.der('x509', 'signer.pem').toString('base64')),
  );
  const { pki } = server;
  servers.push(server);
  writeFileSync(
    join(pki.directory, 'signer.key'),
    server.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  pki.issue('signer', { issuer: 'ca', extensions: 'extendedKeyUsage=codeSigning\n' });
  const files = ['-in', 'client.pem', '-inkey', 'client.key', '-out', 'client.p12'];
  pki.openssl('pkcs12', '-export', ...files, '-passout', `pass:${PASSWORD}`);
  const trust = ['-importcert', '-noprompt', '-alias', 'ca', '-file', 'ca.pem', '-keystore', 'trust.p12'];
  await run('keytool', [...trust, '-storepass', PASSWORD], { cwd: pki.directory });
  await server.start();
  return server;
}

/** Signs a script of PowerShell with jsign; returns the PKCS#7 that it wrote below the script. */
async function signWithJsign({ pki }: StandInServer, args: readonly string[]): Promise<Buffer> {
  const script = join(pki.directory, 'release.ps1');
  writeFileSync(script, SCRIPT);
  const trust = [`-Djavax.net.ssl.trustStore=trust.p12`, `-Djavax.net.ssl.trustStorePassword=${PASSWORD}`];
  const program = ['-cp', join(LIBRARIES, '*'), 'net.jsign.JsignCLI', '--alg', 'SHA-256', ...args, script];
  await run('java', [...trust, ...program], { cwd: pki.directory });
  const lines = readFileSync(script, 'latin1').split(/\r?\n/);
  const block = lines.filter((line) => /^# [A-Za-z0-9+/=]+$/.test(line)).map((line) => line.slice(2));
  return Buffer.from(block.join(''), 'base64');
}

/** Judges with openssl whether a digest has this signature. */
function opensslAccepts({ pki, publicKey }: StandInServer, digest: Buffer, signature: Buffer): boolean {
  writeFileSync(join(pki.directory, 'public.pem'), publicKey);
  writeFileSync(join(pki.directory, 'digest'), digest);
  writeFileSync(join(pki.directory, 'signature'), signature);
  const files = ['-pubin', '-inkey', 'public.pem', '-in', 'digest', '-sigfile', 'signature'];
  pki.openssl('pkeyutl', '-verify', ...files, '-pkeyopt', 'rsa_padding_mode:pkcs1', '-pkeyopt', 'digest:sha256');
  return true;
}

describeWorld('jsign', NO_JSIGN, () => {
  test.each([
    {
      heading: 'Keyfactor SignServer',
      service: signServer,
      args: (url: string) => [
        'SIGNSERVER',
        '--keystore',
        `${url}/signserver`,
        '--alias',
        'PlainSigner',
        '--storepass',
        'client.p12',
        '--keypass',
        PASSWORD,
      ],
      member: 'data',
      answer: 'data',
    },
    {
      heading: 'DigiCert ONE',
      service: digiCert,
      args: (url: string) => [
        'DIGICERTONE',
        '--keystore',
        url,
        '--alias',
        'release',
        '--storepass',
        `${TOKEN}|client.p12|${PASSWORD}`,
      ],
      member: 'hash',
      answer: 'signature',
    },
  ])(
    'the stand-in for $heading is accepted by a client of another make',
    async ({ heading, service, args, member, answer }) => {
      const server = await start(heading, service);
      const pkcs7 = await signWithJsign(server, ['--storetype', ...args(server.inputs['server-url'] ?? '')]);
      expect(server.refusals).toEqual([]);
      const [last] = server.exchanges.filter(({ request }) => request.method === 'POST').slice(-1);
      if (last === undefined) throw new Error('jsign sent no digest');
      const digest = Buffer.from(JSON.parse(last.request.body.toString())[member], 'base64');
      const signature = Buffer.from(JSON.parse(String(last.answer.body))[answer], 'base64');
      expect(digest).not.toEqual(createHash('sha256').digest());
      // jsign took the answer for a signature and wrote it into the file, and openssl agrees about the digest.
      expect(pkcs7.includes(signature)).toBe(true);
      expect(opensslAccepts(server, digest, signature)).toBe(true);
    },
  );
});
