import { ActionError } from '../../errors.ts';
import { show } from '../../files/names.ts';
import type { Protocol } from '../protocol.ts';
import { createHttpSigner, type HttpOptions, MAX_REQUEST_LINE_BYTES } from './http.ts';
import { withOwnBoundary } from './multipart.ts';
import { canHold, fillTemplate, placeholdersOf } from './template.ts';

/** Creates the protocol `http`: a service that answers one request for each file with a signature. */
export function createHttp(options: HttpOptions): Protocol {
  return {
    name: 'http',
    certificate: 'required',
    checkFile(file) {
      checkRequestLine(file, options);
      checkName(file, options);
    },
    open(transport, { scrub, randomInt }) {
      const message = withOwnBoundary(options.message, randomInt);
      return { signer: createHttpSigner(transport, { ...options, message }, scrub), close: async () => {} };
    },
  };
}

/** Checks that the body can contain the name of the file. */
function checkName({ path }: { readonly path: string }, { message }: HttpOptions): void {
  if (!placeholdersOf(message.body).includes('name') || canHold(message.bodyPlace, path)) return;
  throw new ActionError(
    'NAME_NOT_SENDABLE',
    `The name of ${show(path)} holds control characters or line ends, which the body of the request cannot carry.`,
    { hint: 'Rename or exclude the file, or leave {name} out of the request.' },
  );
}

/** Checks the request line without reading the file, by the least length of base64 or the length of digests. */
function checkRequestLine(
  { path, size }: { readonly path: string; readonly size: number },
  { message, prefix, key }: HttpOptions,
): void {
  const target = fillTemplate(message.target, 'target', (placeholder) => {
    if (placeholder === 'name') return path;
    if (placeholder === 'key') return key;
    return 'A'.repeat(
      placeholder === 'file:base64' ? Math.min(Math.ceil(size / 3) * 4, 2 * MAX_REQUEST_LINE_BYTES) : 44,
    );
  });
  const bytes = message.method.length + prefix.length + target.length + ' '.length + ' HTTP/1.1'.length;
  if (bytes <= MAX_REQUEST_LINE_BYTES) return;
  throw new ActionError(
    'REQUEST_LINE_TOO_LONG',
    `The request line for ${show(path)} would have more than ${MAX_REQUEST_LINE_BYTES} bytes.`,
    { hint: 'Servers refuse longer ones: exclude the file, or send the file or its digest in the body.' },
  );
}
