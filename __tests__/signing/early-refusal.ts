import { earlyTooLarge } from '../rehearsal/fault-samples.ts';
import { startService } from '../rehearsal/faulty-service.ts';

/** Program for a child process: runs a service that refuses large files while they are still being sent. */
const { url, signPath, appKey, appSecret, credentials } = await startService({
  script: ({ lengthBytes }) => (lengthBytes > 1e6 ? earlyTooLarge(1000) : undefined),
});
process.on('disconnect', () => process.exit());
process.send?.({ url, signPath, appKey, appSecret, credentials });
