import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
var __webpack_exports__ = {};

;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;// CONCATENATED MODULE: external "node:path"
const external_node_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");
;// CONCATENATED MODULE: ./build/src/post.js


// Runs after the job, also when the main step was killed: removes the key files that it may have left. It imports
// nothing but Node, so that it starts in milliseconds, and it repeats these names for that reason; a test compares them.
const PREFIX = 'mtls-release-signing-credentials-';
const FILES = ['client-cert.pem', 'client-key.pem', 'server-chain.pem'];
const { STATE_credentials: state = '', RUNNER_TEMP: temporary = '' } = process.env;
// An earlier step can forge the state: only a real directory of ours, directly below RUNNER_TEMP, is touched. The path is
// resolved first, because a slash or a dot at its end would make lstat follow a link.
const directory = (0,external_node_path_namespaceObject.resolve)(state);
const isOurs = state !== '' && temporary !== '' && (0,external_node_path_namespaceObject.dirname)(directory) === (0,external_node_path_namespaceObject.resolve)(temporary);
if (isOurs && (0,external_node_path_namespaceObject.basename)(directory).startsWith(PREFIX) && isDirectory(directory))
    remove();
function isDirectory(path) {
    try {
        return (0,external_node_fs_namespaceObject.lstatSync)(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
    }
    catch {
        return false;
    }
}
function remove() {
    for (const name of FILES)
        attempt(() => (0,external_node_fs_namespaceObject.unlinkSync)((0,external_node_path_namespaceObject.join)(directory, name)));
    attempt(() => (0,external_node_fs_namespaceObject.rmdirSync)(directory));
}
function attempt(act) {
    try {
        act();
    }
    catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        if (code !== 'ENOENT')
            process.stdout.write(`::warning title=Key files::A directory with key files below RUNNER_TEMP could not be removed (${code.replace(/\W/g, '')}).\n`);
    }
}

