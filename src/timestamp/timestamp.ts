import { X509Certificate } from 'node:crypto';
import { bundledRoots } from '../connection/route.ts';

export { checkStamp } from './check.ts';
export { createPost } from './post.ts';
export { MAX_CLOCK_DIFFERENCE_MS, requestStamp } from './request.ts';

/** Returns Node's bundled roots, which are meant for web servers but also cover some time stamp authorities. */
export function bundledAnchors(): readonly X509Certificate[] {
  return bundledRoots().map((pem) => new X509Certificate(pem));
}
