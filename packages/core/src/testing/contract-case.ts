/**
 * A clause of a port's contract as a test. Suites are lists of cases, independent of the test runner: `for
 * (const { title, check } of storeContract(…)) it(title, check)`.
 */
export interface ContractCase {
  /** Title of the test: a sentence about behaviour. */
  readonly title: string;
  /** Rejects if the adapter violates the clause. */
  readonly check: () => Promise<void>;
}
