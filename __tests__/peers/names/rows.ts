/** A system whose file names differ from those of Linux. */
export type World = 'windows' | 'macos';

/** A tree, inputs, and what signing it must come to. */
export interface Row {
  readonly title: string;
  /**
   * `{W}` is the workspace as the system spells it, `{w}` with slashes, `{UPPER}` and `{LOWER}` in another case, `{SHORT}`
   * with a short name; `{DRIVE}` is its drive, `{T}` is RUNNER_TEMP. Files are `dist/**` where nothing else stands.
   */
  readonly inputs?: Readonly<Record<string, string>>;
  /** `dist/App.exe` and `dist/lib/core.dll` where nothing else stands. */
  readonly files?: readonly string[];
  /** Paths that are signed, sorted. */
  readonly signed?: readonly string[];
  /** The error of the run. */
  readonly says?: RegExp;
  /** What the log or an annotation says of a green run. */
  readonly logs?: RegExp;
  /** What is written, sorted. */
  readonly written?: readonly string[];
  /** What a verification with the same inputs refuses. */
  readonly refused?: RegExp;
  /** Other systems have no such names. */
  readonly only?: World;
}

/** All files that stand in a tree where a row names none. */
const BOTH = ['dist/App.exe', 'dist/lib/core.dll'];
/** A row about the input `files` alone: the paths that it signs, or the error. */
const pattern = (files: string, signed: readonly string[] | RegExp, only?: World, more: Partial<Row> = {}): Row => ({
  title: `files: ${files}`,
  inputs: { files },
  ...(signed instanceof RegExp ? { says: signed } : { signed }),
  ...(only ? { only } : {}),
  ...more,
});

