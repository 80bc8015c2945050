import type { Terminal } from '../io.ts';

/** Shows the first text that fits on the line of the terminal, or else the last one. */
export function showFirstFitting(terminal: Terminal | undefined, texts: readonly string[]): void {
  const width = (terminal?.columns ?? Infinity) - 1;
  terminal?.status(texts.find((text) => text.length <= width) ?? texts.at(-1) ?? '');
}

/** Interval of progress lines in the log. */
export const REPORT_EVERY_MS = 15_000;

const WIDTH = 24;

/** `[======            ]` */
export function bar(percent: number, width = WIDTH): string {
  const full = Math.floor((Math.min(100, Math.max(0, percent)) * width) / 100);
  return `[${'='.repeat(full)}${' '.repeat(width - full)}]`;
}
