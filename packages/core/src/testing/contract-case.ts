/**
 * One clause of a port's contract as a test. Suites are lists of such cases and so belong to no test runner:
 * `for (const { title, check } of storeContract(…)) it(title, check)`.
 */
export interface ContractCase {
  /** A sentence about behaviour, for the test's name. */
  readonly title: string;
  /** Rejects when the adapter breaks the clause. */
  readonly check: () => Promise<void>;
}
