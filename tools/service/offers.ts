import { startService } from '../../src/rehearsal/service.ts';
import { readAssignments } from '../step/assignments.ts';
import type { Handout } from './client-files.ts';
import { renderScript } from './es-auth-script.ts';
import { readWorkflowInputs } from './given-inputs.ts';
import type { Guide } from './guide.ts';
import { HTTP_INPUTS, readSettings } from './http/settings.ts';
import { startStandIn } from './http/stand-in.ts';
import type { Loopback, LoopbackOptions } from './loopback.ts';
import { readTransitSettings, VAULT_INPUTS } from './vault/settings.ts';
import { startTransit } from './vault/transit.ts';

/** Options of a service, and how to present it. */
export interface OfferOptions extends LoopbackOptions {
  /** Returns the URL for clients. */
  readonly address: (port: number) => string;
  readonly print: (text: string) => void;
}

/** Sources of the action's inputs. */
interface GivenInputs {
  readonly workflow: string | undefined;
  readonly assignments: readonly string[];
}

/** A running service, with the content of its guide. */
export interface Offer extends Pick<Guide, 'inputs' | 'renderEnd'> {
  /** Material that was generated for this run. */
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

/** Starts a stand-in for an API that is described by one HTTP message. */
export async function offerHttp(
  { address, print, ...options }: OfferOptions,
  { workflow, assignments }: GivenInputs,
): Promise<Offer> {
  const ofWorkflow = workflow === undefined ? {} : await readWorkflowInputs(workflow, 'http', HTTP_INPUTS);
  const given = await readAssignments('--with', assignments);
  const settings = readSettings({ ...ofWorkflow, ...given });
  const service = await startStandIn(options, settings, print);
  const { request = '', token, ...inputs } = settings.inputs;
  return {
    inputs: {
      'server-url': address(service.port),
      ...inputs,
      request,
      // A real secret is only in its file.
      ...(token === undefined ? {} : { token: given['token'] === undefined ? token : 'the one of --with token' }),
    },
    ...offerOf(service, { request, ...(token === undefined ? {} : { token }) }),
  };
}

/** Starts a stand-in for a transit engine of OpenBao or Vault. */
export async function offerVault(
  { address, print, ...options }: OfferOptions,
  { workflow, assignments }: GivenInputs,
): Promise<Offer> {
  const ofWorkflow = workflow === undefined ? {} : await readWorkflowInputs(workflow, 'vault', VAULT_INPUTS);
  const settings = readTransitSettings({ ...ofWorkflow, ...(await readAssignments('--with', assignments)) });
  const service = await startTransit(options, settings, print);
  const token = settings.login === 'token' ? { token: service.token } : {};
  return {
    inputs: { 'server-url': address(service.port), ...settings.inputs, ...token },
    ...offerOf(service, token),
  };
}

/** Returns the common parts of all stand-ins: generated certificates, and a line for each request. */
function offerOf(
  service: Loopback & { readonly publicKeyPem: string },
  inputs: Handout['inputs'],
): Pick<Offer, 'material' | 'renderEnd' | 'close'> {
  const { root, client } = service.pki;
  return {
    material: {
      chain: root.cert,
      verifyKey: service.publicKeyPem,
      client: { cert: client.cert, key: client.key },
      inputs,
    },
    renderEnd: () => '# Every request is told below.\n\n',
    close: () => service.close(),
  };
}
