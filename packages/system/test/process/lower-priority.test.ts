import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const LOWER_PRIORITY = fileURLToPath(new URL('../../src/process/lower-priority.ts', import.meta.url));

/** Returns the niceness of a process that lowered its priority, and its class on the disk. */
function reported(path: string): string {
  const script = `
    import { lowerPriority } from ${JSON.stringify(LOWER_PRIORITY)};
    import { execFileSync } from 'node:child_process';
    import { getPriority } from 'node:os';
    await lowerPriority({ PATH: ${JSON.stringify(path)} });
    console.log(getPriority(), execFileSync('/usr/bin/ionice', ['-p', String(process.pid)]).toString().trim());`;
  return execFileSync(
    process.execPath,
    ['--conditions=geolens-source', '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  ).trim();
}

it('a process of lower priority is nice on the processor, and idle on the disk', () => {
  expect(reported(process.env['PATH']!)).toBe('10 idle');
});

it('a process lowers its priority as far as it can where there is no ionice', () => {
  expect(reported('/nowhere')).toMatch(/^10 /);
});
