const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** Formats a size in powers of 1000, such as `3.2 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes === 1) return '1 byte';
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit] ?? ''}`;
}
