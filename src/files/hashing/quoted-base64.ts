/** Most bytes that are encoded at once, a multiple of three; a larger result would not fit in the nearest caches. */
export const STEP_BYTES = 24 * 1024;

/** `quoted-base64.wat`, assembled, as base64. The same table in JavaScript takes more than twice the time. */
export const MODULE =
  'AGFzbQEAAAABCAFgA39/fwF/AwIBAAUDAQADBxMCBm1lbW9yeQIABmVuY29kZQAACnsBeQIBfwF+AkADQCAAIAFPDQEgACgAACEDIABBA2ohACADQf8B' +
  'cUEHdCADQQl2QfgAcXIpAwAhBCACIAQ3AAAgAiAEQjiIp2ohAiADQYAecUEDdCADQQ12QfgPcXIpAwAhBCACIAQ3AAAgAiAEQjiIp2ohAgwACwsgAgs=';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Offset of the input, after the table; the encoder reads one byte past the input. */
const INPUT_AT = 4096 * 8;
const OUTPUT_AT = INPUT_AT + STEP_BYTES + 8;

/** Created on first use: it takes 3 ms, and the first connection needs WebAssembly anyway. */
let encoder: Encoder | undefined;

/** Encodes up to `STEP_BYTES` of triples as base64, `+` and `/` percent-encoded; the next call overwrites it. */
export function quotedBase64(triples: Uint8Array): Uint8Array {
  encoder ??= instantiate();
  const { memory, encode } = encoder;
  memory.set(triples, INPUT_AT);
  return memory.subarray(OUTPUT_AT, encode(INPUT_AT, INPUT_AT + triples.length, OUTPUT_AT));
}

/** Encodes triples between two ASCII texts; returns `undefined` when the result does not fit in the encoder's memory. */
export function quotedBase64Between(before: string, triples: Uint8Array, after: string): Uint8Array | undefined {
  encoder ??= instantiate();
  const { memory, encode } = encoder;
  const longest = before.length + triples.length * LONGEST_QUOTED + after.length;
  if (triples.length > STEP_BYTES || OUTPUT_AT + longest > memory.length) return undefined;
  memory.set(triples, INPUT_AT);
  const start = OUTPUT_AT + memory.write(before, OUTPUT_AT, 'latin1');
  const end = encode(INPUT_AT, INPUT_AT + triples.length, start);
  return memory.subarray(OUTPUT_AT, end + memory.write(after, end, 'latin1'));
}

/** Three bytes become four base64 characters, each up to three bytes when quoted. */
const LONGEST_QUOTED = 4;

interface Encoder {
  readonly memory: Buffer;
  readonly encode: (from: number, to: number, at: number) => number;
}

/** The used part of the standard global, whose types exist only in the browser library. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly encode: Encoder['encode'] };
  };
};

function instantiate(): Encoder {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MODULE, 'base64')));
  const memory = Buffer.from(exports.memory.buffer);
  fillTable(memory);
  return { memory, encode: exports.encode };
}

/** 12 bits of a file are two base64 characters, which quoting turns into 2 to 6 bytes: `AB`, `A%2B`, `%2B%2F`. */
function fillTable(memory: Buffer): void {
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
