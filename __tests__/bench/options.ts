import { isAbsolute, join } from 'node:path';
import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Options {
  readonly scale: 'full' | 'quick';
  /** Parts to run: names of workloads, `start`, `openbao`, `verify` or `plot`. */
  readonly wants: (part: string) => boolean;
  /** Clients to run in each workload. */
  readonly runs: (client: string) => boolean;
  readonly rounds: number;
  /** Directory of another build of the action that is measured in the same rounds. */
  readonly against: string | undefined;
  /** Where the results go. */
  readonly out: string;
  /** Whether the documents are written: after this run, or at once from the committed figures. */
  readonly documents: 'none' | 'measure' | 'render';
}

/** What `--help` prints. */
export const USAGE = `npm run bench -- [--quick] [--only W1,W2,W3,W4,W5,calm,start,openbao,verify,plot] [--clients action,all-at-once] [--rounds 3] [--against DIR] [--out DIR] [--docs] [--render]

  --quick    smaller workloads and one round, for a first look
  --only     some parts only
  --clients  some clients only: action, action-http2, other-build, all-at-once, one-at-a-time, curl
  --rounds   how often each client runs; medians are reported
  --against  directory of another build of this action (action.yml and dist/), measured in the same rounds
  --out      directory for results.md, results.json and the plots (build/bench)
  --docs     measures everything in full, and writes docs/performance.json and all that comes from it: the tables of
             docs/performance.md, the plots in docs/img, the comparison of the README
  --render   measures nothing, and writes the same from docs/performance.json as it stands

Needs Linux, nginx with its echo module, Python 3, curl and openssl: apt-get install nginx-light libnginx-mod-http-echo python3-venv curl openssl.
aiohttp is taken from the system, or installed for the time of the run; OpenBao comes with npm run setup:openbao.`;

/** Reads the command line; `undefined` when only help is wanted. */
export function readOptions(args: readonly string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: flag,
      help: flag,
      only: text,
      clients: text,
      rounds: text,
      against: text,
      out: text,
      docs: flag,
      render: flag,
    },
  });
  if (values.help) return undefined;
  const isPart = [values.quick, values.only, values.clients, values.against].some((value) => value !== undefined);
  if (values.docs && isPart) throw new Error('--docs takes a whole run: no --quick, --only, --clients or --against');
  const only = values.only?.split(',');
  const clients = values.clients?.split(',');
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1');
  return {
    scale: values.quick ? 'quick' : 'full',
    // Only of use when two builds are compared.
    wants: (part) => only?.includes(part) ?? (part !== 'calm' || values.against !== undefined),
    runs: (client) => clients?.includes(client) ?? true,
    rounds,
    against: values.against && fromHere(values.against),
    out: fromHere(values.out ?? join('build', 'bench')),
    documents: values.render ? 'render' : values.docs ? 'measure' : 'none',
  };
}

function fromHere(path: string): string {
  return isAbsolute(path) ? path : join(process.cwd(), path);
}
