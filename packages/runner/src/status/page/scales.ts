const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DURATIONS = [
  ...[1, 2, 5, 10, 20, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((count) => count * MINUTE),
];

/** 1, 2 or 5 times a power of ten, the least that is not lower. */
export function roundNumber(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5].map((step) => step * power).find((round) => round >= value) ?? 10 * power;
}

/** The least duration in milliseconds that is not lower and reads well: whole seconds, minutes, hours. */
export function roundDuration(milliseconds: number): number {
  return DURATIONS.find((round) => round >= milliseconds) ?? Math.ceil(milliseconds / (2 * HOUR)) * 2 * HOUR;
}
