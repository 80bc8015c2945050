/** In a log, long work tells this often how far it is. */
export const REPORT_EVERY_MS = 15_000;

const WIDTH = 24;

/** `[======            ]` */
export function bar(percent: number, width = WIDTH): string {
  const full = Math.floor((Math.min(100, Math.max(0, percent)) * width) / 100);
  return `[${'='.repeat(full)}${' '.repeat(width - full)}]`;
}
