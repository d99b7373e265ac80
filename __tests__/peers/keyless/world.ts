import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTokenService, type TokenService } from '../../../tools/oidc/token-service.ts';
import { type ActionOptions, type ActionRun, runAction } from '../../../tools/runner/runner.ts';
import { ACTION_DIRECTORY } from '../../helpers/scenario.ts';
import { type Service, type ServiceOptions, startService } from '../../rehearsal/faulty-service.ts';
import { type FrontOptions, startNginx } from '../http/fronts.ts';
import type { Peer } from '../http/process.ts';
import { OpenBao } from '../openbao/openbao.ts';

type Inputs = Readonly<Record<string, string>>;

/** A run of the action, and what its receipt says. */
interface Signing {
  readonly run: ActionRun;
  readonly workspace: string;
  readonly manifest: {
    readonly signer?: { readonly certificate?: Inputs; readonly identity?: Inputs };
    readonly files?: readonly { readonly status: string; readonly attempts: number }[];
  };
}

/** One request as nginx saw it. */
export interface Seen {
  readonly at: string;
  /** End of the client's certificate, as OpenSSL prints it. */
  readonly end: string;
  readonly serial: string;
  readonly subject: string;
  readonly connection: string;
  /** `r` when the handshake resumed a TLS session. */
  readonly reused: string;
  readonly status: string;
}

/** Jobs without a stored key: a token service, a real OpenBao, and a real nginx that takes its certificates in front of the service. */
export class KeylessWorld {
  readonly tokens: TokenService;
  readonly bao: OpenBao;
  readonly service: Service;
  readonly front: Peer;
  /** Claims of the tokens, over the usual ones; tests change them. */
  readonly claims: Record<string, string>;
  readonly #directory: string;
  #runs = 0;

  private constructor(parts: Pick<KeylessWorld, 'tokens' | 'bao' | 'service' | 'front' | 'claims'>, directory: string) {
    this.tokens = parts.tokens;
    this.bao = parts.bao;
    this.service = parts.service;
    this.front = parts.front;
    this.claims = parts.claims;
    this.#directory = directory;
  }

  /** Starts everything; `front` changes nginx. */
  static async start(front: Pick<FrontOptions, 'lines'> = {}, service: ServiceOptions = {}): Promise<KeylessWorld> {
    const claims = {};
    const directory = mkdtempSync(join(tmpdir(), 'keyless-'));
    const [tokens, bao, signing] = await Promise.all([
      startTokenService({ claims }),
      OpenBao.start(),
      startService({ record: true, ...service }),
    ]);
    await setUp(bao, tokens);
    const clientAuthority = (await bao.set('GET', 'pki/cert/ca')).read('data.certificate');
    const nginx = await startNginx({
      pki: signing.pki,
      backendPort: signing.port,
      clientAuthority: String(clientAuthority),
      log: join(directory, 'requests'),
      ...front,
    });
    return new KeylessWorld({ tokens, bao, service: signing, front: nginx, claims }, directory);
  }

  /** Inputs of a run that signs over es-auth through nginx: no certificate, no key. */
  get inputs(): Inputs {
    const { credentials, signPath } = this.service;
    return {
      'server-url': `https://localhost:${this.front.port}`,
      'sign-path': signPath,
      'app-key': credentials.appKey,
      'app-secret': credentials.appSecret,
      chain: credentials.chain,
      'verify-key': credentials.verifyKeyPem,
      ...this.authority,
    };
  }

  /** Inputs that name OpenBao as the authority. */
  get authority(): Inputs {
    return {
      'certificate-from': 'vault',
      'certificate-url': `${this.bao.url}/v1/pki`,
      'certificate-role': 'release/ci',
      'certificate-chain': this.bao.pki.text('ca.pem'),
    };
  }

  /** Runs the committed bundle over a few files; inputs replace {@link inputs} as a whole. */
  async sign(
    inputs: Inputs,
    { files = 3, ...options }: Partial<ActionOptions> & { readonly files?: number } = {},
  ): Promise<Signing> {
    const directory = join(this.#directory, String(this.#runs++));
    const [workspace, runnerTemp] = [join(directory, 'workspace'), join(directory, 'temp')];
    for (const each of [join(workspace, 'dist'), runnerTemp]) await mkdir(each, { recursive: true });
    for (let at = 0; at < files; at++) await writeFile(join(workspace, 'dist', `f${at}.bin`), `file ${at}`);
    const run = await runAction({
      actionDirectory: ACTION_DIRECTORY,
      workspace,
      runnerTemp,
      env: this.tokens.env,
      ...options,
      inputs: { files: 'dist/**', upload: 'false', ...inputs },
    });
    const path = run.outputs['manifest'];
    return { run, workspace, manifest: path ? JSON.parse(readFileSync(path, 'utf8')) : {} };
  }

  /** The requests that nginx answered so far. */
  seen(): readonly Seen[] {
    const lines = readFileSync(join(this.#directory, 'requests'), 'utf8').trim().split('\n');
    return lines.filter(Boolean).map((line): Seen => JSON.parse(line));
  }

  async stop(): Promise<void> {
    await this.front.close();
    await this.service.close();
    await this.bao.stop();
    await this.tokens.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Sets the jwt login, the pki engine and their roles up. */
async function setUp(bao: OpenBao, tokens: TokenService): Promise<void> {
  await bao.set('POST', 'auth/jwt/config', { jwt_validation_pubkeys: [tokens.publicKey], bound_issuer: tokens.issuer });
  await bao.set('POST', 'auth/jwt/role/release', {
    role_type: 'jwt',
    user_claim: 'job_workflow_ref',
    bound_audiences: [bao.url],
    bound_claims: { repository_id: '74', repository_owner_id: '65', ref_protected: 'true' },
    token_policies: ['signer'],
    token_ttl: '5m',
  });
  await bao.set('POST', 'pki/root/generate/internal', { common_name: 'Keyless CA', ttl: '87600h', key_type: 'ec' });
  await setRole(bao, 'ci', {});
}

/** Writes a role of the pki engine that issues client certificates for repositories. */
export async function setRole(bao: OpenBao, name: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
  await bao.set('POST', `pki/roles/${name}`, {
    client_flag: true,
    server_flag: false,
    allow_any_name: true,
    enforce_hostnames: false,
    key_type: 'ec',
    key_bits: 256,
    max_ttl: '15m',
    ...facts,
  });
}

/** The exit code of a run and what its log says at the end. */
export function refusal({ run }: Pick<Signing, 'run'>): { readonly exitCode: number | null; readonly error: string } {
  return { exitCode: run.exitCode, error: run.log.slice(run.log.indexOf('▼ Result')) };
}
