import { X509Certificate } from 'node:crypto';
import { bundledRoots } from '../connection/route.ts';

export { checkStamp } from './check.ts';
export { createPost } from './post.ts';
export { MAX_CLOCK_DIFFERENCE_MS, requestStamp } from './request.ts';

/** Returns the root certificates that Node brings, which are meant for web servers, and issue some stamps too. */
export function bundledAnchors(): readonly X509Certificate[] {
  return bundledRoots().map((pem) => new X509Certificate(pem));
}
