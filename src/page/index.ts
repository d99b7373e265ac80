import { runPage } from './page.ts';
import { serve } from './worker/serve.ts';

// One text is page and worker, so that the page needs to load nothing.
if (typeof document === 'undefined') serve(globalThis as unknown as Parameters<typeof serve>[0]);
else runPage(document.currentScript?.textContent ?? '');
