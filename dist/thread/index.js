import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
var __webpack_exports__ = {};

;// CONCATENATED MODULE: external "node:worker_threads"
const external_node_worker_threads_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:worker_threads");
;// CONCATENATED MODULE: external "node:crypto"
const external_node_crypto_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:crypto");
;// CONCATENATED MODULE: ./build/src/files/hashing/quoted-base64.js
/** Most bytes that are encoded at once; a multiple of three. With more the result no longer stays in the nearest caches. */
const STEP_BYTES = 24 * 1024;
/** `quoted-base64.wat`, assembled, as base64. The same table in JavaScript takes more than twice the time. */
const MODULE = 'AGFzbQEAAAABCAFgA39/fwF/AwIBAAUDAQADBxMCBm1lbW9yeQIABmVuY29kZQAACnsBeQIBfwF+AkADQCAAIAFPDQEgACgAACEDIABBA2ohACADQf8B' +
    'cUEHdCADQQl2QfgAcXIpAwAhBCACIAQ3AAAgAiAEQjiIp2ohAiADQYAecUEDdCADQQ12QfgPcXIpAwAhBCACIAQ3AAAgAiAEQjiIp2ohAgwACwsgAgs=';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Behind the table; one byte more than the input is read. */
const INPUT_AT = 4096 * 8;
const OUTPUT_AT = INPUT_AT + STEP_BYTES + 8;
const { memory, encode } = instantiate();
/**
 * Encodes whole triples of bytes, `STEP_BYTES` at most, as base64 with `+` and `/` percent-encoded.
 *
 * The result is a view that the next call overwrites.
 */
function quotedBase64(triples) {
    memory.set(triples, INPUT_AT);
    return memory.subarray(OUTPUT_AT, encode(INPUT_AT, INPUT_AT + triples.length, OUTPUT_AT));
}
function instantiate() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MODULE, 'base64')));
    const memory = new Uint8Array(exports.memory.buffer);
    fillTable(memory);
    return { memory, encode: exports.encode };
}
/** 12 bits of a file are two base64 characters, which quoting turns into 2 to 6 bytes: `AB`, `A%2B`, `%2B%2F`. */
function fillTable(memory) {
    const quoted = Array.from(ALPHABET, (character) => Buffer.from(encodeURIComponent(character), 'latin1'));
    let at = 0;
    for (const first of quoted) {
        for (const second of quoted) {
            memory.set(first, at);
            memory.set(second, at + first.length);
            memory[at + 7] = first.length + second.length;
            at += 8;
        }
    }
}

;// CONCATENATED MODULE: ./build/src/files/hashing/file-hash.js


/** Starts a hash of a file, or of a text that holds the file. */
function startHash({ algorithm, around }) {
    return around ? new HashOfText((0,external_node_crypto_namespaceObject.createHash)(algorithm), around) : (0,external_node_crypto_namespaceObject.createHash)(algorithm);
}
/** Reads a file once and gives each chunk to every sink; rejects with the signal's reason when that aborts. */
async function readInto(chunks, sinks, signal) {
    for await (const chunk of chunks) {
        signal?.throwIfAborted();
        for (const sink of sinks)
            sink.update(chunk);
    }
}
/**
 * Percent-encodes text as RFC 3986 asks: UTF-8, leaving only `A-Z a-z 0-9 - _ . ~`.
 *
 * `encodeURIComponent` also leaves `!*'()`, so those follow.
 */
