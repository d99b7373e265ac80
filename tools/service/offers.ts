import type { ServerTls } from '../../src/rehearsal/server.ts';
import { startService } from '../../src/rehearsal/service.ts';
import { readAssignments } from '../step/assignments.ts';
import type { Handout } from './client-files.ts';
import { renderScript } from './es-auth-script.ts';
import type { Guide } from './guide.ts';
import { describe } from './http/describe.ts';
import { readSettings, readWorkflowInputs } from './http/settings.ts';
import { startStandIn } from './http/stand-in.ts';

/** How any service runs. */
export interface OfferOptions {
  /** 0 for a free one. */
  readonly port: number;
  readonly delayMs: number;
  readonly http2: boolean;
  /** Replaces single facts of a made-up TLS side. */
  readonly tls: Partial<ServerTls>;
  /** Returns the address that clients use. */
  readonly address: (port: number) => string;
  readonly print: (text: string) => void;
}

/** A service that runs, and what to tell of it. */
export interface Offer extends Pick<Guide, 'inputs' | 'renderEnd'> {
  /** Made up for this run. */
  readonly material: Handout;
  close(): Promise<void>;
}

/** Starts the service of a rehearsal. */
export async function offerEsAuth(
  { port, delayMs, http2, tls, address }: OfferOptions,
  { appKey, appSecret }: { readonly appKey: string | undefined; readonly appSecret: string | undefined },
): Promise<Offer> {
  const service = await startService({
    port,
    delayMs,
    http2,
    tls,
    ...(appKey === undefined ? {} : { appKey }),
    ...(appSecret === undefined ? {} : { appSecret }),
  });
  const { cert, key, chain, verifyKeyPem } = service.credentials;
  const target = { ...service, url: address(service.port) };
  return {
    inputs: {
      'server-url': target.url,
      'sign-path': target.signPath,
      'app-key': target.appKey,
      'app-secret': target.appSecret,
    },
    material: { chain, verifyKey: verifyKeyPem, client: { cert, key }, inputs: {} },
    renderEnd: (paths) =>
      `# Without the action: paste this into a shell with openssl and curl.\n\n${renderScript(target, paths)}`,
    close: () => service.close(),
  };
}

/** Starts a stand-in for an API that one HTTP message describes. */
export async function offerHttp(
  { address, print, ...options }: OfferOptions,
  { workflow, assignments }: { readonly workflow: string | undefined; readonly assignments: readonly string[] },
): Promise<Offer> {
  const ofWorkflow = workflow === undefined ? {} : await readWorkflowInputs(workflow);
  const given = await readAssignments('--with', assignments);
  const settings = readSettings({ ...ofWorkflow, ...given });
  const service = await startStandIn({ ...options, settings, onRequest: (told) => print(describe(told)) });
  const { root, client } = service.pki;
  const { request = '', token, ...inputs } = settings.inputs;
  return {
    inputs: {
      'server-url': address(service.port),
      ...inputs,
      request,
      // A real secret is in its file alone.
      ...(token === undefined ? {} : { token: given['token'] === undefined ? token : 'the one of --with token' }),
    },
    material: {
      chain: root.cert,
      verifyKey: service.publicKeyPem,
      client: { cert: client.cert, key: client.key },
      inputs: { request, ...(token === undefined ? {} : { token }) },
    },
    renderEnd: () => '# Every request is told below.\n\n',
    close: () => service.close(),
  };
}
