/** Where a command writes: results to stdout, everything for people's eyes to stderr. */
export interface Io {
  /** Results: what was asked for. */
  stdout(text: string): void;
  /** The log, and what is wrong. */
  stderr(text: string): void;
  /** Where a person sits at a terminal; undefined where nobody does. */
  readonly terminal?: Terminal | undefined;
}

/** A person at a terminal. */
export interface Terminal {
  /** Asks, and waits for a line. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** Shows how far the work is, on a line of its own that is written over; an empty text takes it away. */
  status(text: string): void;
}
