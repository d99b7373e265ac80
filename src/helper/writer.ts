import type { OutputTree } from '../files/output-tree.ts';
import type { SignatureWriter } from '../signing/signer.ts';
import type { Helper } from './helper.ts';

/** Writes into a tree from the helper thread; from this one when that is gone. */
export function writeElsewhere(helper: Helper, output: OutputTree): SignatureWriter {
  const { directory, processId } = output;
  return {
    async write(path, text) {
      const done = await helper.do({ do: 'write', directory, processId, path, text });
      if (done === undefined) output.write(path, text);
    },
  };
}