const ROWS: readonly Row[] = [
  // Patterns.
  pattern('dist/**', BOTH),
  pattern('dist\\**', BOTH, 'windows'),
  pattern('dist\\lib\\*.dll', ['dist/lib/core.dll'], 'windows'),
  pattern('dist/lib\\*.dll', ['dist/lib/core.dll'], 'windows'),
  pattern('.\\dist\\**', BOTH, 'windows'),
  pattern('dist\\', BOTH, 'windows'),
  pattern('dist\\\\**', BOTH, 'windows'),
  pattern('dist/./**', BOTH),
  pattern('DIST/**', BOTH, 'windows'),
  pattern('Dist\\APP.EXE', ['dist/App.exe'], 'windows'),
  pattern('Dist/APP.EXE', ['dist/App.exe'], 'windows'),
  pattern('dist/*.EXE', ['dist/App.exe'], 'windows'),
  pattern('d*/**', BOTH),
  pattern('D*/L*/**', ['dist/lib/core.dll'], 'windows'),
  pattern('dist/**\n!DIST/LIB/**', ['dist/App.exe'], 'windows'),
  pattern('dist/**\n!dist\\lib', ['dist/App.exe'], 'windows'),
  pattern('dist/**\n!dist\\LIB\\', ['dist/App.exe'], 'windows'),
  pattern('dist/**\n!**/*.DLL', ['dist/App.exe'], 'windows'),
  pattern('dist/**\n!{W}\\dist\\lib', ['dist/App.exe'], 'windows'),
  pattern('DIST/**', /NO_FILES_FOUND.*differs only in case from dist\//, 'macos'),
  pattern('Dist/APP.EXE', /NO_FILES_FOUND.*differs only in case from dist\//, 'macos'),
  pattern('dist/*.EXE', /NO_FILES_FOUND.*differs only in case from dist\//, 'macos'),
  pattern('D*/L*/**', /NO_FILES_FOUND.*differs only in case from dist\//, 'macos'),
  pattern('dist/**\n!DIST/LIB/**', BOTH, 'macos', { logs: /exclude/i }),
  pattern('dist/**\n!**/*.DLL', BOTH, 'macos', { logs: /exclude/i }),
  pattern('{W}\\dist\\**', BOTH, 'windows'),
  pattern('{w}/dist/**', BOTH),
  pattern('{LOWER}\\dist\\**', BOTH, 'windows'),
  pattern('{LOWER}/dist/**', BOTH, 'macos'),
  pattern('{UPPER}\\DIST\\**', BOTH, 'windows'),
  pattern('{UPPER}/dist/**', BOTH, 'macos'),
  pattern('{SHORT}\\dist\\**', BOTH, 'windows'),
  pattern('\\\\?\\{W}\\dist\\**', BOTH, 'windows'),
  pattern('\\\\.\\{W}\\dist\\**', BOTH, 'windows'),
  pattern('//?/{w}/dist/**', BOTH, 'windows'),
  pattern('\\\\server\\share\\x\\**', /PATTERN_INVALID.*outside root/, 'windows'),
  pattern('//server/share/**', /PATTERN_INVALID.*outside root/),
  pattern('\\\\?\\UNC\\server\\share\\**', /PATTERN_INVALID.*outside root/, 'windows'),
  pattern('\\\\localhost\\d$\\**', /PATTERN_INVALID.*outside root/, 'windows'),
  pattern('{DRIVE}dist\\**', /PATTERN_INVALID.*drive without a slash/, 'windows'),
  pattern('C:\\other\\**', /PATTERN_INVALID.*outside root/, 'windows'),
  pattern('Q:\\out\\**', /PATTERN_INVALID.*outside root/, 'windows'),
  pattern('Q:out', /PATTERN_INVALID.*drive without a slash/, 'windows'),
  pattern('\\dist\\**', /PATTERN_INVALID.*outside root/, 'windows'),
  pattern('/dist/**', /PATTERN_INVALID.*outside root/),
  pattern('..\\x', /PATTERN_INVALID.*cannot leave root/, 'windows'),
  pattern('dist\\..\\x', /PATTERN_INVALID.*cannot leave root/, 'windows'),
  pattern('~\\x', /PATTERN_INVALID.*starts with ~/, 'windows'),
  pattern('dist\\[a]pp.exe', ['dist/App.exe'], 'windows'),
  pattern('dist/[A]pp.exe', ['dist/App.exe']),
  pattern('dist\\a[,]b', ['dist/a,b'], 'windows', { files: ['dist/a,b'] }),
  pattern('dist\\a,b', /PATTERN_INVALID.*commas/, 'windows', { files: ['dist/a,b'] }),
  pattern('dist\\{a,b}', /PATTERN_INVALID.*braces/, 'windows'),
  pattern('dist\\x[1].zip', /NO_FILES_FOUND/, 'windows', { files: ['dist/x[1].zip'] }),
  pattern('dist\\x[[]1].zip', ['dist/x[1].zip'], 'windows', { files: ['dist/x[1].zip'] }),
  pattern('dist\\*.exe\\ndist\\lib\\*.dll', /NO_FILES_FOUND.*a backslash and an n, not a line end/, 'windows'),
  pattern('dist\\*.exe\\n!dist\\lib\\n', /NO_FILES_FOUND.*a backslash and an n, not a line end/, 'windows'),
  pattern('dist\\net8.0\\*.dll', /NO_FILES_FOUND.*dist is there, dist\/net8\.0 is not/, 'windows'),
  pattern('dist\\lib\\native\\*.dll', /NO_FILES_FOUND.*dist\/lib is there, dist\/lib\/native is not/, 'windows'),
  pattern('dist/**\\n', /NO_FILES_FOUND.*a backslash and an n, not a line end/),
  pattern('dist\\x\\[1\\].zip', /NO_FILES_FOUND.*a backslash is no escape character on this system/, 'windows', {
    files: ['dist/x[1].zip'],
  }),
  pattern('dist\\CON', /NO_FILES_FOUND/, 'windows'),
  pattern('dist\\nul', /NO_FILES_FOUND/, 'windows'),
  pattern('nul', /NO_FILES_FOUND/, 'windows'),
  pattern('COM1', /NO_FILES_FOUND/, 'windows'),
  pattern('aux.txt', /NO_FILES_FOUND/, 'windows'),
  pattern('CONIN$', /NO_FILES_FOUND/, 'windows'),
  pattern('dist\\App.exe:stream', /NO_FILES_FOUND|PATTERN_INVALID/, 'windows'),
  pattern('dist\\App.exe::$DATA', /NO_FILES_FOUND|PATTERN_INVALID/, 'windows'),
  pattern('dist::$INDEX_ALLOCATION\\App.exe', /NO_FILES_FOUND|PATTERN_INVALID/, 'windows'),
  pattern('dist\\App.exe.', /NO_FILES_FOUND/, 'windows'),
  pattern('dist.\\App.exe', /NO_FILES_FOUND/, 'windows'),
  pattern('dist \\App.exe', /NO_FILES_FOUND/, 'windows'),
  pattern('dist\\long name of a file.txt', ['dist/long name of a file.txt'], 'windows', {
    files: ['dist/long name of a file.txt'],
  }),
  pattern('dist\\LONGNA~1.TXT', /NO_FILES_FOUND/, 'windows', { files: ['dist/long name of a file.txt'] }),
  pattern('dist\\123456~1', /NO_FILES_FOUND/, 'windows', { files: ['dist/123456 789 012'] }),
  pattern('dist\\a|b', /NO_FILES_FOUND|PATTERN_INVALID/, 'windows'),
  pattern('dist\\a<b>', /NO_FILES_FOUND|PATTERN_INVALID/, 'windows'),
  pattern('dist\\a"b', /NO_FILES_FOUND|PATTERN_INVALID/, 'windows'),
  pattern('"dist\\**"', /NO_FILES_FOUND.*quotes/, 'windows'),
  pattern('dist/App.exe/x', /NO_FILES_FOUND/),
  pattern('dist\\App.exe\\x', /NO_FILES_FOUND/, 'windows'),
  pattern('dist/App.exe/', /NO_FILES_FOUND/),
  pattern('dist\\App.exe\\', /NO_FILES_FOUND/, 'windows'),
  pattern('dist/**', ['dist/.mtls-release-signing-1.tmp', 'dist/Thumbs.db', 'dist/desktop.ini'], undefined, {
    title: 'hidden and system names are files as others',
    files: ['dist/Thumbs.db', 'dist/desktop.ini', 'dist/.mtls-release-signing-1.tmp'],
  }),
  pattern('**', ['a'], undefined, { title: '.GIT is .git', files: ['a', '.GIT/config'], logs: /\.git/i }),
  pattern('**', ['a'], undefined, { title: 'sub/.Git is .git', files: ['a', 'sub/.Git/config'] }),
  {
    title: 'temporary names in upper case are files',
    files: ['dist/.MTLS-release-signing-1-2.TMP'],
    signed: ['dist/.MTLS-release-signing-1-2.TMP'],
  },
  {
    title: 'FOO and FOO.SIGN',
    files: ['dist/FOO', 'dist/FOO.SIGN'],
    says: /OUTPUT_COLLISION.*FOO\.SIGN is a file of the release/,
  },
  { title: 'foo and FOO.SIGN', files: ['dist/foo', 'dist/FOO.SIGN'], says: /OUTPUT_COLLISION/ },
  { title: 'FOO and foo.sign', files: ['dist/FOO', 'dist/foo.sign'], signed: ['dist/FOO'] },
  {
    title: 'suffix .SIG, x and x.sig',
    inputs: { suffix: '.SIG' },
    files: ['dist/x', 'dist/x.sig'],
    says: /OUTPUT_COLLISION/,
  },
  {
    title: 'FOO and an excluded FOO.SIGN',
    inputs: { files: 'dist/**\n!**/*.SIGN' },
    files: ['dist/FOO', 'dist/FOO.SIGN'],
    says: /OUTPUT_OCCUPIED.*FOO\.sign/,
  },
  // The root directory.
  { title: 'root: dist', inputs: { root: 'dist', files: '**' }, signed: ['App.exe', 'lib/core.dll'] },
  { title: 'root: DIST', inputs: { root: 'DIST', files: '**' }, signed: ['App.exe', 'lib/core.dll'] },
  {
    title: 'root: DIST, absolute pattern',
    inputs: { root: 'DIST', files: '{w}/dist/**' },
    signed: ['App.exe', 'lib/core.dll'],
  },
  { title: 'root: dist\\lib', inputs: { root: 'dist\\lib', files: '**' }, signed: ['core.dll'], only: 'windows' },
  {
    title: 'root: .\\dist\\',
    inputs: { root: '.\\dist\\', files: '**' },
    signed: ['App.exe', 'lib/core.dll'],
    only: 'windows',
  },
  {
    title: 'root: W\\dist',
    inputs: { root: '{W}\\dist', files: '**' },
    signed: ['App.exe', 'lib/core.dll'],
    only: 'windows',
  },
  { title: 'root: w/dist', inputs: { root: '{w}/dist', files: '**' }, signed: ['App.exe', 'lib/core.dll'] },
  { title: 'root: UPPER', inputs: { root: '{UPPER}', files: 'dist/**' }, signed: BOTH },
  { title: 'root: LOWER', inputs: { root: '{LOWER}', files: 'dist/**' }, signed: BOTH },
  {
    title: 'root: SHORT',
    inputs: { root: '{SHORT}\\dist', files: '**' },
    signed: ['App.exe', 'lib/core.dll'],
    only: 'windows',
  },
  {
    title: 'root: \\\\?\\',
    inputs: { root: '\\\\?\\{W}\\dist', files: '**' },
    signed: ['App.exe', 'lib/core.dll'],
    only: 'windows',
  },
  {
    title: 'root: D:dist',
    inputs: { root: '{DRIVE}dist', files: '**' },
    signed: ['App.exe', 'lib/core.dll'],
    only: 'windows',
  },
  { title: 'root: D:', inputs: { root: '{DRIVE}', files: 'dist/**' }, signed: BOTH, only: 'windows' },
  {
    title: 'root: D:\\',
    inputs: { root: '{DRIVE}\\', files: '**' },
    says: /INPUT_INVALID.*root.*workspace/,
    only: 'windows',
  },
  { title: 'root: Q:\\x', inputs: { root: 'Q:\\x', files: '**' }, says: /INPUT_INVALID.*root/, only: 'windows' },
  {
    title: 'root: C:\\windows',
    inputs: { root: 'C:\\windows', files: '**' },
    says: /INPUT_INVALID.*root.*workspace/,
    only: 'windows',
  },
  {
    title: 'root: UNC',
    inputs: { root: '\\\\server\\share', files: '**' },
    says: /INPUT_INVALID.*root.*workspace/,
    only: 'windows',
  },
  {
    title: 'root: ..\\..',
    inputs: { root: '..\\..', files: '**' },
    says: /INPUT_INVALID.*root.*workspace/,
    only: 'windows',
  },
  { title: 'root: nul', inputs: { root: 'nul', files: '**' }, says: /INPUT_INVALID.*root/, only: 'windows' },
  { title: 'root: dist:x', inputs: { root: 'dist:x', files: '**' }, says: /INPUT_INVALID.*root/, only: 'windows' },
  { title: 'root: dist.', inputs: { root: 'dist.', files: '**' }, says: /INPUT_INVALID.*root/, only: 'windows' },
  { title: 'root: a<b', inputs: { root: 'a<b', files: '**' }, says: /INPUT_INVALID.*root/, only: 'windows' },
  // The directory for signatures.
  {
    title: 'output-dir: Out',
    inputs: { 'output-dir': 'Out' },
    signed: BOTH,
    written: ['Work Space/repo/Out/dist/App.exe.sign', 'Work Space/repo/Out/dist/lib/core.dll.sign'],
  },
  {
    title: 'output-dir: out\\',
    inputs: { 'output-dir': 'out\\sub\\' },
    signed: BOTH,
    written: ['Work Space/repo/out/sub/dist/App.exe.sign', 'Work Space/repo/out/sub/dist/lib/core.dll.sign'],
    only: 'windows',
  },
  {
    title: 'output-dir in another case is not signed',
    inputs: { 'output-dir': 'OUT', files: '**' },
    files: ['a', 'out/leftover'],
    signed: ['a'],
    refused: /FILE_NOT_COVERED: out\/leftover/,
  },
  { title: 'output-dir: another case of root', inputs: { 'output-dir': '{UPPER}' }, signed: BOTH },
  {
    title: 'output-dir: DIST with root dist',
    inputs: { root: 'dist', 'output-dir': 'DIST', files: '**' },
    signed: ['App.exe', 'lib/core.dll'],
    written: ['Work Space/repo/dist/App.exe.sign', 'Work Space/repo/dist/lib/core.dll.sign'],
  },
  { title: 'output-dir: SHORT', inputs: { 'output-dir': '{SHORT}\\out' }, signed: BOTH, only: 'windows' },
  {
    title: 'output-dir: Q:\\out',
    inputs: { 'output-dir': 'Q:\\out' },
    says: /INPUT_INVALID.*output-dir/,
    only: 'windows',
  },
  {
    title: 'output-dir: UNC',
    inputs: { 'output-dir': '\\\\server\\share\\out' },
    says: /INPUT_INVALID.*output-dir/,
    only: 'windows',
  },
  { title: 'output-dir: \\\\?\\', inputs: { 'output-dir': '\\\\?\\{W}\\out' }, signed: BOTH, only: 'windows' },
  {
    title: 'output-dir: nul',
    inputs: { 'output-dir': 'nul' },
    says: /(INPUT_INVALID|OUTPUT_UNWRITABLE).*nul/,
    only: 'windows',
  },
  {
    title: 'output-dir: out:stream',
    inputs: { 'output-dir': 'out:stream' },
    says: /INPUT_INVALID.*output-dir|OUTPUT_UNWRITABLE/,
    only: 'windows',
  },
  {
    title: 'output-dir: out.',
    inputs: { 'output-dir': 'out.' },
    says: /INPUT_INVALID.*output-dir|OUTPUT_UNWRITABLE/,
    only: 'windows',
  },
  {
    title: 'output-dir: a<b',
    inputs: { 'output-dir': 'a<b' },
    says: /INPUT_INVALID.*output-dir|OUTPUT_UNWRITABLE/,
    only: 'windows',
  },
  {
    title: 'output-dir: ..\\out',
    inputs: { 'output-dir': '..\\out' },
    says: /INPUT_INVALID.*output-dir/,
    only: 'windows',
  },
  {
    title: 'output-dir: RUNNER_TEMP',
    inputs: { 'output-dir': '{T}\\out' },
    signed: BOTH,
    written: ['RunnerTemporary/out/dist/App.exe.sign', 'RunnerTemporary/out/dist/lib/core.dll.sign'],
    only: 'windows',
  },
  {
    title: 'output-dir leads over a file',
    inputs: { 'output-dir': 'DIST\\app.EXE\\x' },
    says: /INPUT_INVALID.*output-dir leads through a file/,
    only: 'windows',
  },
  {
    title: 'output-dir leads over a file (mac)',
    inputs: { 'output-dir': 'DIST/app.EXE/x' },
    says: /INPUT_INVALID.*output-dir leads through a file/,
  },
  {
    title: 'output-dir in .GIT',
    inputs: { 'output-dir': '.GIT/x' },
    files: ['dist/a', '.git/config'],
    says: /INPUT_INVALID.*\.git/,
  },
  {
    title: 'output-dir contains root',
    inputs: { root: 'dist', 'output-dir': '{UPPER}', files: '**' },
    says: /INPUT_INVALID.*contain root/,
  },
  // Files about the whole release.
  { title: 'checksums: SHA256SUMS', inputs: { checksums: 'SHA256SUMS' }, signed: BOTH },
  { title: 'checksums: dist\\SUMS', inputs: { checksums: 'dist\\SUMS' }, signed: BOTH, only: 'windows' },
  { title: 'checksums: W\\SUMS', inputs: { checksums: '{W}\\SUMS' }, signed: BOTH, only: 'windows' },
  { title: 'checksums: w/SUMS', inputs: { checksums: '{w}/SUMS' }, signed: BOTH },
  { title: 'checksums: UPPER/SUMS', inputs: { checksums: '{UPPER}/SUMS' }, signed: BOTH },
  {
    title: 'checksums: Q:\\SUMS',
    inputs: { checksums: 'Q:\\SUMS' },
    says: /INPUT_INVALID.*checksums/,
    only: 'windows',
  },
  {
    title: 'checksums: nul',
    inputs: { checksums: 'nul' },
    says: /INPUT_INVALID.*checksums|OUTPUT_UNWRITABLE.*nul/,
    only: 'windows',
  },
  {
    title: 'checksums: con.txt',
    inputs: { checksums: 'con.txt' },
    says: /INPUT_INVALID.*checksums|OUTPUT_UNWRITABLE.*con/,
    only: 'windows',
  },
  {
    title: 'checksums: a:b',
    inputs: { checksums: 'a:b' },
    says: /INPUT_INVALID.*checksums|OUTPUT_UNWRITABLE.*a:b/,
    only: 'windows',
  },
  {
    title: 'checksums: SUMS.',
    inputs: { checksums: 'SUMS.' },
    says: /INPUT_INVALID.*checksums|OUTPUT_UNWRITABLE.*SUMS\./,
    only: 'windows',
  },
  { title: 'checksums: dist\\', inputs: { checksums: 'dist\\' }, says: /INPUT_INVALID.*checksums/, only: 'windows' },
  {
    title: 'checksums over a file of the release in another case',
    inputs: { checksums: 'DIST/APP.EXE' },
    says: /OUTPUT_OCCUPIED.*DIST\/APP\.EXE/,
  },
  {
    title: 'checksums and manifest differ in case',
    inputs: { checksums: 'Sums.json', manifest: 'SUMS.json' },
    says: /INPUT_INVALID.*another path/,
  },
  {
    title: 'checksums is the signature of a file',
    inputs: { checksums: 'dist/app.exe.SIGN' },
    says: /OUTPUT_COLLISION|INPUT_INVALID/,
  },
  {
    title: 'checksums below a file',
    inputs: { files: '**', checksums: 'out/SUMS' },
    files: ['Out', 'a'],
    says: /OUTPUT_UNWRITABLE.*out\/SUMS|INPUT_INVALID/,
  },
  {
    title: 'Out and out/SUMS',
    inputs: { files: '**', 'output-dir': 'Out', checksums: 'out/SUMS' },
    files: ['a', 'out/old'],
    signed: ['a'],
    refused: /FILE_NOT_COVERED: out\/old/,
  },
  {
    title: 'checksums in a directory of another case',
    inputs: { files: '**', checksums: 'out/SUMS' },
    files: ['Out/a'],
    signed: ['Out/a'],
  },
  {
    title: 'old checksums in another case',
    inputs: { files: '**', checksums: 'sums' },
    files: ['a', 'SUMS'],
    says: /OUTPUT_OCCUPIED.*sums/,
  },
  { title: 'manifest: m\\m.json', inputs: { manifest: 'm\\m.json' }, signed: BOTH, only: 'windows' },
  {
    title: 'manifest over a file in another case',
    inputs: { manifest: 'DIST/App.EXE' },
    says: /OUTPUT_OCCUPIED|INPUT_INVALID/,
  },
  // Composition: the names are as macOS' older file system keeps them, and as archives bring them from there.
  {
    title: 'a composed pattern and a decomposed name',
    inputs: { files: 'dist/Gr\u00f6\u00dfe.bin' },
    files: ['dist/Gro\u0308\u00dfe.bin'],
    says: /NO_FILES_FOUND.*differs only in Unicode composition/,
    only: 'macos',
  },
  {
    title: 'a decomposed pattern and a composed name',
    inputs: { files: 'dist/Gro\u0308\u00dfe*' },
    files: ['dist/Gr\u00f6\u00dfe.bin'],
    says: /NO_FILES_FOUND.*differs only in Unicode composition/,
    only: 'macos',
  },
  {
    title: 'a composed directory and a decomposed name',
    inputs: { files: '\u00e9/**' },
    files: ['e\u0301/a'],
    says: /NO_FILES_FOUND.*differs only in Unicode composition/,
    only: 'macos',
  },
  {
    title: 'a decomposed name that a wildcard means',
    files: ['dist/Gro\u0308\u00dfe.bin'],
    signed: ['dist/Gro\u0308\u00dfe.bin'],
    only: 'macos',
  },
  {
    title: 'root in another composition',
    inputs: { root: '\u00e9', files: '**' },
    files: ['e\u0301/a'],
    signed: ['a'],
    only: 'macos',
  },
  {
    title: 'output-dir in another composition is not signed',
    inputs: { 'output-dir': '\u00e9', files: '**' },
    files: ['a', 'e\u0301/leftover'],
    signed: ['a'],
    refused: /FILE_NOT_COVERED: e\u0301\/leftover/,
    only: 'macos',
  },
  {
    title: 'checksums over a file of the release in another composition',
    inputs: { checksums: 'dist/\u00e9' },
    files: ['dist/a', 'dist/e\u0301'],
    says: /OUTPUT_OCCUPIED/,
    only: 'macos',
  },
  {
    title: 'a signature that another name takes in another composition',
    inputs: { suffix: '.s' },
    files: ['dist/\u00e9', 'dist/e\u0301.S'],
    says: /OUTPUT_COLLISION/,
    only: 'macos',
  },
  {
    title: 'a name of 200 Chinese characters, which has 600 bytes',
    files: [`dist/${'\u754c'.repeat(200)}`],
    says: /FILE_NAME_TOO_LONG/,
    only: 'macos',
  },
  {
    title: 'a file that the system lists as a link',
    files: ['dist/cloud-a.bin'],
    signed: ['dist/cloud-a.bin'],
    only: 'macos',
  },
];

/** The rows of a system. */
export function rowsOf(world: World): readonly Row[] {
  return ROWS.filter(({ only }) => only === undefined || only === world);
}
