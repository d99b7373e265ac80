import { parentPort } from 'node:worker_threads';
import { serve } from './worker/serve.ts';

// The program of the worker thread: a separate bundle, so that it starts in milliseconds.
if (parentPort) serve(parentPort);
