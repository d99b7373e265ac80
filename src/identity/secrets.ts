import { labelOfDer } from './der/label.ts';
import type { IdentityText } from './text/inputs.ts';
import { isPrivateLabel, type Marker, markersOf, mayHoldKey } from './text/pem.ts';
import { type Shape, unwrap } from './text/shape.ts';

// Shortest masked text: the runner masks every occurrence, and the last line of a PEM may be as short as `0gws`.
const MIN_LENGTH = 16;
/** Tells whether a text has the BEGIN line of a private key, plain or in base64, intact or damaged; never throws. */
export function containsPrivateKey(text: string): boolean {
  return unwrap(text).layers.some((layer) =>
    /-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/.test(layer.replaceAll('\0', '')),
  );
}

/**
 * Lists what must be masked before anything is printed: the passphrase, and private keys in any form and input, intact
 * or broken.
 *
 * No entry of key material is shorter than 16 characters. Certificates are public and not listed, except where one
 * encoded string holds a certificate and a key. The caller masks encoded forms. Never throws.
 */
export function secretsOf({ cert, key, keyPassphrase, chain }: Partial<IdentityText>): readonly string[] {
  const passphrases = [keyPassphrase ?? '', keyPassphrase?.trim() ?? ''].filter((text) => text.trim() !== '');
  const besides = [cert ?? '', chain ?? ''].flatMap((text) => secretsIn(text, 'certificates'));
  return [...new Set([...passphrases, ...secretsIn(key ?? '', 'key'), ...besides])];
}

/** Matches every text that may hold a key, to rule out nearly all inputs with one test. */
const MAY_HOLD_KEY = /PRIVATE KEY|"kty|[\w+/=:-]{40}/;
/** Consecutive lines of only base64, or of hex with or without colons; the last line may be short. */
const ENCODED_LINES = /(?:^[ \t]*[\w+/=:-]{16,}[ \t]*(?:[\r\n]+|$))+(?:^[ \t]*[\w+/=:-]{1,15}[ \t]*$)?/gm;
/** The registered types of JSON Web Keys; in a string of JSON the quotes are escaped. */
const KEY_TYPE = /"kty\\*"\s*:\s*\\*"(EC|RSA|OKP|AKP|oct)\\*"/g;
/** Members of a JSON Web Key that are secret, with their values: no key in use has fewer than 128 bits, or 256 if it is asymmetric. */
const SECRET_MEMBERS: Readonly<Record<'symmetric' | 'asymmetric', RegExp>> = {
  symmetric: /"k\\*"\s*:\s*\\*"([\w+/-]{22,}={0,2})\\*"/g,
  asymmetric: /"(?:d|p|q|dp|dq|qi|priv)\\*"\s*:\s*\\*"([\w+/-]{42,}={0,2})\\*"/g,
};

/** Lists the secret members of JSON Web Keys in a text. */
function membersOfJwk(text: string): readonly string[] {
  const types = [...text.matchAll(KEY_TYPE)].map(([, type]) => (type === 'oct' ? 'symmetric' : 'asymmetric'));
  return [...new Set(types)].flatMap((type) => [...text.matchAll(SECRET_MEMBERS[type])].map(([, value = '']) => value));
}

/**
 * Lists what must be masked in a text that should not contain a private key, such as a list of patterns. Finds a key as
 * PEM, as base64 of PEM or DER, as hex of DER, or as a JSON Web Key, alone or among other lines. Never throws.
 */
export function misplacedKeys(text: string): readonly string[] {
  if (!MAY_HOLD_KEY.test(text)) return [];
  const parts = [text, ...(text.match(ENCODED_LINES) ?? [])];
  return [...new Set([...parts.flatMap(keysOfPart), ...membersOfJwk(text)])];
}

/** Forms of tokens: of Vault and OpenBao (new and old), of GitHub, and JSON Web Tokens. */
const TOKENS =
  /(?<![\w./-])(?:hv[sbr]\.[\w-]{20,}|[sbr]\.(?=[a-z0-9]*[A-Z])(?=[A-Z0-9]*[a-z])[A-Za-z0-9]{24}(?![\w.-])|gh[opsur]_\w{30,}|github_pat_\w{30,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})/g;

