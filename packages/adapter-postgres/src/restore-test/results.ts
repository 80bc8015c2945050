/** Results of inspecting a restored database, one sentence each. */
export interface DiagnosticResults {
  /** Problems that fail the test. */
  readonly problems: readonly string[];
  /** Facts that are as expected. */
  readonly facts: readonly string[];
  /** Unusual but tolerable facts. */
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
