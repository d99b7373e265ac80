import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

/** Makes an address drop what asks for a connection to the port until the test ends: a listener that accepts nobody, with a full queue. */
export async function makeDead(address: string, port: number): Promise<void> {
  const program = `require('node:net').createServer().listen({ host: '${address}', port: ${port}, backlog: 1 }, () => {
    require('node:fs').writeSync(1, 'listening');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  for (let filled = 0; filled < 8; filled++) {
    const socket = connect(port, address).on('error', () => {});
    onTestFinished(() => void socket.destroy());
  }
}
