import { startService } from './faulty-service.ts';

/** Program for a child process: runs a service, sends how to reach it, and answers each message with the most memory used since the last. */
const { url, port, signPath, appKey, appSecret, credentials } = await startService();
let peakBytes = process.memoryUsage.rss();
const sampler = setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 10);
process.on('message', () => {
  process.send?.({ peakBytes });
  peakBytes = process.memoryUsage.rss();
});
process.on('disconnect', () => {
  clearInterval(sampler);
  process.exit();
});
process.send?.({ url, port, signPath, appKey, appSecret, credentials });
