import type { FieldReader } from './field-reader.ts';

/** Placeholder for an invalid address. */
export const NOWHERE = new URL('https://invalid.invalid');

/** Reads a server's address from the text of an input; returns {@link NOWHERE} for an empty or rejected text. */
export function readAddress(reader: FieldReader, name: string, text: string): URL {
  if (text === '') return NOWHERE;
  if (!URL.canParse(text)) {
    reader.reject(name, 'is not a URL; it should look like https://sign.example.com');
    return NOWHERE;
  }
  const url = new URL(text);
  const problems = reader.problems.length;
  if (url.protocol !== 'https:') reader.reject(name, 'must begin with https://');
  if (url.port === '0') reader.reject(name, 'has port 0, where nothing can listen');
  if (url.username || url.password) reader.reject(name, 'must not hold a user or password');
  if (url.search || url.hash || /[?#]/.test(text)) {
    const place = name === 'server-url' ? '; those belong into sign-path' : '';
    reader.reject(name, `must not hold a query or fragment${place}`);
  }
  return reader.problems.length > problems ? NOWHERE : url;
}
