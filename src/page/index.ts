import { runPage } from './page.ts';
import { serve } from './worker/serve.ts';

// One text is page and worker, so that the page needs to load nothing.
if (typeof document === 'undefined') globalThis.onmessage = serve((reply) => globalThis.postMessage(reply));
else runPage(document.currentScript?.textContent ?? '');
