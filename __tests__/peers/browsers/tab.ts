/** One tab of a real browser. */
export interface Tab {
  /** The process that everything of the browser descends from. */
  readonly processId: number;
  /** Opens a file of this machine by its `file://` address. */
  readonly open: (path: string) => Promise<void>;
  /** Chooses files, or one folder, in a file field of the page. */
  readonly choose: (selector: string, paths: readonly string[]) => Promise<void>;
  /** Types into a field. */
  readonly type: (selector: string, text: string) => Promise<void>;
  /** Evaluates an expression in the page; its value must be JSON. */
  readonly evaluate: (expression: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Waits until an expression is true in the page, and fails with what the page shows. */
export async function until(tab: Tab, expression: string, timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while ((await tab.evaluate(`Boolean(${expression})`)) !== true) {
    if (performance.now() > end) {
      throw new Error(
        `not seen: ${expression}; the page shows: ${String(await tab.evaluate('document.body.innerText'))}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A row of the results, as a reader sees it. */
export interface Row {
  readonly kind: string;
  readonly name: string;
  readonly text: string;
}

/** Waits until nothing is checked any more, and returns the headline and every row. */
export async function results(tab: Tab, timeoutMs?: number): Promise<{ headline: string; tone: string; rows: Row[] }> {
  const idle = `!['none', 'busy'].includes(document.body.dataset.tone)`;
  await until(tab, idle, timeoutMs);
  return (await tab.evaluate(`({
    headline: document.querySelector('#headline').textContent,
    tone: document.body.dataset.tone,
    rows: [...document.querySelectorAll('.row')].map((row) => ({
      kind: row.dataset.kind, name: row.querySelector('.name').textContent, text: row.querySelector('.detail').textContent,
    })),
  })`)) as { headline: string; tone: string; rows: Row[] };
}
