import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const GIVE_WAY = fileURLToPath(new URL('../../src/programs/give-way.ts', import.meta.url));

/** What a process that gave way says of its own niceness and its class on the disk. */
function told(path: string): string {
  const script = `
    import { giveWay } from ${JSON.stringify(GIVE_WAY)};
    import { execFileSync } from 'node:child_process';
    import { getPriority } from 'node:os';
    await giveWay({ PATH: ${JSON.stringify(path)} });
    console.log(getPriority(), execFileSync('/usr/bin/ionice', ['-p', String(process.pid)]).toString().trim());`;
  return execFileSync(
    process.execPath,
    ['--conditions=geolens-source', '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  ).trim();
}

it('a process that gives way is nice on the processor, and idle on the disk', () => {
  expect(told(process.env['PATH']!)).toBe('10 idle');
});

it('a process gives way as far as it can where there is no ionice', () => {
  expect(told('/nowhere')).toMatch(/^10 /);
});
