import type { Reporter, TestModule } from 'vitest/node';

/** How the reason begins for which a world was not run. */
export const NOT_RUN = 'not run: ';

/** Says in the last lines of a report which worlds were not run, and why. */
export default class NotRunReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const notes = modules.flatMap((module) =>
      [...module.children.allTests('skipped')].map((each) => {
        const result = each.result();
        return result.state === 'skipped' ? (result.note ?? '') : '';
      }),
    );
    for (const note of new Set(notes)) if (note.startsWith(NOT_RUN)) process.stdout.write(`${note}\n`);
  }
}
