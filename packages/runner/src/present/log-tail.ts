const MOST_LINES = 200;

/** The last lines that were logged, as text, for whoever is told of a run. */
export class LogTail {
  private readonly lines: string[] = [];

  add(line: string): void {
    this.lines.push(line);
    if (this.lines.length > MOST_LINES) this.lines.shift();
  }

  /** Forgets what was logged before: it is of another run. */
  clear(): void {
    this.lines.length = 0;
  }

  text(): string {
    return this.lines.join('');
  }
}
