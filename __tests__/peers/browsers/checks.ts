import { createSign } from 'node:crypto';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { curves, pairs, signers } from '../../verifying/signers.ts';
import { memoryOf } from './memory.ts';
import { type HowSigned, makeRelease, sha256, signText, type TestRelease, write } from './release.ts';
import { type Row, results, type Tab, until } from './tab.ts';

const P256: HowSigned = { signer: signers['ec-p256'], algorithm: 'ecdsa-sha256', encoding: 'base64' };
const ED25519: HowSigned = { signer: signers.ed25519, algorithm: 'ed25519', encoding: 'hex' };

/** Everything that a reader may rely on, in one browser. */
export function describeBrowser(name: string, launch: () => Promise<Tab>): void {
  describe(name, () => {
    let tab: Tab;
    let listener: Listener;
    beforeAll(async () => {
      listener = await listen();
      tab = await launch();
    });
    afterAll(async () => {
      await tab.close();
      listener.server.close();
    });
    const open = async (release: TestRelease): Promise<void> => {
      await tab.open(release.page);
      await until(tab, `document.body.dataset.state === 'ready'`);
    };
    const give = (release: TestRelease, ...paths: string[]): Promise<void> =>
      tab.choose(
        '#files',
        paths.map((path) => join(release.root, path)),
      );
    /** Opens the page, gives every file of the release, and returns what is said. */
    const check = async (release: TestRelease, timeoutMs?: number): ReturnType<typeof results> => {
      await open(release);
      await give(release, ...readdirSync(release.root));
      return results(tab, timeoutMs);
    };
    const parts = { tab: () => tab, listener: () => listener, open, give, check };
    describeAlgorithms(parts);
    describeVerdicts(parts);
    describeSafety(parts);
    describeSize(parts);
  });
}

interface Parts {
  readonly tab: () => Tab;
  readonly listener: () => Listener;
  readonly open: (release: TestRelease) => Promise<void>;
  readonly give: (release: TestRelease, ...paths: string[]) => Promise<void>;
  readonly check: (release: TestRelease, timeoutMs?: number) => ReturnType<typeof results>;
}

function kindsOf(rows: readonly Row[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ name, kind }) => [name, kind]));
}

/** How the page shows a character that cannot be seen. */
function codeOf(character: string): string {
  return `\u27E8U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}\u27E9`;
}

/** The bytes with one bit changed. */
function flipped(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
  return copy;
}

function describeAlgorithms({ check }: Parts): void {
  test.each(pairs)(
    '%s, %s: genuine in both encodings and layouts; one bit or another file’s signature is not',
    async (signer, algorithm) => {
      const how: HowSigned = { signer: signers[signer], algorithm, encoding: 'base64' };
      const release = makeRelease(
        { plain: 'plain', hex: 'hexadecimal', p1363: 'two numbers', swapped: 'swapped', bit: 'one bit' },
        how,
      );
      write(
        join(release.root, 'hex.sign'),
        signText(Buffer.from('hexadecimal'), { ...how, encoding: 'hex' }).toUpperCase(),
      );
      write(
        join(release.root, 'p1363.sign'),
        signText(Buffer.from('two numbers'), { ...how, dsaEncoding: 'ieee-p1363' }),
      );
      write(join(release.root, 'swapped.sign'), readFileSync(join(release.root, 'plain.sign')));
      const signature = Buffer.from(readFileSync(join(release.root, 'bit.sign'), 'utf8'), 'base64');
      write(join(release.root, 'bit.sign'), flipped(signature).toString('base64'));
      const { rows } = await check(release);
      expect(kindsOf(rows)).toEqual({
        plain: 'genuine',
        hex: 'genuine',
        p1363: 'genuine',
        swapped: 'signature-invalid',
        bit: 'signature-invalid',
      });
    },
  );

  test.each(curves)('%s: a signature counts whether its second number is high or low', async (curve) => {
    const how: HowSigned = {
      signer: signers[curve],
      algorithm: 'ecdsa-sha256',
      encoding: 'hex',
      dsaEncoding: 'ieee-p1363',
    };
    const files = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`file-${at}`, `content ${at}`]));
    const { headline } = await check(makeRelease(files, how));
    // Half of all signatures have a high one: twelve with none would be one in 4,096.
    expect(headline).toMatch(/^All 12 files are genuine: signed with key /);
  });
}

