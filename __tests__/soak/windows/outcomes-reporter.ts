import { appendFileSync } from 'node:fs';
import type { TestCase, TestModule } from 'vitest/node';
import type { Outcome } from './suite.ts';

/** Adds the outcomes of each file to a file, one per line, when it has ended: a process that hangs later takes none of them along. */
export default class OutcomesReporter {
  onTestModuleEnd(module: TestModule): void {
    const file = module.relativeModuleId.replaceAll('\\', '/');
    const errors = module.errors();
    const whole: Outcome = { file, title: '', status: 'failed', messages: textOf(errors) };
    const outcomes = [...(errors.length > 0 ? [whole] : []), ...Array.from(module.children.allTests(), outcomeOf)];
    appendFileSync('D:/outcomes', outcomes.map((each) => `${JSON.stringify(each)}\n`).join(''));
  }
}

function outcomeOf(test: TestCase): Outcome {
  const { state, errors = [] } = test.result();
  return {
    file: test.module.relativeModuleId.replaceAll('\\', '/'),
    title: test.fullName.replaceAll(' > ', ' '),
    status: state === 'passed' || state === 'failed' ? state : 'skipped',
    messages: textOf(errors),
  };
}

function textOf(errors: readonly { readonly message: string; readonly stack?: string | undefined }[]): string {
  return errors.map(({ message, stack }) => `${message}\n${stack ?? ''}`).join('\n');
}
