import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
var __webpack_exports__ = {};
;
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;
const external_node_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");
;
const PREFIX = "mtls-release-signing-credentials-";
const HELD = [
	"EBUSY",
	"EPERM",
	"EACCES"
];
const STEP_MS = 50;
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
	for (const name of FILES) attempt(() => (0, external_node_fs_namespaceObject.unlinkSync)((0, external_node_path_namespaceObject.join)(directory, name)), 0);
	attempt(() => (0, external_node_fs_namespaceObject.rmdirSync)(directory), 0);
}
function attempt(act, waitedMs) {
	try {
		act();
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : "";
		if (HELD.includes(code) && waitedMs < 2e3) {
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STEP_MS);
			attempt(act, waitedMs + STEP_MS);
		} else if (code !== "ENOENT") process.stdout.write(`::warning title=Key files::A directory with key files below RUNNER_TEMP could not be removed (${code.replace(/\W/g, "")}).\n`);
	}
}
