/** `npm run test:mutation`: how many small faults in the rooms that decide would be found by the tests of those rooms. */
export default {
  mutate: [
    'src/protocols/answers/{status,status-rows,reason,refusal-advice,retry-after}.ts',
    'src/protocols/es-auth/{response,request-signature,request,clock-offset}.ts',
    'src/files/hashing/{file-hash,quoted-base64}.ts',
    'src/files/{writing/output-tree,reading/read-small,names}.ts',
    'src/files/finding/{own-paths,examine,left-out,discover,selection,walk,patterns,glob}.ts',
    'src/runner/{masks,spellings}.ts',
    'src/connection/{connection-failure,http2-errors}.ts',
    'src/signing/policy/{retry,policy,run-judge,refusals,attempt-counts,concurrency,outage-gate,shortage,troubles,failure}.ts',
    'src/signing/schedule/{queue,head-start}.ts',
    'src/identity/{text/pem,text/blocks,secrets}.ts',
    'src/verifying/{verifier,likely,check,layout,encoding,algorithm}.ts',
  ],
  testRunner: 'vitest',
  // Some tests change the directory or the user of their process, which a thread cannot.
  vitest: { configFile: '__tests__/mutation/vitest.config.ts', pool: 'forks' },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // On a busy machine the default takes slow tests for endless ones, and counts their mutants as found.
  timeoutMS: 20_000,
  thresholds: { high: 95, low: 90, break: 90 },
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'build/mutation/report.json' },
  tempDirName: 'build/mutation/sandbox',
  // Stryker reads a tsconfig.json with the API of older compilers; nothing in its sandbox needs one.
  ignorePatterns: ['dist', 'build', 'docs', 'examples', '.github', '.ci', 'tsconfig.json'],
};
