/** `no rows`, `1 row`, `4,200,312 rows`. */
export function countText(value: number, unit: string): string {
  return `${value === 0 ? 'no' : value.toLocaleString('en-US')} ${unit}${value === 1 ? '' : 's'}`;
}
