import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { main } from '../../src/main.ts';
import type { Context } from '../../src/modes/context.ts';
import { createRunner, type Runner } from '../../src/runner.ts';
import { createClock } from '../../src/signing/schedule/clock.ts';
import { contextOf } from '../helpers/context.ts';
import type { World } from './world.ts';

/** What a newcomer did, and what the message must name for the newcomer to find it. */
export interface Mistake {
  readonly what: string;
  /** Inputs on top of those that would sign. */
  readonly inputs?: (world: World) => Readonly<Record<string, string>>;
  /** Files of the workspace; `dist/app.zip` and `dist/notes.txt` when left out. */
  readonly files?: Readonly<Record<string, string>>;
  /** Variables of the runner. */
  readonly env?: Readonly<Record<string, string>>;
  /** Payload of the event. */
  readonly event?: object;
  readonly names: RegExp;
}

const FILES = { 'dist/app.zip': 'app', 'dist/notes.txt': 'notes' };
/** The policy waits a minute for a service that does not come; here it passes in three seconds. */
const HURRY = 20;

/** Runs the action in this process; returns the errors that the page of the run would show, and warnings when it was green. */
export async function play(mistake: Mistake, world: World): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'mistake-'));
  try {
    return await playIn(directory, mistake, world);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function playIn(directory: string, mistake: Mistake, world: World): Promise<string> {
  const workspace = join(directory, 'app');
  for (const [name, content] of Object.entries({ 'README.md': 'app', ...(mistake.files ?? FILES) })) {
    mkdirSync(dirname(join(workspace, name)), { recursive: true });
    writeFileSync(join(workspace, name), content);
  }
  mkdirSync(join(directory, 'temp'));
  writeFileSync(join(directory, 'event.json'), JSON.stringify(mistake.event ?? {}));
  const inputs = { ...world.inputs, ...mistake.inputs?.(world) };
  const variables = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const environment = {
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: workspace,
    GITHUB_REPOSITORY: 'octocat/app',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_EVENT_PATH: join(directory, 'event.json'),
    RUNNER_TEMP: join(directory, 'temp'),
    ...mistake.env,
    ...Object.fromEntries(variables),
  };
  const told: { readonly level: string; readonly text: string }[] = [];
  const report = await main(hurried(environment, (level, text) => told.push({ level, text })));
  const errors = told.filter(({ level }) => level === 'error');
  const shown = errors.length > 0 ? errors : told;
  return normalised(shown.map(({ text }) => text).join('\n\n') || `green: ${report.mode}`, directory, world);
}

/** A run that prints nothing and notes its annotations, whose policy has no patience. */
function hurried(environment: Record<string, string>, note: (level: string, text: string) => void): Context {
  const runner: Runner = {
    ...createRunner(environment),
    mask: () => {},
    line: () => {},
    debug: () => {},
    openGroup: () => {},
    closeGroup: () => {},
    annotate: (level, title, text) => note(level, `${title}\n${text}`),
    output: () => {},
    saveState: () => {},
    summary: () => {},
  };
  const clock = createClock();
  return contextOf(runner, {
    clock: {
      ...clock,
      now: () => clock.now() * HURRY,
      after: (delayMs, callback) => clock.after(delayMs / HURRY, callback),
    },
  });
}

/** Replaces what differs from run to run by what a user of a hosted runner would see. */
function normalised(text: string, directory: string, world: World): string {
  return text
    .replaceAll(`${directory}/app`, '/home/runner/work/app/app')
    .replaceAll(`${directory}/temp`, '/home/runner/work/_temp')
    .replaceAll(/(?<=127\.0\.0\.1):1\b/g, ':8444')
    .replaceAll(`:${new URL(world.service.url).port}`, ':8443')
    .replaceAll(`:${new URL(world.named.url).port}`, ':8445')
    .replace(/\b[0-9a-f]{64}\b|\b(?:[0-9A-F]{2}:){31}[0-9A-F]{2}\b/g, '<SHA-256>')
    .replace(/\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?)?/g, '<date>')
    .replace(/\bafter \d+ (?:tries|requests|try|request) in \d.*?\.(?=\n|$)/gm, 'after <count> in <time>.')
    .replace(/\b\d+(?:\.\d+)? (?:m?s|min(?: \d+ s)?)\b/g, '<time>');
}
