import 'reflect-metadata';
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { json } from 'node:stream/consumers';
import * as x509 from '@peculiar/x509';
import { issueCertificate, type KeyedCertificate } from '../../src/rehearsal/certificate.ts';
import { listen } from './listen.ts';

/** How the stand-in behaves. */
export interface StepCaOptions {
  /** Issuer of tokens, whose JWKS it reads. */
  readonly issuer: string;
  /** Longest and usual life of a certificate, in seconds. */
  readonly maxSeconds?: number;
  /** Answers instead of it, by the number of the request. */
  readonly instead?: (
    nth: number,
  ) => readonly [status: number, body: string, headers?: Record<string, string>] | undefined;
  /** What its template says of a token's claims; a text refuses. */
  readonly template?: (claims: Claims) => string | undefined;
}

type Claims = Readonly<Record<string, unknown>>;

/** A running stand-in. */
export interface StepCa {
  readonly url: string;
  /** PEM of the root: what its server chains to, and what a service must trust. */
  readonly root: string;
  /** Bodies of the requests, in order. */
  readonly requests: readonly Claims[];
  close(): Promise<void>;
}

const UNAUTHORISED =
  '{"status":401,"message":"The request lacked necessary authorization to be completed. Please see the certificate authority logs for more info."}';
const MAX_SECONDS = 15 * 60;
const BACKDATE_MS = 60_000;

/**
 * Starts a stand-in for step-ca with an OIDC provisioner: its statuses, texts and its single use of tokens are those of
 * step-ca 0.30.2.
 */
export async function startStepCa(options: StepCaOptions): Promise<StepCa> {
  const root = await issueCertificate(undefined, { commonName: 'Step Root CA', authority: true });
  const intermediate = await issueCertificate(root, { commonName: 'Step Intermediate CA', authority: true });
  const own = await issueCertificate(intermediate, {
    commonName: 'step-ca',
    hosts: ['localhost', '127.0.0.1'],
    usages: ['server'],
  });
  const requests: Claims[] = [];
  const used = new Set<unknown>();
  const server = createServer({ cert: own.cert, key: own.key }, (request, response) => {
    void answer().then(([status, body, headers = {}]) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body),
    );
    async function answer(): Promise<readonly [number, string, Record<string, string>?]> {
      const body = (await json(request)) as Claims;
      const nth = requests.push(body) - 1;
      const scripted = options.instead?.(nth);
      if (scripted) return scripted;
      if (request.method !== 'POST' || request.url !== '/1.0/sign')
        return [404, '{"status":404,"message":"Not Found"}'];
      return sign(body, { options, intermediate, used, audience: url });
    }
  });
  const port = await listen(server);
  const url = `https://localhost:${port}`;
  return {
    url,
    root: root.cert,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Signing {
  readonly options: StepCaOptions;
  readonly intermediate: KeyedCertificate;
  readonly used: Set<unknown>;
  readonly audience: string;
}

async function sign(
  { csr, ott, notAfter }: Claims,
  { options, intermediate, used, audience }: Signing,
): Promise<readonly [number, string]> {
  const claims = await readToken(String(ott), options.issuer);
  const now = Date.now() / 1000;
  if (claims?.['aud'] !== audience || claims['iss'] !== options.issuer || Number(claims['exp']) < now)
    return [401, UNAUTHORISED];
  // A token is good for one request, whatever becomes of it.
  if (used.has(claims['jti'])) return [401, UNAUTHORISED];
  used.add(claims['jti']);
  const refusal = options.template?.(claims);
  if (refusal) return [400, refused(400, `The request could not be completed: ${refusal}.`)];
  const request = new x509.Pkcs10CertificateRequest(String(csr));
  if (!(await request.verify())) return [400, refused(400, 'The request could not be completed: error decoding json.')];
  const { maxSeconds = MAX_SECONDS } = options;
  const seconds = typeof notAfter === 'string' ? Number.parseInt(notAfter, 10) : maxSeconds;
  if (seconds > maxSeconds)
    return [
      403,
      refused(
        403,
        `requested duration of ${seconds + 60}s is more than the authorized maximum certificate duration of ${maxSeconds + 60}s.`,
      ),
    ];
  const sub = String(claims['sub']);
  const leaf = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [sub] }],
    issuer: intermediate.certificate.subject,
    publicKey: request.publicKey,
    signingKey: intermediate.privateKey,
    signingAlgorithm: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
    notBefore: new Date(Date.now() - BACKDATE_MS),
    notAfter: new Date(Date.now() + seconds * 1000),
    extensions: [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `${options.issuer}#${sub}` }]),
    ],
  });
  const [crt, ca] = [`${leaf.toString('pem')}\n`, intermediate.certificate.toString('pem')];
  return [201, JSON.stringify({ crt, ca, certChain: [crt, ca], tlsOptions: {} })];
}

function refused(status: number, message: string): string {
  return JSON.stringify({ status, message });
}

/** Reads a token whose signature fits a key of the issuer; `undefined` for any other text. */
async function readToken(token: string, issuer: string): Promise<Claims | undefined> {
  const { jwks_uri: uri } = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
  };
  const { keys } = (await (await fetch(uri)).json()) as { keys: (JsonWebKey & { kid: string })[] };
  const [head = '', body = '', signature = ''] = token.split('.');
  const { kid } = parse(head);
  const jwk = keys.find((key) => key.kid === kid);
  if (jwk === undefined) return undefined;
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const isGood = verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
  return isGood ? parse(body) : undefined;
}

function parse(part: string): Claims {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as Claims;
  } catch {
    return {};
  }
}
