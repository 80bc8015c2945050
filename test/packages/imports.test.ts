import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { newOperator } from '../support/operator.ts';
import { runProgram } from '../support/run-program.ts';
import { installedPackages } from './support/installed.ts';
import { NODE_VERSIONS, nodeOf } from './support/node-versions.ts';

const ENTRIES = [
  'backup-core',
  'backup-core/errors',
  'backup-core/testing',
  'backup-adapter-age',
  'backup-adapter-local',
  'backup-adapter-postgres',
  'backup-adapter-s3',
  'backup-runner',
  'backup-system',
] as const;

/** Prints what an import has changed or left open; `{}` when nothing. */
const WATCH = `
// The AWS SDK's own, on whatever machine.
const before = new Set(['awslambda', ...Object.getOwnPropertyNames(globalThis), ...process.eventNames()]);
const env = JSON.stringify(process.env);
const open = () => process.getActiveResourcesInfo().filter((kind) => !['CloseReq', 'PipeWrap', 'TTYWrap'].includes(kind));
const openBefore = open().length;
await import(process.argv[2]);
const added = [...Object.getOwnPropertyNames(globalThis), ...process.eventNames()].filter((name) => !before.has(name));
const changed = {
  ...(added.length > 0 && { added }),
  ...(env !== JSON.stringify(process.env) && { env: true }),
  ...(open().length > openBefore && { open: open() }),
};
console.log(JSON.stringify(changed));
`;

let folder: string;

beforeAll(async () => {
  folder = await installedPackages();
  await writeFile(join(folder, 'watch.mjs'), WATCH);
});

describe.each(NODE_VERSIONS)('on Node %s', (version) => {
  let node: string;
  beforeAll(async () => {
    node = await nodeOf(version);
    expect((await runProgram(node, ['--version'])).trim()).toBe(`v${version}`);
  });

  it.each(ENTRIES)(
    'importing @geolens/%s says nothing, changes nothing and keeps nothing open',
    async (entry) => {
      expect(
        (
          await runProgram(node, [join(folder, 'watch.mjs'), `@geolens/${entry}`], { timeout: 60_000 })
        ).trim(),
      ).toBe('{}');
    },
  );

  it('the installed command makes a whole set', async () => {
    const operator = await newOperator();
    const program = join(folder, 'node_modules', '@geolens', 'backup-runner', 'bin', 'geolens-backup.js');
    const { PATH, HOME } = process.env;
    const said = await runProgram(node, [program, 'run', '--json'], { env: { PATH, HOME, ...operator.env } });
    expect(JSON.parse(said)).toMatchObject({ outcome: 'succeeded' });
  });
});
