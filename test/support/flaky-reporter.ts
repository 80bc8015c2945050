import type { Reporter, TestCase } from 'vitest/node';

/**
 * Tells at the end which tests passed at a second try only: each of them has found something, be it in
 * itself.
 */
export default class FlakyReporter implements Reporter {
  private readonly flaky: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky === true)
      this.flaky.push(`${test.module.relativeModuleId} > ${test.fullName}`);
  }

  onTestRunEnd(): void {
    for (const name of this.flaky) process.stdout.write(`FLAKY, passed at the second try only: ${name}\n`);
  }
}
