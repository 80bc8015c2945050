/** Returns a number with separators: `4,200,312`. */
export function numberText(value: number): string {
  return value.toLocaleString('en-US');
}

/** Returns a number with its unit: `no rows`, `1 row`, `4,200,312 rows`. */
export function countText(value: number, unit: string): string {
  return `${value === 0 ? 'no' : numberText(value)} ${unit}${value === 1 ? '' : 's'}`;
}
