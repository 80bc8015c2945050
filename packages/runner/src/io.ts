/** Where a command writes: results to stdout, everything for people's eyes to stderr. */
export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
}
