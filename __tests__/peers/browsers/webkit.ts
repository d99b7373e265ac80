import { type ChildProcess, spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { freePort } from '../http/process.ts';
import type { Tab } from './tab.ts';

const MINI_BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
/** The name under which WebDriver passes elements. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** Starts WebKitGTK in a display of its own, driven over WebDriver. */
export async function launchWebKit(): Promise<Tab> {
  const { child: xvfb, display } = await startDisplay();
  const port = await freePort();
  const environment = {
    ...process.env,
    DISPLAY: display,
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
  };
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], { env: environment, stdio: 'ignore' });
  const call = caller(`http://127.0.0.1:${port}`);
  await whenReady(call);
  const capabilities = {
    alwaysMatch: { 'webkitgtk:browserOptions': { binary: MINI_BROWSER, args: ['--automation'] } },
  };
  const { sessionId } = (await call('POST', '/session', { capabilities })) as { sessionId: string };
  const session = `/session/${sessionId}`;
  await call('POST', `${session}/timeouts`, { script: 60_000, pageLoad: 60_000 });
  const send = async (selector: string, text: string): Promise<void> => {
    const found = await call('POST', `${session}/element`, { using: 'css selector', value: selector });
    const id = (found as Record<string, string>)[ELEMENT];
    await call('POST', `${session}/element/${id}/value`, { text });
  };
  return {
    processId: driver.pid ?? 0,
    async open(path) {
      await call('POST', `${session}/url`, { url: pathToFileURL(path).href });
    },
    choose: (selector, paths) => send(selector, paths.join('\n')),
    type: send,
    evaluate: (expression) => call('POST', `${session}/execute/sync`, { script: `return ${expression}`, args: [] }),
    async close() {
      await call('DELETE', session, undefined).catch(() => {});
      await Promise.all([driver, xvfb].map(end));
    },
  };
}

type Call = (method: string, path: string, body: unknown) => Promise<unknown>;

function caller(origin: string): Call {
  return async (method, path, body) => {
    const response = await fetch(origin + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    const { value } = (await response.json()) as { value: unknown };
    if (!response.ok) throw new Error(`WebDriver ${method} ${path}: ${JSON.stringify(value)}`);
    return value;
  };
}

async function whenReady(call: Call): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await call('GET', '/status', undefined);
      return;
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Xvfb chooses a free display and writes its number to the third descriptor. */
async function startDisplay(): Promise<{ child: ChildProcess; display: string }> {
  const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await new Promise<string>((resolve, reject) => {
    child.stdio[3]?.once('data', (data: Buffer) => resolve(data.toString().trim()));
    child.once('error', reject);
    child.once('exit', () => reject(new Error('Xvfb ended')));
  });
  return { child, display: `:${number}` };
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
