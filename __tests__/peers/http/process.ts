import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server of another make, in a directory of its own. */
export interface Peer {
  readonly port: number;
  close(): Promise<void>;
}

/** What a server needs to start. */
export interface PeerPlan {
  /** Files by name, written into the directory before the start. */
  readonly files: Readonly<Record<string, string>>;
  readonly command: string;
  readonly args: readonly string[];
}

/** Starts a server on a free port of 127.0.0.1 and waits until it listens; a program that is not installed is a failure. */
export async function startPeer(plan: (port: number, directory: string) => PeerPlan): Promise<Peer> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'peer-'));
  const { files, command, args } = plan(port, directory);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o644 });
  // Debian keeps servers out of the path of ordinary users.
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', process.env['PEER_LOG'] ? 'inherit' : 'ignore'],
    env,
  });
  try {
    await waitForPort(port, child, command);
  } catch (error) {
    await stop(child);
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    port,
    async close() {
      await stop(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Returns a port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 3000);
  await gone;
  clearTimeout(patience);
}

async function waitForPort(port: number, child: ChildProcess, command: string): Promise<void> {
  let failed: Error | undefined;
  child.once('error', (error) => (failed = error));
  for (let tries = 0; tries < 500; tries++) {
    if (failed) throw failed;
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}; PEER_LOG=1 shows why`);
    if (await isOpen(port)) return;
    await sleep(20);
  }
  throw new Error(`${command} does not listen`);
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
