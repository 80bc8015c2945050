/** Tells how far the bench is, on standard error. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
