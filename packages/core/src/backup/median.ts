/**
 * The middle one of some numbers, of an even count the mean of the middle two; undefined when there are none.
 */
export function median(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.length === 0 ? undefined : middle.reduce((sum, one) => sum + one, 0) / middle.length;
}