function describeVerdicts({ tab, open, give, check }: Parts): void {
  test.each([P256, ED25519])(
    '$algorithm: tells genuine, changed, unsigned, wrongly signed and foreign files apart',
    async (how) => {
      const release = makeRelease(
        {
          genuine: 'genuine',
          empty: '',
          windows: 'windows',
          changed: 'changed',
          missing: 'missing',
          invalid: 'invalid',
          a: 'A',
          b: 'B',
          absent: 'absent',
        },
        how,
      );
      write(join(release.root, 'changed'), flipped(Buffer.from('changed')));
      rmSync(join(release.root, 'missing.sign'));
      write(join(release.root, 'invalid.sign'), 'no signature');
      // What `>` of Windows PowerShell makes of a signature.
      const text = `\uFEFF${signText(Buffer.from('windows'), how)}\r\n`;
      write(join(release.root, 'windows.sign'), Buffer.from(text, 'utf16le'));
      for (const [from, to] of [
        ['A', 'b'],
        ['B', 'a'],
      ] as const) {
        write(join(release.root, to), from);
        write(join(release.root, `${to}.sign`), signText(Buffer.from(from), how));
      }
      write(join(release.root, 'foreign'), 'foreign');
      write(join(release.root, 'other-name'), 'genuine');
      write(join(release.root, 'other-name.sign'), signText(Buffer.from('genuine'), how));
      write(join(release.root, 'SHA256SUMS'), 'sums');
      write(join(release.root, 'SHA256SUMS.sign'), signText(Buffer.from('sums'), how));
      rmSync(join(release.root, 'absent'));
      rmSync(join(release.root, 'absent.sign'));
      const { rows, headline, tone } = await check(release);
      expect(kindsOf(rows)).toEqual({
        genuine: 'genuine',
        empty: 'genuine',
        windows: 'genuine',
        changed: 'changed',
        missing: 'signature-missing',
        invalid: 'signature-invalid',
        a: 'changed',
        b: 'changed',
        foreign: 'not-listed',
        'other-name': 'renamed',
        SHA256SUMS: 'companion',
      });
      expect([headline, tone]).toEqual(['Stop: 5 of 11 files are not what this release lists and signs', 'bad']);
      const shown = String(await tab().evaluate('document.querySelector("#verdict").innerText'));
      expect(shown).toContain('1 of the 9 files in the list was not given, so nothing is said about it.');
      expect(shown).not.toMatch(/\bsafe\b/i);
      // Whoever cannot see the page hears the same.
      await until(tab(), `document.querySelector('#spoken').textContent.startsWith(${JSON.stringify(headline)})`);
    },
  );

  test('two spellings of a name are two files, and so are two files of one name', async () => {
    const [composed, decomposed] = ['caf\u00E9.txt', 'cafe\u0301.txt'];
    const release = makeRelease({ [composed]: 'genuine', 'app.zip': 'genuine' }, P256);
    write(join(release.root, decomposed), 'another');
    write(join(release.root, 'elsewhere', 'app.zip'), 'another');
    await open(release);
    const names = [composed, `${composed}.sign`, decomposed, 'app.zip', 'app.zip.sign', 'elsewhere/app.zip'];
    await give(release, ...names);
    const { rows } = await results(tab());
    expect(rows.map(({ name, kind }) => `${name} ${kind}`).sort()).toEqual([
      'app.zip changed',
      'app.zip genuine',
      `${decomposed} changed`,
      `${composed} genuine`,
    ]);
  });

  test('a list with both spellings of a name knows the bytes of each', async () => {
    const [composed, decomposed] = ['caf\u00E9.txt', 'cafe\u0301.txt'];
    const release = makeRelease({ [composed]: 'first', [decomposed]: 'second' }, P256);
    expect((await check(release)).headline).toMatch(/^All 2 files are genuine: /);
    for (const [name, content] of [
      [composed, 'second'],
      [decomposed, 'first'],
    ] as const) {
      write(join(release.root, name), content);
      write(join(release.root, `${name}.sign`), signText(Buffer.from(content), P256));
    }
    expect(kindsOf((await check(release)).rows)).toEqual({ [composed]: 'changed', [decomposed]: 'changed' });
  });

  test('a file that gives way to a later one of its name is not forgotten, and one that is given twice counts once', async () => {
    const release = makeRelease({ 'app.zip': 'genuine' }, P256);
    write(join(release.root, 'elsewhere', 'app.zip'), 'something else');
    const replaced = `document.querySelector('#summary').textContent.includes('1 earlier file was replaced')`;
    await open(release);
    await give(release, 'app.zip', 'app.zip.sign');
    await results(tab());
    await give(release, 'app.zip', 'app.zip.sign');
    await until(tab(), `document.querySelectorAll('.row').length === 1 && document.body.dataset.tone === 'good'`);
    expect(await tab().evaluate(replaced)).toBe(false);
    await give(release, 'elsewhere/app.zip');
    await until(tab(), `document.body.dataset.tone === 'bad' && ${replaced}`);
  });

  test('what comes with a release is not called genuine, because the list does not know its bytes', async () => {
    const release = makeRelease({ 'app.zip': 'app' }, P256);
    write(join(release.root, 'SHA256SUMS'), 'of another release');
    write(join(release.root, 'SHA256SUMS.sign'), signText(Buffer.from('of another release'), P256));
    expect((await check(release)).headline).toMatch(
      /^All 2 files are signed with key [0-9a-f ]{19}: 1 is genuine, 1 comes beside the list$/,
    );
  });

  test('a whole release has nothing to stop at: list, receipt and kit with their signatures, and the key as the guide saves it', async () => {
    const companions = ['signing-manifest.json', 'VERIFY.md', 'verify.html'];
    const listed = { 'app.bin': 'app', 'core.so': 'core', SHA256SUMS: 'sums', 'SHA256SUMS.tsr': 'stamp' };
    const release = makeRelease(listed, P256, { companions });
    for (const name of companions) {
      write(join(release.root, name), `content of ${name}`);
      write(join(release.root, `${name}.sign`), signText(Buffer.from(`content of ${name}`), P256));
    }
    const pem = P256.signer.key.keyObject.export({ format: 'pem', type: 'spki' }).toString();
    write(join(release.root, 'public-key.pem'), pem);
    const { rows, headline, tone } = await check(release);
    expect(kindsOf(rows)).toEqual({
      ...Object.fromEntries(Object.keys(listed).map((name) => [name, 'genuine'])),
      ...Object.fromEntries(companions.map((name) => [name, 'companion'])),
      'public-key.pem': 'key',
    });
    expect(headline).toMatch(/^All 7 files are signed with key [0-9a-f ]{19}: 4 are genuine, 3 come beside the list$/);
    expect(tone).toBe('good');
    // The key alone is no file that was checked, and another key is no key of this release.
    await open(release);
    write(
      join(release.root, 'other-key.pem'),
      signers['ec-p384'].key.keyObject.export({ format: 'pem', type: 'spki' }),
    );
    write(join(release.root, 'windows-key.pem'), pem.replaceAll('\n', '\r\n'));
    await give(release, 'public-key.pem', 'windows-key.pem');
    await until(tab(), `document.querySelectorAll('.row[data-kind=key]').length === 2`);
    expect(await tab().evaluate(`document.querySelector('#headline').textContent`)).toBe('Nothing checked yet');
    await give(release, 'other-key.pem');
    expect((await results(tab())).headline).toBe('Stop: 1 of 1 file is not what this release lists and signs');
    await tab().type('#expected', sha256(Buffer.from('another key')));
    await until(tab(), `document.querySelectorAll('.row[data-kind=other-key]').length === 2`);
  });

  test.each([P256, ED25519])(
    '$algorithm: signatures of one name from different folders are tried one after the other',
    async (how) => {
      const release = makeRelease({ 'a/same.txt': 'first', 'b/same.txt': 'second' }, how);
      await open(release);
      await give(release, ...['a', 'b'].flatMap((folder) => [`${folder}/same.txt`, `${folder}/same.txt.sign`]));
      const { rows } = await results(tab());
      expect(rows.map(({ name, kind }) => [name, kind])).toEqual(Array(2).fill(['same.txt', 'genuine']));
      // A file whose signature is not among them has none.
      write(join(release.root, 'a', 'same.txt.sign'), signText(Buffer.from('third'), how));
      await open(release);
      await give(release, ...['a', 'b'].flatMap((folder) => [`${folder}/same.txt`, `${folder}/same.txt.sign`]));
      expect((await results(tab())).rows.map(({ kind }) => kind).sort()).toEqual(['genuine', 'signature-invalid']);
    },
  );

  test.each([P256, ED25519])('$algorithm: a signature that is given after its file is checked then', async (how) => {
    const release = makeRelease({ file: 'file' }, how);
    await open(release);
    await give(release, 'file');
    expect(kindsOf((await results(tab())).rows)).toEqual({ file: 'signature-missing' });
    await give(release, 'file.sign');
    await until(tab(), `document.querySelector('.row')?.dataset.kind === 'genuine'`);
    const wrong = makeRelease({ file: 'file' }, { ...how, signer: { ...how.signer } });
    write(join(wrong.root, 'file.sign'), signText(Buffer.from('another'), how));
    await give(wrong, 'file.sign');
    await until(tab(), `document.querySelector('.row')?.dataset.kind === 'signature-invalid'`);
  });

  test('the page of an earlier release knows the key of a later one, and says that its files are not in the list', async () => {
    const earlier = makeRelease({ 'app.zip': 'version 1', 'old.txt': 'old' }, P256);
    const later = makeRelease({ 'app.zip': 'version 2', 'new.txt': 'new' }, P256);
    await open(earlier);
    await give(later, ...readdirSync(later.root));
    const { rows, headline } = await results(tab());
    expect(kindsOf(rows)).toEqual({ 'app.zip': 'signed-elsewhere', 'new.txt': 'signed-elsewhere' });
    expect(headline).toBe('2 of 2 files need your attention');
    const title = String(await tab().evaluate('document.querySelector(".row .title").textContent'));
    expect(title).toBe('Signed with this key, not in this list');
  });

  test('a fingerprint from elsewhere is compared with all its digits, and another key spoils every verdict', async () => {
    const release = makeRelease({ file: 'file' }, P256);
    expect((await check(release)).headline).toMatch(
      /^The file is genuine: signed with key [0-9a-f]{4}( [0-9a-f]{4}){3}$/,
    );
    const colons = release.fingerprint.toUpperCase().replace(/..(?=.)/g, '$&:');
    await tab().type('#expected', colons.slice(0, -1));
    await until(tab(), `/^63 digits/.test(document.querySelector('#expected-answer').textContent)`);
    await tab().type('#expected', colons.slice(-1));
    await until(tab(), `document.body.dataset.key === 'same'`);
    await open(release);
    await give(release, 'file', 'file.sign');
    await tab().type('#expected', sha256(Buffer.from('another key')));
    await until(tab(), `document.querySelector('.row')?.dataset.kind === 'other-key'`);
    expect(await tab().evaluate('document.querySelector("#headline").textContent')).toBe(
      'Stop: this page holds another key than you expect',
    );
  });
}