function quote(text) {
    return encodeURIComponent(text).replace(/[!*'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
/**
 * Hashes the percent-encoding of a text in which a file stands as base64, without ever building that text.
 *
 * The text before the file, the encoded file and the text after it go into the hash one after the other.
 */
class HashOfText {
    #hash;
    #after;
    #carry = Buffer.allocUnsafe(3);
    #carried = 0;
    constructor(hash, { before, after }) {
        this.#hash = hash;
        this.#after = after;
        this.#hash.update(quote(before));
    }
    update(chunk) {
        const start = this.#fillCarry(chunk);
        const whole = start + Math.floor((chunk.length - start) / 3) * 3;
        for (let from = start; from < whole; from += STEP_BYTES) {
            this.#hash.update(quotedBase64(chunk.subarray(from, Math.min(from + STEP_BYTES, whole))));
        }
        for (let i = Math.max(start, whole); i < chunk.length; i++)
            this.#carry[this.#carried++] = chunk[i] ?? 0;
    }
    digest() {
        const rest = this.#carry.toString('base64', 0, this.#carried);
        return this.#hash.update(quote(rest + this.#after)).digest();
    }
    /** Completes the three bytes left over from the last chunk; returns how many bytes of this chunk that took. */
    #fillCarry(chunk) {
        if (this.#carried === 0)
            return 0;
        let taken = 0;
        while (this.#carried < 3 && taken < chunk.length)
            this.#carry[this.#carried++] = chunk[taken++] ?? 0;
        if (this.#carried === 3) {
            this.#hash.update(quotedBase64(this.#carry));
            this.#carried = 0;
        }
        return taken;
    }
}

;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;// CONCATENATED MODULE: external "node:util"
const external_node_util_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:util");
;// CONCATENATED MODULE: ./build/src/errors.js
/**
 * The one error type of this action: a stable code, a sentence about what happened, and a hint about what to do.
 *
 * A message never holds secret material or an answer's raw body; names in it are made safe where they are printed.
 */
class errors_ActionError extends Error {
    code;
    hint;
    constructor(code, message, facts = {}) {
        super(message, { cause: facts.cause });
        this.name = 'ActionError';
        this.code = code;
        this.hint = facts.hint;
    }
}
/** Returns the `code` that Node and undici put on their errors, or `undefined` for anything else. */
function errors_codeOf(error) {
    if (typeof error !== 'object' || error === null || !('code' in error))
        return undefined;
    return typeof error.code === 'string' ? error.code : undefined;
}
/** Wraps an error that nobody foresaw. */
function unexpected(error) {
    if (error instanceof errors_ActionError)
        return error;
    const text = error instanceof Error ? error.message : 'unknown error';
    return new errors_ActionError('INTERNAL', `Unexpected error: ${text}.`, {
        hint: 'This is a defect of the action; please report it with the log of a run with debug logging.',
        cause: error,
    });
}
/** Turns whatever was thrown into an {@link ActionError}; one that already is one passes through. */
function toActionError(error, code, sentence) {
    if (error instanceof errors_ActionError)
        return error;
    return new errors_ActionError(code, sentence, { cause: error });
}

;// CONCATENATED MODULE: ./build/src/files/names.js
/**
 * Characters that end a line, move a cursor, take no room or turn the direction of text round, and halves of surrogate
 * pairs. The selector that makes a symbol colourful stays where it follows one.
 */
const UNSAFE = /(?!(?<=\p{Extended_Pictographic})\uFE0F)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu;
const SHORT = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/**
 * Makes any text safe for one line of the log, an annotation or an error.
 *
 * What could end the line is escaped, and so is what GitHub's runner would take for a command: `##[` anywhere, `::` at
 * the start. The runner compares by culture, for which some characters of other scripts do not count: any of them may
 * stand before and between. Printable text of any language stays as it is, and so does what this function returned: a line may hold
 * names that were made safe before. Two names show alike only when one spells out the escape of the other.
 */
function names_show(text) {
    return text
        .replace(UNSAFE, escapeCharacter)
        .replace(/(#[^ -~]*#[^ -~]*)\[/g, '$1\\x5b')
        .replace(/^((?:[^!-~])*):(?=[^ -~]*:)/, '$1\\x3a');
}
function escapeCharacter(character) {
    const short = SHORT[character];
    if (short !== undefined)
        return short;
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
/**
 * Makes any text safe inside Markdown and HTML, where it shows as what {@link show} returns.
 *
 * Every character that Markdown could act on becomes an entity. GitHub looks for mentions, issues and emoji names after
 * the entities are resolved: an empty comment behind `@`, `#` and `:` keeps it from finding any.
 */
function escapeHtml(text) {
    return names_show(text)
        .replace(/[^\p{L}\p{N} ,/()]|(?<=^| ) | $/gu, (character) => `&#${character.codePointAt(0) ?? 0};`)
        .replace(/&#(?:35|58|64);/g, '$&<!-- -->');
}
/** Compares two paths by their UTF-8 bytes, the order of the manifest on every system. */
function compareBytewise(a, b) {
    if (a === b)
        return 0;
    // UTF-16 order differs from UTF-8 order only where surrogates meet the characters above them.
    if (BEYOND.test(a) && BEYOND.test(b))
        return Buffer.compare(Buffer.from(a), Buffer.from(b));
    return a < b ? -1 : 1;
}
const BEYOND = /[\uD800-\uFFFF]/;
/** Sorts by path, bytewise, and returns the same array. */
function sortByPath(items) {
    const compare = items.some(({ path }) => BEYOND.test(path)) ? compareBytewise : compareUnits;
    return items.sort((a, b) => compare(a.path, b.path));
}
function compareUnits(a, b) {
    return a < b ? -1 : Number(a !== b);
}
/** Makes names equal that some file system takes for one: without case and composition. */
function names_foldName(name) {
    // Nearly all names, and this is asked about each.
    if (PLAIN.test(name))
        return name.toLowerCase();
    return name.normalize('NFC').toUpperCase().toLowerCase();
}
const PLAIN = /^[ -~]*$/;
/** Lists other spellings of a name that a file system which folds names finds it by. */
function otherSpellings(name) {
    const swapped = Array.from(name, (character) => {
        const upper = character.toUpperCase();
        return character === upper ? character.toLowerCase() : upper;
    }).join('');
    const others = [swapped, name.normalize('NFC'), name.normalize('NFD')];
    return [...new Set(others)].filter((other) => other !== name);
}

;// CONCATENATED MODULE: ./build/src/files/reading/read-errors.js


const LET_BE = 'Let nothing write to the build outputs while this step runs.';
/** The file cannot be opened or read, for the reason of the system's error. */
function unreadable(file, error) {
    const name = names_show(file.path);
    switch (errors_codeOf(error)) {
        case 'ENOENT':
        case 'ENOTDIR':
            return new errors_ActionError('FILE_VANISHED', `${name} is gone since it was listed.`, { hint: LET_BE, cause: error });
        case 'ELOOP':
        case 'ENXIO':
        case 'EISDIR':
            return notRegular(file, error);
        default:
            return new errors_ActionError('FILE_UNREADABLE', `${name} cannot be read (${errors_codeOf(error) ?? 'unknown error'}).`, {
                hint: 'Give the user of the runner the right to read it, or exclude it in files.',
                cause: error,
            });
    }
}
/** The file became something else than a regular file. */
function notRegular(file, cause) {
    return new errors_ActionError('FILE_NOT_REGULAR', `${names_show(file.path)} is no regular file any more.`, {
        hint: LET_BE,
        cause,
    });
}
/** The file is not, or does not stay, what was listed. */
function changed(file) {
    return new errors_ActionError('FILE_CHANGED', `${names_show(file.path)} changed while it was being read.`, { hint: LET_BE });
}
/** A directory is not where it was when the files were listed. */
function movedDirectory(directory) {
    return new errors_ActionError('DIRECTORY_MOVED', `The directory ${names_show(directory)} was moved, or replaced by a link, during this run.`, { hint: LET_BE });
}

;// CONCATENATED MODULE: ./build/src/files/reading/read-chunks.js




/** A multiple of three, so that base64 of one chunk leaves nothing over for the next. */
const CHUNK_BYTES = 384 * 1024;
const readAsync = (0,external_node_util_namespaceObject.promisify)(external_node_fs_namespaceObject.read);
/** Reads at positions of an open descriptor, whatever its own position is. */
function readerOf(descriptor) {
    return (buffer, position) => readAsync(descriptor, buffer, 0, buffer.length, position);
}
/**
 * Yields a whole file in chunks, reading ahead into one of two buffers while the other is being used.
 *
 * @throws ActionError `FILE_CHANGED` unless it has the size it had, `FILE_UNREADABLE`
 */
async function* readChunks(file, readAt) {
    let [current, ahead] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
    let position = 0;
    let pending = readAt(current, position);
    try {
        for (;;) {
            const { bytesRead } = await pending;
            if (bytesRead === 0)
                break;
            const chunk = current.subarray(0, bytesRead);
            position += bytesRead;
            if (position > file.size)
                throw changed(file);
            [current, ahead] = [ahead, current];
            pending = readAt(current, position);
            yield chunk;
        }
    }
    catch (error) {
        throw error instanceof errors_ActionError ? error : unreadable(file, error);
    }
    finally {
        // Nobody else may be waiting for it.
        await pending.catch(() => { });
    }
    if (position !== file.size)
        throw changed(file);
}

;// CONCATENATED MODULE: external "node:path"
const external_node_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");
;// CONCATENATED MODULE: ./build/src/files/real-path.js




/** Resolves all links of a path. */
function real_path_findRealPath(location) {
    try {
        return { path: (0,external_node_fs_namespaceObject.realpathSync)(location) };
    }
    catch (error) {
        return { failure: errors_codeOf(error) ?? 'unknown error' };
    }
}
/** Finds the real path of a directory that may not be there yet, by the nearest one that is. */
function resolveDirectory(path) {
    let existing = path;
    try {
        while ((0,external_node_fs_namespaceObject.lstatSync)(existing, { throwIfNoEntry: false }) === undefined)
            existing = (0,external_node_path_namespaceObject.dirname)(existing);
    }
    catch (error) {
        return { failure: errors_codeOf(error) ?? 'unknown error' };
    }
    const real = real_path_findRealPath(existing);
    return real.path === undefined ? real : { path: (0,external_node_path_namespaceObject.join)(real.path, (0,external_node_path_namespaceObject.relative)(existing, path)) };
}
/**
 * Returns the path of something in a directory, relative to it, with `/` between segments; `undefined` when it lies elsewhere.
 *
 * Scripts resolve paths: what lies outside by its spelling may lie inside once all links are resolved.
 */
function pathInside(directory, path) {
    if (isWithin(directory, path))
        return pathBelow(directory, path);
    const [top, real] = [resolveDirectory(directory).path, resolveDirectory(path).path];
    return top !== undefined && real !== undefined && isWithin(top, real) ? pathBelow(top, real) : undefined;
}
/** Tells whether a path is a directory or lies below it, as both are spelled or once their links are resolved. */
function leadsInto(directory, path) {
    return pathInside(directory, path) !== undefined;
}
/** Tells whether a path lies below a directory. */
function isBelow(directory, path) {
    return isWithin(directory, path) && relative(directory, path) !== '';
}
/** Tells whether a path is a directory or lies below it. */
function isWithin(directory, path) {
    const way = (0,external_node_path_namespaceObject.relative)(directory, path);
    return way !== '..' && !way.startsWith(`..${external_node_path_namespaceObject.sep}`) && !(0,external_node_path_namespaceObject.isAbsolute)(way);
}
/** Tells whether two absolute paths without links are one for the file system, which may fold the case and the composition of names. */
function isSamePlace(one, other) {
    if (one === other)
        return true;
    if (foldName(one) !== foldName(other))
        return false;
    const [first, second] = [identify(one), identify(other)];
    return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}
function identify(location) {
    try {
        return lstatSync(location, { bigint: true, throwIfNoEntry: false });
    }
    catch {
        // What cannot be looked at is no place that could be mistaken.
        return undefined;
    }
}
/** Returns the path of something below a directory, relative to it, with `/` between segments. */
function pathBelow(directory, path) {
    return relative(directory, path).split(sep).join('/');
}
/** Returns where a path with `/` between its segments is below a directory; an empty one is the directory itself. */
function locate(directory, path) {
    // Both are tidy already, and `join` would look at every character of every path again.
    return directory.endsWith(external_node_path_namespaceObject.sep) ? directory + path : directory + external_node_path_namespaceObject.sep + path;
}

;// CONCATENATED MODULE: ./build/src/files/descriptors.js



/** Returns a path of what a descriptor is open for, which nobody can divert; Linux alone has it. */
function pathOfDescriptor(descriptor) {
    return `/proc/self/fd/${descriptor}`;
}
/**
 * Tells whether a descriptor was opened where a path without links says: no directory on the way was a link or had moved.
 *
 * Only Linux tells where a descriptor leads; elsewhere the answer is always yes.
 */
function descriptors_leadsTo(descriptor, path) {
    const target = targetOf(descriptor);
    if (target === undefined || target === path)
        return true;
    // A file that was replaced after it was opened is not elsewhere, nor is one whose name the file system tells in another case.
    if (names_foldName(target.replace(/ \(deleted\)$/, '')) === names_foldName(path))
        return true;
    return real_path_findRealPath(path).path === path && isSame(descriptor, path);
}
function targetOf(descriptor) {
    if (process.platform !== 'linux')
        return undefined;
    try {
        return (0,external_node_fs_namespaceObject.readlinkSync)(pathOfDescriptor(descriptor));
    }
    catch {
        // There is no /proc.
        return undefined;
    }
}
function isSame(descriptor, path) {
    const there = (0,external_node_fs_namespaceObject.lstatSync)(path, { bigint: true, throwIfNoEntry: false });
    const open = (0,external_node_fs_namespaceObject.fstatSync)(descriptor, { bigint: true });
    return open.ino === there?.ino && open.dev === there.dev;
}

;// CONCATENATED MODULE: ./build/src/files/reading/read-small.js





// Neither exists on Windows. NONBLOCK: opening a FIFO would hang.
const FLAGS = external_node_fs_namespaceObject.constants.O_RDONLY | (external_node_fs_namespaceObject.constants.O_NONBLOCK ?? 0);
const NO_LINK = external_node_fs_namespaceObject.constants.O_NOFOLLOW ?? 0;
/** Reads a regular file at once; `undefined` when nothing is there. */
function readSmallFile(location, options) {
    let descriptor;
    try {
        // Mostly there is none, and an exception for each file of a release would cost more than all else.
        if (lstatSync(location, { throwIfNoEntry: false }) === undefined)
            return undefined;
        descriptor = openSync(location, options.links === 'followed' ? FLAGS : FLAGS | NO_LINK);
        const stat = fstatSync(descriptor);
        if (!stat.isFile())
            return { reason: NOT_REGULAR };
        if (options.links === 'refused' && !leadsTo(descriptor, location))
            return { reason: MOVED };
        const { maxBytes, longer } = options;
        if (longer === 'refused' && stat.size > maxBytes)
            return { reason: `it has ${stat.size} bytes, more than ${maxBytes}` };
        return { bytes: readBytes(descriptor, Math.min(stat.size, maxBytes)) };
    }
    catch (cause) {
        const code = codeOf(cause) ?? 'unknown error';
        if (code === 'ENOENT' || code === 'ENOTDIR')
            return undefined;
        return { reason: REASONS[code] ?? code, cause };
    }
    finally {
        if (descriptor !== undefined)
            closeSync(descriptor);
    }
}
const NOT_REGULAR = 'it is no regular file';
const MOVED = 'its directory was moved, or replaced by a link';
const REASONS = { ELOOP: 'it is a link', ENXIO: NOT_REGULAR, EISDIR: NOT_REGULAR };
function readBytes(descriptor, size) {
    const bytes = Buffer.alloc(size);
    let filled = 0;
    for (let count = -1; count !== 0 && filled < size; filled += count) {
        count = readSync(descriptor, bytes, filled, size - filled, filled);
    }
    return bytes.subarray(0, filled);
}
/** Returns the SHA-256 of a text as base64url, the shortest form that can be printed. */
function hashText(text) {
    return hash('sha256', text, 'base64url');
}
/** Largest signature file that is read, in bytes. */
const MAX_SIGNATURE_FILE_BYTES = 64 * 1024;
/** One for all, since thousands of files are compared one after the other; a longer file holds another text. */
const COMPARED = Buffer.allocUnsafe(MAX_SIGNATURE_FILE_BYTES + 1);
/** Tells whether a file, not a link, holds a text of this SHA-256, given as base64url; `false` also when it cannot be read. */
function holdsText(location, sha256) {
    let descriptor;
    try {
        descriptor = (0,external_node_fs_namespaceObject.openSync)(location, FLAGS | NO_LINK);
        const length = (0,external_node_fs_namespaceObject.readSync)(descriptor, COMPARED, 0, COMPARED.length, 0);
        return (0,external_node_crypto_namespaceObject.hash)('sha256', COMPARED.subarray(0, length), 'base64url') === sha256;
    }
    catch {
        return false;
    }
    finally {
        if (descriptor !== undefined)
            (0,external_node_fs_namespaceObject.closeSync)(descriptor);
    }
}
/**
 * Reads an existing signature file; `undefined` when there is none.
 *
 * @throws ActionError `SIGNATURE_UNREADABLE` when something else stands at its place: a link, a directory, a huge file
 */
function readSignatureFile(location) {
    const file = readSmallFile(location, { maxBytes: MAX_SIGNATURE_FILE_BYTES, longer: 'refused', links: 'refused' });
    if (file === undefined || file.bytes)
        return file?.bytes.toString('utf8');
    throw new ActionError('SIGNATURE_UNREADABLE', `The signature ${show(location)} cannot be read: ${file.reason}.`, {
        hint: 'Remove it and sign the file again.',
        cause: file.cause,
    });
}

;// CONCATENATED MODULE: ./build/src/files/temporary.js
/** Start of the names of our temporary files. */
const TEMPORARY_PREFIX = '.mtls-release-signing-';
const NAME = /^\.mtls-release-signing-(\d+)-\d+\.tmp$/;
/** Names a temporary file of a process. */
function temporaryName(processId, number) {
    return `${TEMPORARY_PREFIX}${processId}-${number}.tmp`;
}
/** Returns the process that a temporary file was made by; `undefined` for any other name, whatever it begins with. */
function ownerOf(name) {
    const owner = NAME.exec(name)?.[1];
    return owner === undefined ? undefined : Number(owner);
}

;// CONCATENATED MODULE: ./build/src/files/writing/directories.js






/** Looks at a path without links; `undefined` when no directory is there. */
function findDirectory(path) {
    const stat = (0,external_node_fs_namespaceObject.lstatSync)(path, { bigint: true, throwIfNoEntry: false });
    return stat?.isDirectory() ? { path, device: stat.dev, inode: stat.ino } : undefined;
}
/** Opens a directory as a name for what is in it: neither the right to list it nor its content is needed. Linux alone has it. */
const O_PATH = 0o10000000;
const directories_FLAGS = O_PATH | (external_node_fs_namespaceObject.constants.O_DIRECTORY ?? 0) | (external_node_fs_namespaceObject.constants.O_NOFOLLOW ?? 0);
/**
 * Hands out a path of a directory, to put names behind.
 *
 * On Linux that path goes through a descriptor, so whoever moves the directory, or puts a link in its place, diverts
 * nothing. Elsewhere the directory is looked at just before.
 * @throws ActionError `DIRECTORY_MOVED`
 */
function inDirectory(directory, use) {
    if (process.platform !== 'linux') {
        checkIdentity(directory);
        return use(directory.path);
    }
    const descriptor = openDirectory(directory);
    try {
        if (!descriptors_leadsTo(descriptor, directory.path))
            throw movedDirectory(directory.path);
        return use(pathOfDescriptor(descriptor));
    }
    finally {
        (0,external_node_fs_namespaceObject.closeSync)(descriptor);
    }
}
/** Tells whether a directory that was found just now is where its path says, with no link on the way. */
function isInPlace(directory) {
    if (process.platform !== 'linux')
        return findRealPath(directory.path).path === directory.path;
    const descriptor = openSync(directory.path, directories_FLAGS);
    try {
        return leadsTo(descriptor, directory.path);
    }
    finally {
        closeSync(descriptor);
    }
}
/** Makes a directory and the ones above it that are missing, each in the one above and nowhere else. */
function makeDirectory(path) {
    const found = findDirectory(path);
    if (found)
        return found;
    return inDirectory(makeDirectory((0,external_node_path_namespaceObject.dirname)(path)), (base) => {
        try {
            (0,external_node_fs_namespaceObject.mkdirSync)((0,external_node_path_namespaceObject.join)(base, (0,external_node_path_namespaceObject.basename)(path)));
        }
        catch (error) {
            // Another process may have been faster.
            const others = errors_codeOf(error) === 'EEXIST' ? findDirectory(path) : undefined;
            if (others === undefined)
                throw error;
            return others;
        }
        return findDirectory(path) ?? makeDirectory(path);
    });
}
function openDirectory(directory) {
    try {
        return (0,external_node_fs_namespaceObject.openSync)(directory.path, directories_FLAGS);
    }
    catch (error) {
        // A link, or a file, where the directory was.
        if (errors_codeOf(error) !== 'ENOTDIR' && errors_codeOf(error) !== 'ELOOP')
            throw error;
        checkIdentity(directory);
        throw error;
    }
}
function checkIdentity(directory) {
    const now = (0,external_node_fs_namespaceObject.lstatSync)(directory.path, { bigint: true, throwIfNoEntry: false });
    if (now === undefined)
        return;
    if (!now.isDirectory() || now.dev !== directory.device || now.ino !== directory.inode)
        throw movedDirectory(directory.path);
}

;// CONCATENATED MODULE: ./build/src/files/writing/write-errors.js


const CLEAR_THE_WAY = 'Clear the way, give the runner the right to write there, or set output-dir.';
const FULL = {
    kind: 'OUTPUT_FULL',
    why: 'the disk is full',
    hint: 'Free some space, or set output-dir to another disk.',
};
const READ_ONLY = {
    kind: 'OUTPUT_FULL',
    why: 'the file system is read-only',
    hint: 'Set output-dir to a directory that can be written.',
};
const DENIED = { kind: 'OUTPUT_UNWRITABLE', why: 'no right to write there', hint: CLEAR_THE_WAY };
const OCCUPIED = {
    kind: 'OUTPUT_UNWRITABLE',
    why: 'something else stands at its place',
    hint: CLEAR_THE_WAY,
};
/** By the code of the system's error; the first two concern every file that comes after. */
const EXPLANATIONS = {
    ENOSPC: FULL,
    EDQUOT: FULL,
    EROFS: READ_ONLY,
    EACCES: DENIED,
    EPERM: DENIED,
    EISDIR: OCCUPIED,
    ENOTDIR: OCCUPIED,
    EEXIST: OCCUPIED,
    ENOTEMPTY: OCCUPIED,
};
/** Explains why a path cannot be written; an error that explains itself passes through. */
function unwritable(path, error) {
    if (error instanceof errors_ActionError)
        return error;
    const code = errors_codeOf(error) ?? 'unknown error';
    const { kind, why, hint } = EXPLANATIONS[code] ?? {
        kind: 'OUTPUT_UNWRITABLE',
        why: 'the system refuses it',
        hint: CLEAR_THE_WAY,
    };
    return new errors_ActionError(kind, `${names_show(path)} cannot be written: ${why} (${code}).`, { hint, cause: error });
}

;// CONCATENATED MODULE: ./build/src/files/writing/output-tree.js








/**
 * The directory that everything written goes below, in the layout of the root.
 *
 * A file appears whole or not at all: it is written under a temporary name in its own directory and renamed, so a link
 * that someone planted at its place is replaced, never followed. Which directory a path stands for is found out once:
 * a directory that is moved afterwards is an error.
 */
class OutputTree {
    directory;
    /** The real directory of each directory that was asked for, by its path within the tree. */
    #real = new Map();
    /** Directories that are there, by their real path. */
    #found = new Map();
    /** Of the process that writes; temporary files bear it. */
    processId;
    #counter = 0;
    constructor(directory, processId) {
        this.directory = directory;
        this.processId = processId;
    }
    /** Absolute path of something in the tree. */
    locate(path) {
        return (0,external_node_path_namespaceObject.join)(this.directory, path);
    }
    /**
     * Absolute path of something in the tree, without links on the way to it.
     *
     * @throws ActionError `OUTPUT_OUTSIDE`
     */
    realPathOf(path) {
        return locate(this.#resolve(path), path.slice(path.lastIndexOf('/') + 1));
    }
    /**
     * Writes a file, whose content may come in pieces, so that it appears at once with all of it.
     *
     * @throws ActionError `OUTPUT_FULL` (nothing more can be written), `OUTPUT_UNWRITABLE`, `OUTPUT_OUTSIDE`, `DIRECTORY_MOVED`
     */
    write(path, content) {
        try {
            inDirectory(this.#prepare(path), (base) => {
                const { temporary, descriptor } = this.#openTemporary(base);
                try {
                    writeAndClose(descriptor, typeof content === 'string' ? [content] : inBlocks(content));
                    (0,external_node_fs_namespaceObject.renameSync)(temporary, (0,external_node_path_namespaceObject.join)(base, (0,external_node_path_namespaceObject.basename)(path)));
                }
                catch (error) {
                    removeIfPossible(temporary);
                    throw error;
                }
            });
        }
        catch (error) {
            throw unwritable(path, error);
        }
    }
    /**
     * Removes a file if it is there; a link goes, its target stays.
     *
     * @throws ActionError `OUTPUT_UNWRITABLE`, `OUTPUT_OUTSIDE`, `DIRECTORY_MOVED`
     */
    remove(path) {
        try {
            // Mostly there is none, and an exception for each would be slow.
            if ((0,external_node_fs_namespaceObject.lstatSync)(this.locate(path), { throwIfNoEntry: false }) === undefined)
                return;
            const directory = this.#find(this.#resolve(path));
            if (directory)
                inDirectory(directory, (base) => (0,external_node_fs_namespaceObject.unlinkSync)((0,external_node_path_namespaceObject.join)(base, (0,external_node_path_namespaceObject.basename)(path))));
        }
        catch (error) {
            if (errors_codeOf(error) === 'ENOENT' || errors_codeOf(error) === 'ENOTDIR')
                return;
            throw unwritable(path, error);
        }
    }
    /**
     * Removes temporary files that killed runs left beside the given paths, before this run writes any of its own; those
     * of other processes that live are left alone.
     */
    sweep(paths) {
        let swept = 0;
        const byParent = new Map();
        for (const path of paths)
            byParent.set((0,external_node_path_namespaceObject.dirname)(path), path);
        for (const [parent, path] of byParent) {
            for (const name of namesIn(this.locate(parent))) {
                const owner = ownerOf(name);
                // A file of this process is left from a former process of its number: none is open between two writes.
                if (owner === undefined || (owner !== this.processId && isAlive(owner)))
                    continue;
                const directory = this.#find(this.#resolve(path));
                if (directory && inDirectory(directory, (base) => removeIfPossible((0,external_node_path_namespaceObject.join)(base, name))))
                    swept++;
            }
        }
        return swept;
    }
    /** Makes the directory of a path, in the tree and nowhere else. */
    #prepare(path) {
        const real = this.#resolve(path);
        const directory = this.#find(real) ?? makeDirectory(real);
        this.#found.set(real, directory);
        return directory;
    }
    #find(real) {
        const directory = this.#found.get(real) ?? findDirectory(real);
        if (directory)
            this.#found.set(real, directory);
        return directory;
    }
    #openTemporary(base) {
        for (;;) {
            const temporary = (0,external_node_path_namespaceObject.join)(base, temporaryName(this.processId, this.#counter++));
            try {
                return { temporary, descriptor: (0,external_node_fs_namespaceObject.openSync)(temporary, 'wx', 0o644) };
            }
            catch (error) {
                // Left by a former process of this number.
                if (errors_codeOf(error) !== 'EEXIST')
                    throw error;
            }
        }
    }
    /** Finds the real directory of a path, and sees that no link leads out of the tree. */
    #resolve(path) {
        const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
        const known = this.#real.get(parent);
        if (known !== undefined)
            return known;
        const { path: top = this.directory } = resolveDirectory(this.directory);
        const { path: real } = resolveDirectory(this.locate(parent));
        if (real === undefined || !isWithin(top, real)) {
            const target = real === undefined ? 'nowhere' : `to ${names_show(real)}`;
            throw new errors_ActionError('OUTPUT_OUTSIDE', `${names_show(path)} would be written through a link that leads ${target}.`, {
                hint: 'Remove the link, exclude what lies behind it, or set output-dir to a directory without links.',
            });
        }
        this.#real.set(parent, real);
        return real;
    }
}
function writeAndClose(descriptor, pieces) {
    try {
        for (const piece of pieces) {
            const bytes = Buffer.from(piece);
            for (let at = 0; at < bytes.length;)
                at += (0,external_node_fs_namespaceObject.writeSync)(descriptor, bytes, at);
        }
    }
    finally {
        (0,external_node_fs_namespaceObject.closeSync)(descriptor);
    }
}
function removeIfPossible(location) {
    try {
        (0,external_node_fs_namespaceObject.unlinkSync)(location);
        return true;
    }
    catch {
        return false;
    }
}
function namesIn(directory) {
    try {
        return (0,external_node_fs_namespaceObject.readdirSync)(directory);
    }
    catch {
        // Not there yet, or not ours to read: writing will tell.
        return [];
    }
}
function isAlive(processId) {
    try {
        process.kill(processId, 0);
        return true;
    }
    catch (error) {
        return errors_codeOf(error) !== 'ESRCH';
    }
}
/** A system call for every line would be slow, and everything as one string would be large. */
const BLOCK_CHARACTERS = 64 * 1024;
/** Joins short pieces of text into longer ones. */
function* inBlocks(pieces) {
    let block = '';
    for (const piece of pieces) {
        block += piece;
        if (block.length < BLOCK_CHARACTERS)
            continue;
        yield block;
        block = '';
    }
    if (block !== '')
        yield block;
}

;// CONCATENATED MODULE: ./build/src/worker/tasks.js

/** Takes an error apart for a message. */
function packError(error) {
    const { code, message, hint, cause } = unexpected(error);
    return { code, message, hint, cause: cause instanceof Error ? cause : undefined, causeCode: errors_codeOf(cause) };
}
/** Builds the error again from a message. */
function unpackError({ code, message, hint, cause, causeCode }) {
    if (cause && causeCode !== undefined)
        Object.assign(cause, { code: causeCode });
    return new ActionError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}

;// CONCATENATED MODULE: ./build/src/worker/serve.js





/** Does the tasks that come through a port, until the port is closed. */
function serve(port) {
    const running = new Map();
    const trees = new Map();
    async function runHash(id, task) {
        const controller = new AbortController();
        running.set(id, controller);
        const reply = await hashFile(task, controller.signal).then((result) => ({ id, result }), (error) => ({ id, error: packError(error) }));
        running.delete(id);
        port.postMessage(reply);
    }
    function run(id, task) {
        if (task.do === 'hash')
            void runHash(id, task);
        else
            port.postMessage({ id, result: task.do === 'write' ? write(task, trees) : compare(task) });
    }
    port.on('message', (request) => {
        if ('cancel' in request)
            running.get(request.cancel)?.abort(new Error('The task was cancelled'));
        else
            run(request.id, request.task);
    });
}
function write({ directory, processId, paths, texts }, trees) {
    const tree = trees.get(directory) ?? new OutputTree(directory, processId);
    trees.set(directory, tree);
    const errors = new Map();
    for (const [at, path] of paths.entries()) {
        try {
            tree.write(path, texts[at] ?? '');
        }
        catch (error) {
            errors.set(at, packError(error));
        }
    }
    return errors;
}
function compare({ locations, digests }) {
    return [...locations.keys()].filter((at) => !holdsText(locations[at] ?? '', digests[at] ?? ''));
}
async function hashFile({ file, hashing }, signal) {
    const hash = startHash(hashing);
    const sha256 = startHash({ algorithm: 'sha256' });
    await readInto(readChunks(file, readerOf(file.descriptor)), [hash, sha256], signal);
    return { digest: hash.digest(), sha256: sha256.digest().toString('hex') };
}

;// CONCATENATED MODULE: ./build/src/thread.js


// The program of the worker: a bundle of its own, so that it starts in milliseconds.
if (external_node_worker_threads_namespaceObject.parentPort)
    serve(external_node_worker_threads_namespaceObject.parentPort);

