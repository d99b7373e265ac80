import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
var __webpack_exports__ = {};
;
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;
const external_node_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");
;
const environment = process.env;
function isPacFile({ pathname }) {
	return /\.(?:pac|dat)$/i.test(pathname);
}
;
class ActionError extends Error {
	code;
	hint;
	constructor(code, message, facts = {}) {
		super(message, { cause: facts.cause });
		this.name = "ActionError";
		this.code = code;
		this.hint = facts.hint;
	}
}
function codeOf(error) {
	if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
	return typeof error.code === "string" ? error.code : undefined;
}
function errorWithCode(code, message, options) {
	return Object.assign(new Error(message, options), { code });
}
function unexpected(error) {
	if (error instanceof ActionError) return error;
	const text = error instanceof Error ? error.message : "unknown error";
	return new ActionError("INTERNAL", `Unexpected error: ${text}.`, {
		hint: "This is a defect of the action; please report it with the log of a run with debug logging.",
		cause: error
	});
}
function toActionError(error, code, sentence) {
	if (error instanceof ActionError) return error;
	return new ActionError(code, sentence, { cause: error });
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
	const code = codeOf(error) ?? "";
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
const CREDENTIALS_PREFIX = "mtls-release-signing-credentials-";
const CREDENTIALS_FILES = {
	certificates: "client-cert.pem",
	key: "client-key.pem",
	anchors: "server-chain.pem"
};
function removeKeyFiles(directory) {
	const files = Object.values(CREDENTIALS_FILES).map((name) => () => (0, external_node_fs_namespaceObject.unlinkSync)((0, external_node_path_namespaceObject.join)(directory, name)));
	const [failure] = [...files, () => (0, external_node_fs_namespaceObject.rmdirSync)(directory)].flatMap((remove) => {
		try {
			repeatWhileHeld(remove, { passes: isHeldInOwnDirectory });
			return [];
		} catch (error) {
			return codeOf(error) === "ENOENT" ? [] : [error];
		}
	});
	return failure;
}
;
const { STATE_credentials: state = "", RUNNER_TEMP: temporary = "" } = environment;
const directory = (0, external_node_path_namespaceObject.resolve)(state);
const isOurs = state !== "" && temporary !== "" && (0, external_node_path_namespaceObject.dirname)(directory) === (0, external_node_path_namespaceObject.resolve)(temporary);
if (isOurs && (0, external_node_path_namespaceObject.basename)(directory).startsWith(CREDENTIALS_PREFIX) && isDirectory(directory)) {
	const failure = removeKeyFiles(directory);
	const code = (codeOf(failure) ?? "").replace(/\W/g, "");
	if (failure !== undefined) process.stdout.write(`::warning title=Key files::A directory with key files below RUNNER_TEMP could not be removed (${code}).\n`);
}
function isDirectory(path) {
	try {
		return (0, external_node_fs_namespaceObject.lstatSync)(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
	} catch {
		return false;
	}
}
