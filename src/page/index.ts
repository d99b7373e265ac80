import { runPage } from './page.ts';
import { serve } from './worker/serve.ts';

// The same script is page and worker, so that the page loads nothing else.
if (typeof document === 'undefined') globalThis.onmessage = serve((reply) => globalThis.postMessage(reply));
else runPage(document.currentScript?.textContent ?? '');
