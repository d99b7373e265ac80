// Loaded ahead of the program with --import: an older Node, as far as the program can tell.
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });
