import dns from 'node:dns';

// Loaded ahead of the program with --import: a name server that has another answer than the machine's own.
const { code, times }: { code: string; times: number } = JSON.parse(process.env['NAME_SERVER'] ?? '{}');
const real = dns.lookup;
let calls = 0;
function lookup(
  hostname: string,
  options: dns.LookupOptions,
  callback: (error: Error | null, ...rest: never[]) => void,
) {
  if (++calls > times) return Reflect.apply(real, dns, ['127.0.0.1', options, callback]);
  const error = Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code, syscall: 'getaddrinfo', hostname });
  return process.nextTick(() => callback(error));
}
Reflect.set(dns, 'lookup', lookup);
