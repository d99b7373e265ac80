import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
var __webpack_exports__ = {};
;
const external_node_worker_threads_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:worker_threads");
;
const external_node_crypto_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:crypto");
;
const STEP_BYTES = 24 * 1024;
const MODULE = "AGFzbQEAAAABCAFgA39/fwF/AwIBAAUDAQADBxMCBm1lbW9yeQIABmVuY29kZQAACnsBeQIBfwF+AkADQCAAIAFPDQEgACgAACEDIABBA2ohACADQf8B" + "cUEHdCADQQl2QfgAcXIpAwAhBCACIAQ3AAAgAiAEQjiIp2ohAiADQYAecUEDdCADQQ12QfgPcXIpAwAhBCACIAQ3AAAgAiAEQjiIp2ohAgwACwsgAgs=";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const INPUT_AT = 4096 * 8;
const OUTPUT_AT = INPUT_AT + STEP_BYTES + 8;
let encoder;
function quotedBase64(triples) {
	encoder ??= instantiate();
	const { memory, encode } = encoder;
	memory.set(triples, INPUT_AT);
	return memory.subarray(OUTPUT_AT, encode(INPUT_AT, INPUT_AT + triples.length, OUTPUT_AT));
}
function quoted_base64_quotedBase64Between(before, triples, after) {
	encoder ??= instantiate();
	const { memory, encode } = encoder;
	const longest = before.length + triples.length * LONGEST_QUOTED + after.length;
	if (triples.length > STEP_BYTES || OUTPUT_AT + longest > memory.length) return undefined;
	memory.set(triples, INPUT_AT);
	const start = OUTPUT_AT + memory.write(before, OUTPUT_AT, "latin1");
	const end = encode(INPUT_AT, INPUT_AT + triples.length, start);
	return memory.subarray(OUTPUT_AT, end + memory.write(after, end, "latin1"));
}
const LONGEST_QUOTED = 4;
function instantiate() {
	const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MODULE, "base64")));
	const memory = Buffer.from(exports.memory.buffer);
	fillTable(memory);
	return {
		memory,
		encode: exports.encode
	};
}
function fillTable(memory) {
	const quoted = Array.from(ALPHABET, (character) => Buffer.from(encodeURIComponent(character)));
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
;
function startHash({ algorithm, around }) {
	return around ? new HashOfText((0, external_node_crypto_namespaceObject.createHash)(algorithm), around) : (0, external_node_crypto_namespaceObject.createHash)(algorithm);
}
function hashBytes(hashing, bytes) {
	const { algorithm, around } = hashing;
	if (around === undefined) return hash(algorithm, bytes, "buffer");
	const whole = bytes.length - bytes.length % 3;
	const rest = Buffer.from(bytes.buffer, bytes.byteOffset + whole, bytes.length - whole).toString("base64");
	const text = quotedBase64Between(around.before, bytes.subarray(0, whole), encodeURIComponent(rest) + around.after);
	if (text) return hash(algorithm, text, "buffer");
	const sum = startHash(hashing);
	sum.update(bytes);
	return sum.digest();
}
async function readInto(chunks, sinks, signal) {
	for await (const chunk of chunks) {
		signal?.throwIfAborted();
		for (const sink of sinks) sink.update(chunk);
	}
}
class HashOfText {
	#hash;
	#after;
	#carry = Buffer.allocUnsafe(3);
	#carried = 0;
	constructor(hash, { before, after }) {
		this.#hash = hash;
		this.#after = after;
		this.#hash.update(before);
	}
	update(chunk) {
		const start = this.#fillCarry(chunk);
		const whole = start + Math.floor((chunk.length - start) / 3) * 3;
		for (let from = start; from < whole; from += STEP_BYTES) {
			this.#hash.update(quotedBase64(chunk.subarray(from, Math.min(from + STEP_BYTES, whole))));
		}
		for (let i = Math.max(start, whole); i < chunk.length; i++) this.#carry[this.#carried++] = chunk[i] ?? 0;
	}
	digest() {
		const rest = this.#carry.toString("base64", 0, this.#carried);
		return this.#hash.update(encodeURIComponent(rest) + this.#after).digest();
	}
	#fillCarry(chunk) {
		if (this.#carried === 0) return 0;
		let taken = 0;
		while (this.#carried < 3 && taken < chunk.length) this.#carry[this.#carried++] = chunk[taken++] ?? 0;
		if (this.#carried === 3) {
			this.#hash.update(quotedBase64(this.#carry));
			this.#carried = 0;
		}
		return taken;
	}
}
;
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;
const external_node_util_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:util");
;
class errors_ActionError extends Error {
	code;
	hint;
	constructor(code, message, facts = {}) {
		super(message, { cause: facts.cause });
		this.name = "ActionError";
		this.code = code;
		this.hint = facts.hint;
	}
}
function errors_codeOf(error) {
	if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
	return typeof error.code === "string" ? error.code : undefined;
}
function errorWithCode(code, message, options) {
	return Object.assign(new Error(message, options), { code });
}
function unexpected(error) {
	if (error instanceof errors_ActionError) return error;
	const text = error instanceof Error ? error.message : "unknown error";
	return new errors_ActionError("INTERNAL", `Unexpected error: ${text}.`, {
		hint: "This is a defect of the action; please report it with the log of a run with debug logging.",
		cause: error
	});
}
function toActionError(error, code, sentence) {
	if (error instanceof errors_ActionError) return error;
	return new errors_ActionError(code, sentence, { cause: error });
}
;
const REPEAT_LIMITS = {
	firstDelayMs: 10,
	perFileMs: 2e3,
	perCauseMs: 1e4
};
const HELD = ["EBUSY", "ETXTBSY"];
const DENIED = ["EPERM", "EACCES"];
const HELD_SENTENCE = "another program has it open, such as a virus scanner";
const HELD_HINT = "Close that program, or have the scanner leave out the directory, and run the step again.";
function isHeld(error) {
	const code = errors_codeOf(error) ?? "";
	return HELD.includes(code) || process.platform === "win32" && DENIED.includes(code);
}
function isHeldInOwnDirectory(error) {
	return isHeld(error) || DENIED.includes(codeOf(error) ?? "");
}
function repeatWhileHeld(act, { passes = isHeld, wait = block, limitMs = REPEAT_LIMITS.perFileMs } = {}) {
	let waitedMs = 0;
	for (let delayMs = REPEAT_LIMITS.firstDelayMs;; delayMs *= 2) {
		try {
			return act();
		} catch (error) {
			if (!passes(error) || waitedMs >= limitMs) throw error;
			const ms = Math.min(delayMs, limitMs - waitedMs);
			wait(ms);
			waitedMs += ms;
		}
	}
}
function block(ms) {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
;
const UNSAFE = /(?!(?<=\p{Extended_Pictographic})\uFE0F)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu;
const SHORT = {
	"\n": "\\n",
	"\r": "\\r",
	"	": "\\t"
};
function names_show(text) {
	return text.replace(UNSAFE, escapeCharacter).replace(/(#[^ -~]*#[^ -~]*)\[/g, "$1\\x5b").replace(/^((?:[^!-~])*):(?=[^ -~]*:)/, "$1\\x3a");
}
function escapeCharacter(character) {
	const short = SHORT[character];
	if (short !== undefined) return short;
	const code = character.codePointAt(0) ?? 0;
	return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
function escapeHtml(text) {
	return names_show(text).replace(/[^\p{L}\p{N} ,/()]|(?<=^| ) | $/gu, (character) => `&#${character.codePointAt(0) ?? 0};`).replace(/&#(?:35|58|64);/g, "$&<!-- -->");
}
function compareBytewise(a, b) {
	return isBeyond(a) && isBeyond(b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : compareUnits(a, b);
}
function isBeyond(path) {
	return /[\uD800-\uFFFF]/.test(path);
}
function compareUnits(a, b) {
	if (a === b) return 0;
	return a < b ? -1 : 1;
}
function sortByPath(items) {
	const compare = items.some(({ path }) => isBeyond(path)) ? compareBytewise : compareUnits;
	return items.sort((a, b) => compare(a.path, b.path));
}
function names_foldName(name) {
	if (PLAIN.test(name)) return name.toLowerCase();
	return name.normalize("NFC").toUpperCase().toLowerCase();
}
const PLAIN = /^[ -~]*$/;
function names_otherSpellings(name) {
	const swapped = Array.from(name, (character) => {
		const upper = character.toUpperCase();
		return character === upper ? character.toLowerCase() : upper;
	}).join("");
	const others = [
		swapped,
		name.normalize("NFC"),
		name.normalize("NFD")
	];
	return [...new Set(others)].filter((other) => other !== name);
}
function percentEncode(text) {
	return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
const REFUSED_BY_WINDOWS = /["*:<>?|\\\p{Cc}]|[. ]$|^(?:con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³]) *(?:[.:]|$)/iu;
;
const LET_BE = "Make sure that nothing writes to the build outputs while this step runs.";
function unreadable(file, error) {
	const name = names_show(file.path);
	switch (errors_codeOf(error)) {
		case "ENOENT":
		case "ENOTDIR": return new errors_ActionError("FILE_VANISHED", `${name} was removed after it was listed.`, {
			hint: LET_BE,
			cause: error
		});
		case "ELOOP":
		case "ENXIO":
		case "EISDIR": return notRegular(file, error);
		case "EBUSY": return new errors_ActionError("FILE_UNREADABLE", `${name} cannot be read: ${HELD_SENTENCE} (EBUSY).`, {
			hint: HELD_HINT,
			cause: error
		});
		default: return new errors_ActionError("FILE_UNREADABLE", `${name} cannot be read (${errors_codeOf(error) ?? "unknown error"}).`, {
			hint: "Give the user of the runner the right to read it, or exclude it in files.",
			cause: error
		});
	}
}
function notRegular(file, cause) {
	return new errors_ActionError("FILE_NOT_REGULAR", `${names_show(file.path)} is no longer a regular file.`, {
		hint: LET_BE,
		cause
	});
}
function changed(file) {
	return new errors_ActionError("FILE_CHANGED", `${names_show(file.path)} changed while it was being read.`, { hint: LET_BE });
}
function movedDirectory(directory) {
	return new errors_ActionError("DIRECTORY_MOVED", `The directory ${names_show(directory)} was moved, or replaced by a link, during this run.`, { hint: LET_BE });
}
function changedSince(path) {
	return new ActionError("FILE_CHANGED", `${show(path)} changed after it was signed or checked.`, { hint: "Make sure that nothing writes to the build outputs or their signatures while this step runs." });
}
;
const CHUNK_BYTES = 384 * 1024;
const readAsync = (0, external_node_util_namespaceObject.promisify)(external_node_fs_namespaceObject.read);
function read_chunks_fillFrom(descriptor, buffer) {
	let filled = 0;
	for (let count = -1; count !== 0 && filled < buffer.length; filled += count) {
		count = readSync(descriptor, buffer, filled, buffer.length - filled, filled);
	}
	return filled;
}
function readerOf(descriptor) {
	return (buffer, position) => readAsync(descriptor, buffer, 0, buffer.length, position);
}
async function* readChunks(file, readAt) {
	let [current, ahead] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
	let position = 0;
	let pending = readAt(current, position);
	try {
		for (;;) {
			const { bytesRead } = await pending;
			if (bytesRead === 0) break;
			const chunk = current.subarray(0, bytesRead);
			position += bytesRead;
			if (position > file.size) throw changed(file);
			[current, ahead] = [ahead, current];
			pending = readAt(current, position);
			yield chunk;
		}
	} catch (error) {
		throw error instanceof errors_ActionError ? error : unreadable(file, error);
	} finally {
		await pending.catch(() => {});
	}
	if (position !== file.size) throw changed(file);
}
;
const external_node_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");
;
const resolveLinks = process.platform === "linux" ? external_node_fs_namespaceObject.realpathSync : external_node_fs_namespaceObject.realpathSync.native;
function real_path_findRealPath(location) {
	try {
		return { path: resolveLinks(location) };
	} catch (error) {
		return { failure: errors_codeOf(error) ?? "unknown error" };
	}
}
function findListedPath(location) {
	const real = real_path_findRealPath(location).path;
	return real === undefined ? location : spellAsListed(real);
}
function spellAsListed(path) {
	const [above, name] = [dirname(path), basename(path)];
	if (above === path) return path;
	const parent = spellAsListed(above);
	const spelled = join(parent, name);
	const isFolded = otherSpellings(name).some((other) => isSamePlace(join(parent, other), spelled));
	return isFolded ? join(parent, listedName(parent, name)) : spelled;
}
function listedName(directory, name) {
	try {
		const folded = foldName(name);
		return readdirSync(directory).find((listed) => foldName(listed) === folded) ?? name;
	} catch {
		return name;
	}
}
function resolveDirectory(path) {
	let existing = path;
	try {
		while ((0, external_node_fs_namespaceObject.lstatSync)(existing, { throwIfNoEntry: false }) === undefined) {
			const above = (0, external_node_path_namespaceObject.dirname)(existing);
			if (above === existing) return { failure: "ENOENT" };
			existing = above;
		}
	} catch (error) {
		return { failure: errors_codeOf(error) ?? "unknown error" };
	}
	const real = real_path_findRealPath(existing);
	return real.path === undefined ? real : { path: (0, external_node_path_namespaceObject.join)(real.path, (0, external_node_path_namespaceObject.relative)(existing, path)) };
}
function pathInside(directory, path) {
	if (isWithin(directory, path)) return pathBelow(directory, path);
	const [top, real] = [resolveDirectory(directory).path, resolveDirectory(path).path];
	if (top === undefined || real === undefined) return undefined;
	if (isWithin(top, real)) return pathBelow(top, real);
	for (let above = real; dirname(above) !== above; above = dirname(above)) {
		if (isSamePlace(above, top)) return pathBelow(above, real);
	}
	return undefined;
}
function isBelow(directory, path) {
	return isWithin(directory, path) && relative(directory, path) !== "";
}
function isWithin(directory, path) {
	const way = (0, external_node_path_namespaceObject.relative)(directory, path);
	return way !== ".." && !way.startsWith(`..${external_node_path_namespaceObject.sep}`) && !(0, external_node_path_namespaceObject.isAbsolute)(way);
}
function isSamePlace(one, other) {
	if (one === other) return true;
	if (foldName(one) !== foldName(other)) return false;
	const [first, second] = [identify(one), identify(other)];
	if (first && second) return first.ino === second.ino && first.dev === second.dev && !isHardLink(one, other, first);
	return first === second && basename(one) === basename(other) && isSamePlace(dirname(one), dirname(other));
}
function isHardLink(one, other, file) {
	if (file.nlink < 2n || file.isDirectory()) return false;
	if (!isSamePlace(dirname(one), dirname(other))) return true;
	const names = [basename(one), basename(other)];
	const listed = readdirSync(dirname(one));
	return names[0] !== names[1] && names.every((name) => listed.includes(name));
}
function identify(location) {
	return orNothing(() => lstatSync(location, {
		bigint: true,
		throwIfNoEntry: false
	}));
}
function lookAtPlace(location) {
	return orNothing(() => lstatSync(location, { throwIfNoEntry: false }));
}
function lookBehindLinks(location) {
	return orNothing(() => statSync(location, { throwIfNoEntry: false }));
}
function orNothing(look) {
	try {
		return look();
	} catch {
		return undefined;
	}
}
function pathBelow(directory, path) {
	return relative(directory, path).split(sep).join("/");
}
function locate(directory, path) {
	return directory.endsWith(external_node_path_namespaceObject.sep) ? directory + path : directory + external_node_path_namespaceObject.sep + path;
}
;
function pathOfDescriptor(descriptor) {
	return `/proc/self/fd/${descriptor}`;
}
function descriptors_leadsTo(descriptor, path) {
	const target = targetOf(descriptor);
	if (target === undefined || target === path) return true;
	if (target === `${path} (deleted)`) return true;
	return real_path_findRealPath(path).path === path && isSame(descriptor, path);
}
function targetOf(descriptor) {
	if (process.platform !== "linux") return undefined;
	try {
		return (0, external_node_fs_namespaceObject.readlinkSync)(pathOfDescriptor(descriptor));
	} catch {
		return undefined;
	}
}
function isSame(descriptor, path) {
	const there = (0, external_node_fs_namespaceObject.lstatSync)(path, {
		bigint: true,
		throwIfNoEntry: false
	});
	const open = (0, external_node_fs_namespaceObject.fstatSync)(descriptor, { bigint: true });
	return open.ino === there?.ino && open.dev === there.dev;
}
;
const FLAGS = external_node_fs_namespaceObject.constants.O_RDONLY | (external_node_fs_namespaceObject.constants.O_NONBLOCK ?? 0);
const NO_LINK = external_node_fs_namespaceObject.constants.O_NOFOLLOW ?? 0;
function readSmallFile(location, options) {
	let descriptor;
	try {
		const place = lstatSync(location, { throwIfNoEntry: false });
		if (place === undefined) return undefined;
		if (options.links === "refused" && place.isSymbolicLink()) return { reason: LINK };
		descriptor = openSync(location, options.links === "followed" ? FLAGS : FLAGS | NO_LINK);
		const stat = fstatSync(descriptor);
		if (!stat.isFile()) return { reason: NOT_REGULAR };
		if (options.links === "refused" && !leadsTo(descriptor, location)) return { reason: MOVED };
		const { maxBytes, longer } = options;
		if (longer === "refused" && stat.size > maxBytes) return { reason: `it has ${stat.size} bytes, more than ${maxBytes}` };
		const buffer = Buffer.alloc(Math.min(stat.size, maxBytes));
		return { bytes: buffer.subarray(0, fillFrom(descriptor, buffer)) };
	} catch (cause) {
		const code = codeOf(cause) ?? "unknown error";
		if (code === "ENOENT" || code === "ENOTDIR") return undefined;
		return {
			reason: REASONS[code] ?? code,
			cause
		};
	} finally {
		if (descriptor !== undefined) closeSync(descriptor);
	}
}
const NOT_REGULAR = "it is not a regular file";
const MOVED = "its directory was moved, or replaced by a link";
const LINK = "it is a link";
const REASONS = {
	ELOOP: LINK,
	ENXIO: NOT_REGULAR,
	EISDIR: NOT_REGULAR
};
function hashText(text) {
	return hash("sha256", text, "base64url");
}
const MAX_SIGNATURE_FILE_BYTES = 64 * 1024;
const MAX_STAMP_BYTES = null && MAX_SIGNATURE_FILE_BYTES;
const COMPARED = Buffer.allocUnsafe(MAX_SIGNATURE_FILE_BYTES + 1);
function holdsText(location, sha256) {
	let descriptor;
	try {
		descriptor = (0, external_node_fs_namespaceObject.openSync)(location, FLAGS | NO_LINK);
		const length = (0, external_node_fs_namespaceObject.readSync)(descriptor, COMPARED, 0, COMPARED.length, 0);
		return (0, external_node_crypto_namespaceObject.hash)("sha256", COMPARED.subarray(0, length), "base64url") === sha256;
	} catch {
		return false;
	} finally {
		if (descriptor !== undefined) (0, external_node_fs_namespaceObject.closeSync)(descriptor);
	}
}
function readSignatureFile(location) {
	const file = readSmallFile(location, {
		maxBytes: MAX_SIGNATURE_FILE_BYTES,
		longer: "refused",
		links: "refused"
	});
	if (file === undefined || file.bytes) return file?.bytes.toString("utf8");
	throw new ActionError("SIGNATURE_UNREADABLE", `The signature ${show(location)} cannot be read: ${file.reason}.`, {
		hint: "Remove it and sign the file again.",
		cause: file.cause
	});
}
;
function findDirectory(path) {
	const stat = (0, external_node_fs_namespaceObject.lstatSync)(path, {
		bigint: true,
		throwIfNoEntry: false
	});
	return stat?.isDirectory() ? {
		path,
		device: stat.dev,
		inode: stat.ino
	} : undefined;
}
const O_PATH = 2097152;
const directories_FLAGS = O_PATH | (external_node_fs_namespaceObject.constants.O_DIRECTORY ?? 0) | (external_node_fs_namespaceObject.constants.O_NOFOLLOW ?? 0);
function inDirectory(directory, use) {
	if (process.platform !== "linux") {
		checkIdentity(directory);
		return use(directory.path);
	}
	const descriptor = openDirectory(directory);
	try {
		if (!descriptors_leadsTo(descriptor, directory.path)) throw movedDirectory(directory.path);
		return use(pathOfDescriptor(descriptor));
	} finally {
		(0, external_node_fs_namespaceObject.closeSync)(descriptor);
	}
}
function isInPlace(directory) {
	if (process.platform !== "linux") return findRealPath(directory.path).path === directory.path;
	const descriptor = openSync(directory.path, directories_FLAGS);
	try {
		return leadsTo(descriptor, directory.path);
	} finally {
		closeSync(descriptor);
	}
}
function makeDirectory(path) {
	const found = findDirectory(path);
	if (found) return found;
	return inDirectory(makeDirectory((0, external_node_path_namespaceObject.dirname)(path)), (base) => {
		try {
			(0, external_node_fs_namespaceObject.mkdirSync)((0, external_node_path_namespaceObject.join)(base, (0, external_node_path_namespaceObject.basename)(path)));
		} catch (error) {
			const others = errors_codeOf(error) === "EEXIST" ? findDirectory(path) : undefined;
			if (others === undefined) throw error;
			return others;
		}
		return findDirectory(path) ?? makeDirectory(path);
	});
}
function openDirectory(directory) {
	try {
		return (0, external_node_fs_namespaceObject.openSync)(directory.path, directories_FLAGS);
	} catch (error) {
		if (errors_codeOf(error) !== "ENOTDIR" && errors_codeOf(error) !== "ELOOP") throw error;
		checkIdentity(directory);
		throw error;
	}
}
function checkIdentity(directory) {
	const now = (0, external_node_fs_namespaceObject.lstatSync)(directory.path, {
		bigint: true,
		throwIfNoEntry: false
	});
	if (now === undefined) return;
	if (!now.isDirectory() || now.dev !== directory.device || now.ino !== directory.inode) throw movedDirectory(directory.path);
}
;
const TEMPORARY_PREFIX = ".mtls-release-signing-";
const NAME = /^\.mtls-release-signing-(\d+)-\d+\.tmp$/;
function temporaryName(processId, number) {
	return `${TEMPORARY_PREFIX}${processId}-${number}.tmp`;
}
function ownerOf(name) {
	const owner = NAME.exec(name)?.[1];
	return owner === undefined ? undefined : Number(owner);
}
;
class TemporaryFiles {
	#processId;
	#count = 0;
	constructor(processId) {
		this.#processId = processId;
	}
	write(directory, content) {
		const { name, descriptor } = this.#open(directory);
		orDiscard((0, external_node_path_namespaceObject.join)(directory, name), () => writeAndClose(descriptor, content));
		return name;
	}
	#open(directory) {
		for (;;) {
			const name = temporaryName(this.#processId, this.#count++);
			try {
				return {
					name,
					descriptor: (0, external_node_fs_namespaceObject.openSync)((0, external_node_path_namespaceObject.join)(directory, name), "wx", 420)
				};
			} catch (error) {
				if (errors_codeOf(error) !== "EEXIST") throw error;
			}
		}
	}
}
function orDiscard(location, act) {
	try {
		act();
	} catch (error) {
		discardTemporary(location);
		throw error;
	}
}
function discardTemporary(location) {
	try {
		(0, external_node_fs_namespaceObject.unlinkSync)(location);
	} catch {}
}
function leftoversIn(directory, processId) {
	return namesIn(directory).filter((name) => ownerOf(name) !== undefined && !isTemporaryOfOthers(name, processId));
}
function isTemporaryOfOthers(name, processId) {
	const owner = ownerOf(name);
	return owner !== undefined && owner !== processId && isAlive(owner);
}
function removeLeftover(location, until) {
	try {
		repeatWhileHeld(() => (0, external_node_fs_namespaceObject.unlinkSync)(location), { limitMs: until - performance.now() });
		return true;
	} catch {
		return false;
	}
}
function namesIn(directory) {
	try {
		return (0, external_node_fs_namespaceObject.readdirSync)(directory);
	} catch {
		return [];
	}
}
function isAlive(processId) {
	try {
		process.kill(processId, 0);
		return true;
	} catch (error) {
		return errors_codeOf(error) !== "ESRCH";
	}
}
function writeAndClose(descriptor, pieces) {
	try {
		for (const piece of pieces) {
			const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
			for (let at = 0; at < bytes.length;) at += (0, external_node_fs_namespaceObject.writeSync)(descriptor, bytes, at);
		}
	} finally {
		(0, external_node_fs_namespaceObject.closeSync)(descriptor);
	}
}
const BLOCK_CHARACTERS = 64 * 1024;
function* inBlocks(pieces) {
	let block = "";
	for (const piece of pieces) {
		block += piece;
		if (block.length < BLOCK_CHARACTERS) continue;
		yield block;
		block = "";
	}
	if (block !== "") yield block;
}
;
const CLEAR_THE_WAY = "Remove or rename what is in the way, give the runner the right to write there, or set output-dir.";
const FULL = [
	"OUTPUT_FULL",
	"the disk is full",
	"Free some space, or set output-dir to another disk."
];
const write_errors_DENIED = [
	"OUTPUT_UNWRITABLE",
	"the runner has no right to write there",
	CLEAR_THE_WAY
];
const OCCUPIED = [
	"OUTPUT_UNWRITABLE",
	"something else is in its place",
	CLEAR_THE_WAY
];
const write_errors_HELD = [
	"OUTPUT_UNWRITABLE",
	HELD_SENTENCE,
	HELD_HINT
];
const OTHER = [
	"OUTPUT_UNWRITABLE",
	"the system refuses it",
	CLEAR_THE_WAY
];
const EXPLANATIONS = {
	ENOSPC: FULL,
	EDQUOT: FULL,
	EROFS: [
		"OUTPUT_FULL",
		"the file system is read-only",
		"Set output-dir to a directory that can be written."
	],
	EACCES: write_errors_DENIED,
	EPERM: write_errors_DENIED,
	EISDIR: OCCUPIED,
	ENOTDIR: OCCUPIED,
	EEXIST: OCCUPIED,
	ENOTEMPTY: OCCUPIED,
	EBUSY: write_errors_HELD,
	ETXTBSY: write_errors_HELD
};
function unwritable(path, error) {
	if (error instanceof errors_ActionError) return error;
	const code = errors_codeOf(error) ?? "unknown error";
	const [kind, why, hint] = EXPLANATIONS[code] ?? OTHER;
	return new errors_ActionError(kind, `${names_show(path)} cannot be written: ${why} (${code}).`, {
		hint,
		cause: error
	});
}
function directoryError(cause) {
	return errorWithCode("EISDIR", "EISDIR: there is a directory in its place", { cause });
}
function noDirectoryError() {
	return errorWithCode("ENOTDIR", "ENOTDIR: there is no directory");
}
;
class OutputTree {
	directory;
	#real = new Map();
	#found = new Map();
	processId;
	#temporaries;
	#waiting = new Map();
	constructor(directory, processId) {
		this.directory = directory;
		this.processId = processId;
		this.#temporaries = new TemporaryFiles(processId);
	}
	locate(path) {
		return (0, external_node_path_namespaceObject.join)(this.directory, path);
	}
	realPathOf(path) {
		return locate(this.#resolve(path), path.slice(path.lastIndexOf("/") + 1));
	}
	write(path, content) {
		try {
			inDirectory(this.#prepare(path), (base) => {
				if (typeof content === "string") return this.#writeText(path, content, base);
				const name = this.#temporaries.write(base, Buffer.isBuffer(content) ? [content] : inBlocks(content));
				orDiscard((0, external_node_path_namespaceObject.join)(base, name), () => repeatWhileHeld(() => rename(base, name, path)));
			});
		} catch (error) {
			throw unwritable(path, error);
		}
	}
	writeTexts(paths, texts) {
		const errors = new Map();
		const files = paths.map((path, at) => ({
			at,
			path,
			text: texts[at] ?? ""
		}));
		const note = ({ at, path }, write) => {
			try {
				write();
			} catch (error) {
				errors.set(at, unwritable(path, error));
			}
		};
		for (const [parent, those] of Map.groupBy(files, ({ path }) => (0, external_node_path_namespaceObject.dirname)(path))) {
			try {
				inDirectory(this.#prepare(`${parent}/`), (base) => {
					for (const file of those) note(file, () => this.#writeText(file.path, file.text, base));
				});
			} catch {
				for (const file of those) note(file, () => this.write(file.path, file.text));
			}
		}
		return errors;
	}
	#writeText(path, text, base) {
		const waiting = this.#waiting.get(path);
		this.#waiting.delete(path);
		const name = waiting?.text === text ? waiting.name : this.#temporaries.write(base, [text]);
		try {
			rename(base, name, path);
		} catch (error) {
			if (isHeld(error)) this.#waiting.set(path, {
				name,
				text
			});
			else discardTemporary((0, external_node_path_namespaceObject.join)(base, name));
			throw error;
		}
	}
	remove(path) {
		try {
			const stat = (0, external_node_fs_namespaceObject.lstatSync)(this.locate(path), { throwIfNoEntry: false });
			if (stat === undefined) return;
			if (stat.isDirectory()) throw directoryError();
			const directory = this.#find(this.#resolve(path));
			if (directory) inDirectory(directory, (base) => (0, external_node_fs_namespaceObject.unlinkSync)((0, external_node_path_namespaceObject.join)(base, (0, external_node_path_namespaceObject.basename)(path))));
		} catch (error) {
			if (errors_codeOf(error) === "ENOENT" || errors_codeOf(error) === "ENOTDIR") return;
			throw unwritable(path, error);
		}
	}
	sweep(paths) {
		let swept = 0;
		const until = performance.now() + REPEAT_LIMITS.perFileMs;
		const byParent = new Map();
		for (const path of paths) byParent.set((0, external_node_path_namespaceObject.dirname)(path), path);
		for (const [parent, path] of byParent) {
			for (const name of leftoversIn(this.locate(parent), this.processId)) {
				const directory = this.#find(this.#resolve(path));
				if (directory && inDirectory(directory, (base) => removeLeftover((0, external_node_path_namespaceObject.join)(base, name), until))) swept++;
			}
		}
		this.#waiting.clear();
		return swept;
	}
	#prepare(path) {
		const real = this.#resolve(path);
		const directory = this.#find(real) ?? makeDirectory(real);
		this.#found.set(real, directory);
		return directory;
	}
	#find(real) {
		return this.#found.get(real) ?? findDirectory(real);
	}
	#resolve(path) {
		const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
		const known = this.#real.get(parent);
		if (known !== undefined) return known;
		const { path: top = this.directory } = resolveDirectory(this.directory);
		const { path: real, failure } = resolveDirectory(this.locate(parent));
		if (failure === "ENOTDIR") throw unwritable(path, noDirectoryError());
		if (real === undefined || !isWithin(top, real)) {
			const target = real === undefined ? "nowhere" : `to ${names_show(real)}`;
			throw new errors_ActionError("OUTPUT_OUTSIDE", `${names_show(path)} would be written through a link that leads ${target}.`, { hint: "Remove the link, exclude the files that it leads to, or set output-dir to a directory without links." });
		}
		this.#real.set(parent, real);
		return real;
	}
}
function rename(base, name, path) {
	const target = (0, external_node_path_namespaceObject.join)(base, (0, external_node_path_namespaceObject.basename)(path));
	try {
		(0, external_node_fs_namespaceObject.renameSync)((0, external_node_path_namespaceObject.join)(base, name), target);
	} catch (error) {
		throw isHeld(error) && (0, external_node_fs_namespaceObject.lstatSync)(target, { throwIfNoEntry: false })?.isDirectory() ? directoryError(error) : error;
	}
}
;
function packError(error) {
	const { code, message, hint, cause } = unexpected(error);
	return {
		code,
		message,
		hint,
		cause: cause instanceof Error ? cause : undefined,
		causeCode: errors_codeOf(cause)
	};
}
function unpackError({ code, message, hint, cause, causeCode }) {
	if (cause && causeCode !== undefined) Object.assign(cause, { code: causeCode });
	return new ActionError(code, message, {
		cause,
		...hint === undefined ? {} : { hint }
	});
}
;
function serve(port) {
	const running = new Map();
	const trees = new Map();
	async function runHash(id, task) {
		const controller = new AbortController();
		running.set(id, controller);
		const reply = await hashFile(task, controller.signal).then((result) => ({
			id,
			result
		}), (error) => ({
			id,
			error: packError(error)
		}));
		running.delete(id);
		port.postMessage(reply);
	}
	function run(id, task) {
		if (task.do === "hash") void runHash(id, task);
		else port.postMessage({
			id,
			result: task.do === "write" ? write(task, trees) : compare(task)
		});
	}
	port.on("message", (request) => {
		if ("cancel" in request) running.get(request.cancel)?.abort(new Error("The task was cancelled"));
		else run(request.id, request.task);
	});
}
function write({ directory, processId, paths, texts }, trees) {
	const tree = trees.get(directory) ?? new OutputTree(directory, processId);
	trees.set(directory, tree);
	const errors = tree.writeTexts(paths, texts);
	return new Map([...errors].map(([at, error]) => [at, packError(error)]));
}
function compare({ locations, digests }) {
	return [...locations.keys()].filter((at) => !holdsText(locations[at] ?? "", digests[at] ?? ""));
}
async function hashFile({ file, hashing }, signal) {
	const hash = startHash(hashing);
	const sha256 = startHash({ algorithm: "sha256" });
	await readInto(readChunks(file, readerOf(file.descriptor)), [hash, sha256], signal);
	return {
		digest: hash.digest(),
		sha256: sha256.digest().toString("hex")
	};
}
;
if (external_node_worker_threads_namespaceObject.parentPort) serve(external_node_worker_threads_namespaceObject.parentPort);
