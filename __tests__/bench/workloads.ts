/** Who can sign the files, ourselves first. */
export const CLIENT_NAMES = ['action', 'action-http2', 'other-build', 'all-at-once', 'one-at-a-time', 'curl'] as const;
/** See {@link CLIENT_NAMES}. */
export type ClientName = (typeof CLIENT_NAMES)[number];

/** Files to sign and a service to sign them. */
export interface Workload {
  /** What `--only` takes; some share one. */
  readonly name: string;
  readonly title: string;
  readonly files: number;
  readonly bytesPerFile: number;
  readonly content: 'random' | 'sparse';
  /** What the service waits before it answers. */
  readonly delayMs: 0 | 450;
  readonly clients: readonly ClientName[];
}

const KB = 1000;
const MB = 1000 * KB;
const MIB = 1024 * 1024;
const OURS: readonly ClientName[] = ['action', 'action-http2', 'other-build'];
const EVERYONE: readonly ClientName[] = CLIENT_NAMES;

/** Lists the workloads; `quick` ones show the same in a tenth of the time, less exactly. */
export function listWorkloads(scale: 'full' | 'quick'): Workload[] {
  const quick = scale === 'quick';
  const random = { content: 'random', delayMs: 0, clients: EVERYONE } as const;
  const many = { ...random, name: 'W5', bytesPerFile: KB };
  const [few, lots] = quick ? [1_000, 10_000] : [1_000, 100_000];
  const large = quick ? 4 : 20;
  const small = quick ? 1_000 : 5_000;
  const huge = quick ? 512 : 3072;
  return [
    {
      ...random,
      name: 'W1',
      title: '100 files of 20 KB, 450 ms each',
      files: 100,
      bytesPerFile: 20 * KB,
      delayMs: 450,
      clients: quick ? EVERYONE.filter((client) => client !== 'one-at-a-time') : EVERYONE,
    },
    { ...random, name: 'W2', title: `${count(small)} files of 4 KB`, files: small, bytesPerFile: 4 * KB },
    { ...random, name: 'W3', title: `${large} files of 50 MB`, files: large, bytesPerFile: 50 * MB },
    {
      ...random,
      name: 'W4',
      title: `one file of ${quick ? '512 MiB' : '3 GiB'}`,
      files: 1,
      bytesPerFile: huge * MIB,
      content: 'sparse',
      clients: OURS,
    },
    { ...many, title: `${count(few)} files of 1 KB`, files: few },
    { ...random, name: 'calm', title: '1,000 files of 4 KB', files: 1_000, bytesPerFile: 4 * KB, clients: OURS },
    { ...many, title: `${count(lots)} files of 1 KB`, files: lots, clients: OURS },
  ];
}

function count(files: number): string {
  return files.toLocaleString('en-US');
}