function describeSafety({ tab, listener, open, give, check }: Parts): void {
  test('hostile names are text, and nothing leaves the page', async () => {
    const { origin, requests } = listener();
    const hostile = [
      `<img src=x onerror=document.title='run'>`,
      `<img src='${origin.replaceAll('/', '\u2215')}'>`,
      '"><script>document.title="run"<\u2215script>',
      'quote\'quote"quote',
      'cod\u202Egpj.exe',
      'zero\u200Bwidth',
      '&lt;b&gt;',
      '{{data}}',
      'a%2e.b',
      ' blanks ',
      'two  blanks',
      'narrow\u202Fblank',
      '__proto__',
      'constructor',
    ];
    const html = `</script><img src="${origin}/data" onerror="document.title='run'"><script>document.title='run'</script>`;
    const release = makeRelease(Object.fromEntries(hostile.map((name) => [name, name])), P256, {
      project: html,
      ref: html,
      commit: html,
      keyName: html,
      companions: [html],
    });
    const { rows, headline } = await check(release);
    expect(headline).toMatch(/^All 14 files are genuine/);
    expect(rows.map(({ name }) => name).sort()).toEqual(
      hostile
        .map((name) =>
          name
            .replace(/[\u202E\u200B\u202F]/g, codeOf)
            .replace(/^ | $| {2}/g, (blanks) => blanks.replace(/ /g, codeOf)),
        )
        .sort(),
    );
    await tab().evaluate(`document.querySelector('#list-box').open = true`);
    await until(tab(), `document.querySelectorAll('#list li').length === 14`);
    expect(await tab().evaluate(`[document.images.length, document.title.startsWith('Check </script>')]`)).toEqual([
      0,
      true,
    ]);
    // Whatever got into the page could do no more than this.
    await tab().evaluate(`(() => {
      const image = document.createElement('img'); image.src = '${origin}/image'; document.body.append(image);
      const script = document.createElement('script'); script.textContent = 'document.title = "run"'; document.body.append(script);
      const frame = document.createElement('iframe'); frame.src = '${origin}/frame'; document.body.append(frame);
      const link = document.createElement('link'); link.rel = 'stylesheet'; link.href = '${origin}/style'; document.head.append(link);
      fetch('${origin}/fetch').catch(() => {}); navigator.sendBeacon?.('${origin}/beacon');
      try { new WebSocket('${origin.replace('http', 'ws')}/socket'); } catch {}
      return true;
    })()`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(String(await tab().evaluate('document.title'))).toMatch(/^Check /);
    expect(requests).toEqual([]);
  });

  test('a page whose program was altered checks nothing and says so', async () => {
    const release = makeRelease({ file: 'file' }, P256);
    writeFileSync(
      release.page,
      readFileSync(release.page, 'utf8').replace('</script>\n</body>', ';</script>\n</body>'),
    );
    await tab().open(release.page);
    expect(
      await tab().evaluate(`[document.querySelector('#headline').textContent, document.body.dataset.state ?? null]`),
    ).toEqual(['Nothing checked yet', null]);
  });

  test('where WebAssembly is refused, and with lines that end in CRLF, the verdicts are the same', async () => {
    for (const how of [P256, ED25519, { ...P256, algorithm: 'ecdsa-sha384' } as const]) {
      const release = makeRelease({ genuine: 'genuine', changed: 'changed' }, how);
      write(join(release.root, 'changed'), 'changes');
      const html = readFileSync(release.page, 'utf8').replace(" 'wasm-unsafe-eval'", '').replaceAll('\n', '\r\n');
      writeFileSync(release.page, html);
      expect(kindsOf((await check(release)).rows)).toEqual({ genuine: 'genuine', changed: 'changed' });
    }
  });

  test('a file that cannot be read has only the verdict that it could not be read', async () => {
    const release = makeRelease({ file: 'file' }, P256);
    await open(release);
    await give(release, 'file', 'file.sign');
    await results(tab());
    // The file changes between being chosen and being read.
    await tab().evaluate(`(Blob.prototype.arrayBuffer = async () => new ArrayBuffer(1), true)`);
    await give(release, 'file');
    await until(tab(), `document.querySelector('.row')?.dataset.kind === 'unreadable'`);
  });

  test('files that are gone when their turn comes could not be read, an empty one too', async () => {
    const release = makeRelease({ file: 'file', empty: '' }, P256);
    await open(release);
    await tab().evaluate(`(document.querySelector('#files').addEventListener('change', (event) => {
      if (window.chosen) return;
      window.chosen = [...event.target.files].map(({ size }) => size);
      event.stopImmediatePropagation();
    }, true), true)`);
    await give(release, ...readdirSync(release.root));
    await until(tab(), 'window.chosen');
    for (const name of ['file', 'empty']) rmSync(join(release.root, name));
    await tab().evaluate(`document.querySelector('#files').dispatchEvent(new Event('change'))`);
    expect(kindsOf((await results(tab())).rows)).toEqual({ file: 'unreadable', empty: 'unreadable' });
  });
}

const GIB = 1024 ** 3;

function describeSize({ tab, open, give, check }: Parts): void {
  test('1,000 files at once, each with its own verdict', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 1000 }, (_, at) => [`file-${at}.txt`, `content of file ${at}`]),
    );
    const release = makeRelease(files, P256);
    write(join(release.root, 'file-500.txt'), 'changed');
    const { rows, headline } = await check(release, 60_000);
    expect(headline).toBe('Stop: 1 of 1,000 files is not what this release lists and signs');
    expect(rows.filter(({ kind }) => kind !== 'genuine').map(({ name }) => name)).toEqual(['file-500.txt']);
    expect(rows.length).toBe(1000);
  });

  test('many files are taken in slices, however long the browser takes to look up their sizes', async () => {
    const files = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`file-${at}.txt`, `content ${at}`]));
    const release = makeRelease(files, P256);
    await open(release);
    // Chromium asks the system for each size: here every answer takes a millisecond, and a tick is a turn of the page.
    await tab().evaluate(`(() => {
      const { get } = Object.getOwnPropertyDescriptor(Blob.prototype, 'size');
      window.asked = { inRow: 0, most: 0, all: 0 };
      Object.defineProperty(Blob.prototype, 'size', { get() {
        const start = performance.now();
        while (performance.now() - start < 1);
        window.asked.all++;
        window.asked.most = Math.max(window.asked.most, ++window.asked.inRow);
        return get.call(this);
      } });
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => { window.asked.inRow = 0; port2.postMessage(0); };
      port2.postMessage(0);
      return true;
    })()`);
    await give(release, ...readdirSync(release.root));
    expect((await results(tab(), 60_000)).headline).toMatch(/^All 200 files are genuine/);
    const { most, all } = (await tab().evaluate('window.asked')) as { most: number; all: number };
    expect(all).toBeGreaterThanOrEqual(200);
    expect(most).toBeLessThan(60);
  });

  test('a file of 3 GiB: progress is seen, and the memory stays flat', async () => {
    const release = makeRelease({ 'small.txt': 'small' }, P256);
    const big = join(release.root, 'big.iso');
    writeBig(big, 3 * GIB);
    await open(release);
    const before = memoryOf(tab().processId);
    await give(release, 'big.iso', 'big.iso.sign');
    const [seen, memory] = [new Set<number>(), [before]];
    await until(tab(), `document.querySelector('#progress').value > 0`);
    for (let look = 0; (await tab().evaluate('document.body.dataset.tone')) === 'busy'; look++) {
      seen.add(Math.floor(Number(await tab().evaluate('document.querySelector("#progress").value')) * 10));
      // A look at the memory takes the system longer than one at the page.
      if (look % 4 === 0) memory.push(memoryOf(tab().processId));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    const { rows } = await results(tab(), 90_000);
    rmSync(big);
    expect(rows.map(({ kind }) => kind)).toEqual(['signed-elsewhere']);
    expect(seen.size).toBeGreaterThan(5);
    expect(Math.max(...memory) - before).toBeLessThan(GIB / 2);
  }, 300_000);
}

/** A sparse file with a signature that is valid for it, though the page does not list it. The hole is signed from memory: reading one takes longer. */
function writeBig(path: string, size: number): void {
  const [begin, end] = [Buffer.from('begin'), Buffer.from('end')];
  writeFileSync(path, begin);
  truncateSync(path, size);
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, end, 0, end.length, size - end.length);
  closeSync(descriptor);
  const signing = createSign('sha256').update(begin);
  const zeros = Buffer.alloc(1 << 20);
  for (let left = size - begin.length - end.length; left > 0; left -= zeros.length) {
    signing.update(zeros.subarray(0, left));
  }
  writeFileSync(`${path}.sign`, signing.update(end).sign(P256.signer.privateKey, 'base64'));
}

/** A server of this machine that notes who asks it for anything. */
interface Listener {
  readonly server: Server;
  readonly origin: string;
  readonly requests: string[];
}

function listen(): Promise<Listener> {
  const requests: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    requests.push(url);
    response.end();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      resolve({ server, origin: `http://127.0.0.1:${port}`, requests });
    });
  });
}
