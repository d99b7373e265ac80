import { defineConfig } from 'vitest/config';
import { FAULT_TAGS } from '../faults/faults.ts';

/**
 * The tests that look for the mutants: those that run a mutated room in this process. What starts the committed bundle sees
 * no mutant, and what comes by on its way elsewhere, or takes seconds, would be run a thousand times.
 */
export default defineConfig({
  test: {
    tags: FAULT_TAGS,
    include: [
      '__tests__/runner/{masks,foreign-output}.test.ts',
      '__tests__/files/{discover,glob,left-out,links,orphans,patterns,names,output-tree,output-tree-bounds,signature-file,as-on-windows}.test.ts',
      '__tests__/identity/{blocks,pem-reader,secrets}.test.ts',
      '__tests__/protocols/{canonical,clock-offset,request,response,reason,error-answers,odd-bodies,retry-after,vault/answers}.test.ts',
      '__tests__/connection/{connection-failure,tls-failure}.test.ts',
      '__tests__/signing/{failure,hindsight,mixed-answers,policy-rules,run-policy,run-judge,run-endings,retry-queue,ramp,shortage}.test.ts',
      '__tests__/verifying/{algorithm,check,ecdsa-form,encoding,key,key-text,private-key,verifier}.test.ts',
    ],
    testTimeout: 20_000,
  },
});
