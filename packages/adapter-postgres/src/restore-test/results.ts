/** What was seen of a restored database, one sentence each. */
export interface DiagnosticResults {
  /** What must not be. */
  readonly problems: readonly string[];
  /** What is well. */
  readonly facts: readonly string[];
  /** What is odd but tolerable. */
  readonly warnings: readonly string[];
}

export function together(results: readonly DiagnosticResults[]): DiagnosticResults {
  return {
    problems: results.flatMap(({ problems }) => problems),
    facts: results.flatMap(({ facts }) => facts),
    warnings: results.flatMap(({ warnings }) => warnings),
  };
}

/** `1 index is valid`, `7 indexes are valid`. */
export function counted(number: number, one: string, many: string, rest: string): string {
  return `${number} ${number === 1 ? `${one} is` : `${many} are`} ${rest}`;
}