/** Lists what must be masked in a text that should not contain a service's token. */
export function misplacedTokens(text: string): readonly string[] {
  return [...new Set(text.match(TOKENS))];
}

function keysOfPart(text: string): readonly string[] {
  const shape = unwrap(text);
  const isKey = shape.der ? mayHoldKey(labelOfDer(shape.der) ?? '') : containsPrivateKey(text);
  if (isKey) return secretsOfShape(shape, 'certificates');
  const hex = text.replace(/[\s:]|^\s*0x/gi, '');
  const isHexOfKey = /^30[0-9a-f]{30,}$/i.test(hex) && mayHoldKey(labelOfDer(Buffer.from(hex, 'hex')) ?? '');
  return isHexOfKey ? [hex, ...text.split(/[\r\n]+/).map((line) => line.trim())].filter(isLong) : [];
}

function isLong(text: string): boolean {
  return text.length >= MIN_LENGTH;
}

function secretsIn(text: string, input: 'key' | 'certificates'): readonly string[] {
  const shape = unwrap(text);
  if (isPublic(shape)) return [];
  const whole = input === 'key' && isLong(text.trim()) ? [Buffer.from(text.trim()).toString('base64')] : [];
  return [...whole, ...secretsOfShape(shape, input)];
}

// Tells whether a text is certainly public; unreadable text may be a damaged key.
function isPublic({ pem, der }: Shape): boolean {
  const label = der && labelOfDer(der);
  if (der !== undefined) return label !== undefined && !mayHoldKey(label);
  if (pem === undefined || pem.includes('PRIVATE KEY')) return false;
  return [...markersOf(pem)].length > 0;
}

function secretsOfShape({ layers, pem }: Shape, input: 'key' | 'certificates'): readonly string[] {
  const innermost = pem === undefined ? [] : layers.slice(-1);
  const wrappings = pem === undefined ? layers : layers.slice(0, -1);
  return [
    ...wrappings.flatMap(piecesOf),
    ...innermost.flatMap((text) => spansOf(text).flatMap((span) => secretsOfSpan(span, input))),
  ];
}

interface Span {
  readonly text: string;
  readonly before: Marker | undefined;
  readonly after: Marker | undefined;
}

function spansOf(layer: string): readonly Span[] {
  const text = layer.replaceAll('\0', '');
  const spans: Span[] = [];
  let before: Marker | undefined;
  for (const after of [...markersOf(text), undefined]) {
    spans.push({ text: text.slice(before?.end ?? 0, after?.start), before, after });
    before = after;
  }
  return spans;
}

function secretsOfSpan({ text, before, after }: Span, input: 'key' | 'certificates'): readonly string[] {
  const opens = before?.kind === 'BEGIN' ? before.label : undefined;
  const closes = after?.kind === 'END' ? after.label : undefined;
  const isPrivate = [opens, closes].some((label) => label !== undefined && isPrivateLabel(label));
  // A damaged marker is not recognised, and its words stay in the text.
  if (isPrivate || text.includes('PRIVATE KEY') || (before === undefined && after === undefined)) return piecesOf(text);
  const isOutside = opens === undefined && closes === undefined;
  return input === 'key' && isOutside ? base64Runs(text) : [];
}

function piecesOf(text: string): readonly string[] {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  const runs = base64Runs(text);
  const joined = text.replace(/\\{1,4}[rn]|[^A-Za-z0-9+/=]/g, '');
  const standardLines = joined.match(/.{1,64}/g) ?? [];
  return [...lines, ...runs, joined, ...standardLines].filter(
    (piece) => isLong(piece) && !/^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/.test(piece),
  );
}

function base64Runs(text: string): readonly string[] {
  const runs = text.replace(/\\{1,4}[rn]/g, '\n').match(/[A-Za-z0-9+/=]+/g) ?? [];
  return runs.filter(isLong);
}
