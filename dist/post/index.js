import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
var __webpack_exports__ = {};
;
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;
const external_node_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");
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
const PREFIX = "mtls-release-signing-credentials-";
const FILES = [
	"client-cert.pem",
	"client-key.pem",
	"server-chain.pem"
];
const { STATE_credentials: state = "", RUNNER_TEMP: temporary = "" } = process.env;
const directory = (0, external_node_path_namespaceObject.resolve)(state);
const isOurs = state !== "" && temporary !== "" && (0, external_node_path_namespaceObject.dirname)(directory) === (0, external_node_path_namespaceObject.resolve)(temporary);
if (isOurs && (0, external_node_path_namespaceObject.basename)(directory).startsWith(PREFIX) && isDirectory(directory)) remove();
function isDirectory(path) {
	try {
		return (0, external_node_fs_namespaceObject.lstatSync)(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
	} catch {
		return false;
	}
}
function remove() {
	for (const name of FILES) attempt(() => (0, external_node_fs_namespaceObject.unlinkSync)((0, external_node_path_namespaceObject.join)(directory, name)));
	attempt(() => (0, external_node_fs_namespaceObject.rmdirSync)(directory));
}
function attempt(act) {
	try {
		repeatWhileHeld(act, { passes: isHeldInOwnDirectory });
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : "";
		if (code !== "ENOENT") process.stdout.write(`::warning title=Key files::A directory with key files below RUNNER_TEMP could not be removed (${code.replace(/\W/g, "")}).\n`);
	}
}
