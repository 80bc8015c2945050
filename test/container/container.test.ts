import { describe } from 'vitest';
import { startEngine } from './support/engine.ts';
import { layGround } from './support/ground.ts';
import { composeSteps } from './steps/compose.ts';
import { imageSteps } from './steps/image.ts';
import { jobSteps } from './steps/job.ts';
import { restoreSteps } from './steps/restores.ts';
import { restoreTestSteps } from './steps/restore-test.ts';
import { rightsSteps } from './steps/rights.ts';
import { runbookSteps } from './steps/runbook.ts';
import { s3Steps } from './steps/s3.ts';
import { troubleSteps } from './steps/trouble.ts';

/*
 * The container as an operator meets it, on a real engine: one project, from `build` to `down`. Each step
 * goes on where the one before ended; what it did stands in the log.
 */
const began = performance.now();
const log = (line: string): void => {
  process.stdout.write(`[${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s] ${line}\n`);
};

const engine = await startEngine(log);
if ('unavailable' in engine) {
  log(`SKIPPED, nothing of the container was tried: ${engine.unavailable}`);
  describe.todo(`the container: ${engine.unavailable}`);
} else {
  describe('the container', () => {
    const ground = layGround(engine, log);
    for (const steps of [
      imageSteps,
      composeSteps,
      rightsSteps,
      troubleSteps,
      restoreSteps,
      restoreTestSteps,
      s3Steps,
      jobSteps,
      runbookSteps,
    ])
      steps(ground);
  });
}
