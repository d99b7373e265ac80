const [major = 0] = process.versions.node.split('.').map(Number);

// Loaded before everything else, because the other modules do not run on an older Node.
if (major < 24) {
  console.error(
    `mTLS Release Signing needs Node 24; this is ${process.version}. A workflow gets it from a runner of version 2.327.1 or newer; on a laptop, npm run step finds the one that npm ci installed.`,
  );
  process.exit(1);
}
