import dns from 'node:dns';

// Loaded ahead of the program with --import: a name server that has another answer than the machine's own.
const {
  code,
  times = 0,
  addresses,
}: { code?: string; times?: number; addresses?: string[] } = JSON.parse(process.env['NAME_SERVER'] ?? '{}');
const real = dns.lookup;
let calls = 0;
function lookup(
  hostname: string,
  options: dns.LookupOptions,
  callback: (error: Error | null, found?: dns.LookupAddress[]) => void,
) {
  if (addresses && hostname.endsWith('.test'))
    return process.nextTick(() =>
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      ),
    );
  if (++calls > times) return Reflect.apply(real, dns, ['127.0.0.1', options, callback]);
  const error = Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code, syscall: 'getaddrinfo', hostname });
  return process.nextTick(() => callback(error));
}
Reflect.set(dns, 'lookup', lookup);
